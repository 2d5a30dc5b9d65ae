"""Names to paths, for one schema version.

A misspelt name or a missing argument is our bug and raises; a valid name that this version does
not have raises too: code asks only for what the version it was started with holds.
"""

from functools import cache

from cluster.schema.key import Key
from cluster.schema.table import KEYS


class UnknownKey(LookupError):
    """A name that is not in the key table of this schema version: our bug."""


class Layout:
    """The keys of one schema version."""

    def __init__(self, version: int) -> None:
        self.version = version
        self._keys = {key.name: key for key in KEYS if key.exists_in(version)}

    def key(self, name: str) -> Key:
        """Return the row of a key; raises `UnknownKey`."""
        try:
            return self._keys[name]
        except KeyError:
            raise UnknownKey(f"schema {self.version} has no key {name!r}") from None

    def path(self, name: str, /, **objects: str) -> str:
        """Return where a key is: `path("node.beat", node="hv1")`; raises `UnknownKey`."""
        template = self.key(name).path
        try:
            return template.format_map(_Checked(objects))
        except KeyError as missing:
            raise UnknownKey(f"{name} needs {missing} in {template}") from None

    def rows(self) -> tuple[Key, ...]:
        """Return all keys of this version in the table's order."""
        return tuple(self._keys.values())


class _Checked(dict[str, str]):
    """Refuses object names that would leave their place in the path."""

    def __getitem__(self, name: str) -> str:
        value = super().__getitem__(name)
        if not value or "/" in value or value in {".", ".."}:
            raise ValueError(f"{value!r} cannot be the name of a {name}")
        return value


@cache
def layout(version: int) -> Layout:
    """Return the layout of a schema version; one per version and process."""
    return Layout(version)
