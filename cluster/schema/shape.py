"""A snapshot that schema steps ask for objects and build their changes on; pure."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from cluster.schema.plan import Group
from cluster.schema.tree import Tree
from cluster.store.store import Change, Create, Delete, Write

_NOT_IN_NAMES: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\uf8ff\ufff0-\uffff/]")
"""What a store refuses in the name of a key."""


class Shape:
    """A snapshot with the names below each key."""

    def __init__(self, tree: Tree) -> None:
        self._tree = dict(tree)
        self._below: dict[str, set[str]] = {}
        for path in tree:
            self._note(path)

    def __contains__(self, path: str) -> bool:
        return path in self._tree

    def get(self, path: str) -> bytes | None:
        """Return what a key holds, None when it does not exist."""
        return self._tree.get(path)

    def below(self, path: str) -> list[str]:
        """Return the sorted names below a key."""
        return sorted(self._below.get(path, ()))

    def subtree(self, path: str) -> Iterator[str]:
        """Return a key and all below it, each after those below it."""
        for name in self.below(path):
            yield from self.subtree(f"{path}/{name}")
        if path in self._tree:
            yield path

    def matches(self, template: str) -> Iterator[str]:
        """Return the existing keys that a path with objects in braces stands for."""
        paths = [""]
        for part in template[1:].split("/"):
            paths = [
                f"{path}/{name}"
                for path in paths
                for name in (self.below(path or "/") if part.startswith("{") else [part])
                if f"{path}/{name}" in self._tree
            ]
        yield from paths

    def put(self, path: str, data: bytes) -> list[Change]:
        """Return what makes a key hold this: nothing when it does."""
        there = self._tree.get(path)
        if there == data:
            return []
        self._tree[path] = data
        self._note(path)
        return [Create(path, data) if there is None else Write(path, data)]

    def make(self, path: str, data: bytes) -> list[Change]:
        """Return what makes a key unless it is there, whatever it holds."""
        return [] if path in self._tree else self.put(path, data)

    def remove(self, paths: Iterable[str]) -> list[Change]:
        """Return what removes keys, in the order given; one with others below it stays."""
        changes: list[Change] = []
        for path in paths:
            if path in self._tree and not self._below.get(path):
                del self._tree[path]
                parent, _, name = path.rpartition("/")
                self._below[parent or "/"].discard(name)
                changes.append(Delete(path))
        return changes

    def _note(self, path: str) -> None:
        parent, _, name = path.rpartition("/")
        self._below.setdefault(parent or "/", set()).add(name)


def can_be_name(text: str) -> bool:
    """Return whether a text can be the name of a key."""
    return text not in ("", ".", "..") and not _NOT_IN_NAMES.search(text)


def each_alone(changes: Iterable[Change]) -> tuple[Group, ...]:
    """Return changes as groups of one: any of them may be the last one made."""
    return tuple((change,) for change in changes)
