"""Keys of the earlier layouts (schema 0 to 15) that schema 16 replaced or carries on unchanged."""

from typing import Final

from cluster.schema.key import Key

LEGACY_KEYS: Final[tuple[Key, ...]] = ()
