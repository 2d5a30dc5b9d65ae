"""The tree that all fake stores share: keys, versions, sessions, and who is told of changes."""

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from cluster.store.paths import ROOT, check_path, child_of, name_of, parent_of
from cluster.store.store import ANY_VERSION, Change, Check, Create, Delete, Value, Write
from runtime.errors import Conflict, NotFound, PvcError


@dataclass(slots=True)
class _Key:
    data: bytes
    version: int = 0
    session: int = 0
    created_children: int = 0

    def copy(self) -> "_Key":
        return _Key(self.data, self.version, self.session, self.created_children)


class FakeEnsemble:
    """What Zookeeper's members hold together."""

    def __init__(self) -> None:
        self.mutex = threading.RLock()
        self.requests = 0
        """How many requests were served; for tests that count them."""
        self._keys: dict[str, _Key] = {ROOT: _Key(b"")}
        self._names: dict[str, set[str]] = {}
        self._audience: list[Callable[[str], None]] = []
        self._last_session = 0

    def listen(self, tell: Callable[[str], None]) -> None:
        """Call `tell` with the path of each change."""
        self._audience.append(tell)

    def new_session(self) -> int:
        """Return the number of a new session."""
        with self.mutex:
            self._last_session += 1
            return self._last_session

    def end_session(self, number: int) -> None:
        """End a session: its ephemeral keys go."""
        with self.mutex:
            gone = [p for p, key in self._keys.items() if key.session == number != 0]
            for path in gone:
                self._take_out(path)
            self._tell(gone)

    def value(self, path: str) -> Value | None:
        """Return what a key holds."""
        key = self._keys.get(check_path(path))
        if key is None:
            return None
        return Value(key.data, key.version, key.session, len(self._names.get(path, ())))

    def names(self, path: str) -> tuple[str, ...] | None:
        """Return the sorted names below a key."""
        if check_path(path) not in self._keys:
            return None
        return tuple(sorted(self._names.get(path, ())))

    def change(self, changes: Sequence[Change], session: int) -> None:
        """Make all changes or none, then tell those who watch."""
        with self.mutex:
            self.requests += 1
            touched = {c.path for c in changes} | {parent_of(c.path) for c in changes}
            before = {p: self._keys[p].copy() for p in touched if p in self._keys}
            for index, change in enumerate(changes):
                try:
                    self._change_one(change, session)
                except PvcError as error:
                    self._restore(touched, before)
                    error.fields.update(path=change.path, index=index)
                    raise
            self._tell(c.path for c in changes if not isinstance(c, Check))

    def create_numbered(self, path: str, prefix: str, session: int) -> str:
        """Create an ephemeral key whose name ends with the next number; return the name."""
        with self.mutex:
            key = self._keys.get(path)
            if key is None:
                raise NotFound(f"{path} does not exist", path=path)
            name = f"{prefix}{key.created_children:010d}"
            self.change([Create(child_of(path, name), b"", ephemeral=True)], session)
            return name

    def _change_one(self, change: Change, session: int) -> None:
        path = check_path(change.path)
        if isinstance(change, Create):
            self._create(change, session)
            return
        key = self._keys.get(path)
        if key is None:
            raise NotFound(f"{path} does not exist")
        if change.version not in (ANY_VERSION, key.version):
            raise Conflict(f"{path} was changed by another")
        if isinstance(change, Write):
            key.data = change.data
            key.version += 1
        elif isinstance(change, Delete):
            if self._names.get(path):
                raise Conflict(f"{path} has keys below it")
            self._take_out(path)

    def _create(self, change: Create, session: int) -> None:
        above = parent_of(change.path)
        parent = self._keys.get(above)
        if change.path in self._keys:
            raise Conflict(f"{change.path} exists already")
        if parent is None:
            raise NotFound(f"{above} does not exist")
        if parent.session:
            raise Conflict(f"{above} is ephemeral and can have no keys below it")
        parent.created_children += 1
        self._put_in(change.path, _Key(change.data, 0, session if change.ephemeral else 0))

    def _put_in(self, path: str, key: _Key) -> None:
        self._keys[path] = key
        if path != ROOT:
            self._names.setdefault(parent_of(path), set()).add(name_of(path))

    def _take_out(self, path: str) -> None:
        if self._keys.pop(path, None) is not None:
            self._names[parent_of(path)].discard(name_of(path))

    def _restore(self, touched: Iterable[str], before: dict[str, _Key]) -> None:
        for path in touched:
            if path in before:
                self._put_in(path, before[path])
            else:
                self._take_out(path)

    def _tell(self, paths: Iterable[str]) -> None:
        for path in paths:
            for tell in tuple(self._audience):
                tell(path)
