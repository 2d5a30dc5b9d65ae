"""The tree as a whole: its number, its first keys, a snapshot of everything.

Invariant: an ensemble gets its first keys in one transaction that also makes /schema/version, so of
several nodes that start at once exactly one makes them, and none ever sees half of them.
"""

from collections.abc import Callable, Mapping
from typing import Final

from cluster.schema.layout import layout
from cluster.schema.versions import NEWEST
from cluster.store.store import Change, Create, Store
from runtime.deadline import Deadline
from runtime.errors import Conflict, Invalid

Tree = Mapping[str, bytes]
"""A snapshot: what each persistent key holds, by its path; the root itself is not in it."""

DeadlineForCall = Callable[[], Deadline]
"""Makes the deadline of each single store call."""

VERSION_PATH: Final = "/schema/version"
OF_OTHERS: Final = frozenset({"zookeeper", "patroni"})
"""Names at the top that belong to other programs: neither read, saved, reported nor touched."""

_LEGACY_MARK: Final = "/domains"
"""Every tree of the earlier implementation has it; no part of ours makes it before
/schema/version."""
_READ_AT_ONCE: Final = 1000
_ATTEMPTS: Final = 5


class TreeTooNew(Conflict):
    """The tree has a layout that this program does not know."""

    code = "schema_too_new"


class TreeBroken(Invalid):
    """/schema/version holds no number, or was lost: only a person can say what this tree is."""

    code = "schema_version_broken"


def read_tree_version(store: Store, deadline: Deadline) -> int | None:
    """Return the tree's schema version; None when it has none yet and must be initialised.

    Raises `TreeBroken` when the key holds no number, `TreeTooNew` when it holds more than NEWEST.
    """
    value = store.read(VERSION_PATH, deadline)
    return None if value is None else checked_version(value.data)


def checked_version(data: bytes) -> int:
    """Return the version a tree may have for us; raises `TreeBroken` or `TreeTooNew`."""
    text = data.decode("utf-8", "replace").strip()
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise TreeBroken(
            f"{VERSION_PATH} holds {text[:40]!r} where a schema version is expected",
            value=text[:40],
        )
    if int(text) > NEWEST:
        raise TreeTooNew(
            f"the tree has schema {text}, this program speaks {NEWEST} at most",
            tree=int(text),
            newest=NEWEST,
        )
    return int(text)


def initialise(store: Store, deadline: Deadline) -> int:
    """Give a tree without a version its first keys; return the version it then has.

    An empty ensemble becomes a tree of the newest version. A tree of the earlier implementation
    from before versions were counted gets the number 0, to be migrated. Harmless when another
    node is faster, and when done already. Raises `TreeBroken` when a tree has lost its number.
    """
    for _ in range(_ATTEMPTS):
        version = read_tree_version(store, deadline)
        if version is not None:
            return version
        if _has_ours(store, deadline):
            if store.read(VERSION_PATH, deadline) is not None:
                continue  # another node has just made them all
            raise TreeBroken(
                f"{VERSION_PATH} is missing from a tree with keys of schema {NEWEST}: write the "
                "number back, nothing else knows it"
            )
        is_legacy = store.read(_LEGACY_MARK, deadline) is not None
        first = 0 if is_legacy else NEWEST
        try:
            store.apply(_first_keys(store, first, deadline), deadline)
        except Conflict:
            continue  # somebody made one of them between our look and our transaction
        return first
    raise Conflict("the first keys of the tree change faster than they can be made")


def _has_ours(store: Store, deadline: Deadline) -> bool:
    """Whether the tree has a key as a whole that only our layouts have.

    They are made together with /schema/version or by a migration of a tree that has it, so without
    it they mean that it was deleted. Such a tree must not be taken for one of version 0.
    """
    marks = [k.path for k in layout(NEWEST).rows() if k.since == NEWEST and "{" not in k.path]
    return any(value is not None for value in store.read_many(marks, deadline).values())


def _first_keys(store: Store, version: int, deadline: Deadline) -> list[Change]:
    keys = [key for key in layout(version).rows() if "{" not in key.path]
    if version == 0:
        keys = [key for key in keys if key.path in ("/schema", VERSION_PATH)]
    there = store.read_many([key.path for key in keys], deadline)
    content = {VERSION_PATH: str(version)}
    return [
        Create(key.path, content.get(key.path, key.default).encode())
        for key in sorted(keys, key=lambda key: key.path)
        if there[key.path] is None
    ]


def read_tree(store: Store, deadline_for_call: DeadlineForCall) -> dict[str, bytes]:
    """Return all persistent keys of the tree, level by level in bursts."""
    top = store.children("/", deadline_for_call()) or ()
    level = [f"/{name}" for name in top if name not in OF_OTHERS]
    tree: dict[str, bytes] = {}
    while level:
        below: list[str] = []
        for start in range(0, len(level), _READ_AT_ONCE):
            part = level[start : start + _READ_AT_ONCE]
            below += _read_part(store, part, deadline_for_call, tree)
        level = below
    return tree


def _read_part(
    store: Store, paths: list[str], deadline_for_call: DeadlineForCall, tree: dict[str, bytes]
) -> list[str]:
    """Put what `paths` hold into `tree`; return the paths below them."""
    values = store.read_many(paths, deadline_for_call())
    kept = {path: value.data for path, value in values.items() if value and not value.session}
    tree.update(kept)
    names = store.children_many(list(kept), deadline_for_call())
    return [f"{path}/{name}" for path in kept for name in names[path] or ()]
