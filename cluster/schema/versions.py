"""The schema versions this program knows."""

from typing import Final

NEWEST: Final = 16
"""What this program brings a tree to."""
OLDEST_SPOKEN: Final = 16
"""The oldest layout that its workers can work with; an older tree is migrated before they start."""
OLDEST_MIGRATED: Final = 0
"""The oldest layout that it can bring up to date."""
