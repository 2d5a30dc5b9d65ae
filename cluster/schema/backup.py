"""The whole tree in a local file, and back.

Invariant: a backup is either there whole and on the disk, or not there; nobody but root reads it,
since the tree holds passwords. JSON lines: first {version, saved_at, keys}, then one key per line.
"""

import base64
import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from cluster.schema.migration import batches
from cluster.schema.plan import Group
from cluster.schema.tree import VERSION_PATH, DeadlineForCall, Tree, read_tree
from cluster.store.store import Create, Delete, Store, Write
from runtime.clock import Clock
from runtime.errors import Invalid

_KEPT_PER_VERSION: Final = 10


def save(tree: Tree, version: int, directory: Path, clock: Clock) -> Path:
    """Write a backup of a tree; return the file."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    now = clock.wall()
    path = _free_name(directory, version, now)
    header = {"version": version, "saved_at": now.isoformat(), "keys": len(tree)}
    part = path.with_suffix(".part")
    with os.fdopen(os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
        file.write(json.dumps(header) + "\n")
        file.writelines(_lines(tree))
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    _sync_directory(directory)
    _prune(directory, version)
    return path


def load(path: Path) -> tuple[int, dict[str, bytes]]:
    """Return version and tree of a backup; raises `Invalid` when it is not whole."""
    try:
        with path.open() as file:
            header = json.loads(file.readline())
            tree = dict(_key(json.loads(line)) for line in file)
        if len(tree) != header["keys"]:
            raise Invalid(f"{path} is cut short", path=str(path))
        return int(header["version"]), tree
    except (ValueError, KeyError, TypeError) as error:
        raise Invalid(f"{path} is no backup of a tree: {error}", path=str(path)) from error


def restore(store: Store, saved: Tree, deadline_for_call: DeadlineForCall) -> None:
    """Make the tree as it was saved; keys of other programs are left alone.

    Nobody else may be at work: every daemon is stopped. It may be repeated after a failure.
    """
    now = read_tree(store, deadline_for_call)
    for changes in batches(_to_saved(now, saved), ()):
        if changes:
            store.apply(changes, deadline_for_call())


def _to_saved(now: Tree, saved: Tree) -> Iterator[Group]:
    """Groups that lead from one tree to the other; the version is changed last."""
    for path in sorted(now.keys() - saved.keys(), reverse=True):
        yield (Delete(path),)
    for path in sorted(saved, key=lambda path: (path == VERSION_PATH, path)):
        if path not in now:
            yield (Create(path, saved[path]),)
        elif now[path] != saved[path]:
            yield (Write(path, saved[path]),)


def _lines(tree: Tree) -> Iterator[str]:
    for path in sorted(tree):
        try:
            entry = {"path": path, "text": tree[path].decode()}
        except UnicodeDecodeError:
            entry = {"path": path, "base64": base64.b64encode(tree[path]).decode()}
        yield json.dumps(entry) + "\n"


def _key(entry: dict[str, str]) -> tuple[str, bytes]:
    if "base64" in entry:
        return entry["path"], base64.b64decode(entry["base64"], validate=True)
    return entry["path"], entry["text"].encode()


def _free_name(directory: Path, version: int, now: datetime) -> Path:
    stem = f"schema-{version}-{now:%Y%m%dT%H%M%S}"
    path = directory / f"{stem}Z.jsonl"
    number = 1
    while path.exists():
        path = directory / f"{stem}Z-{number}.jsonl"
        number += 1
    return path


def _prune(directory: Path, version: int) -> None:
    """Keep the first backup of this version, the only one certainly from before, and the last."""
    files = sorted(
        directory.glob(f"schema-{version}-*.jsonl"), key=lambda path: path.stat().st_mtime_ns
    )
    for path in files[1 : 1 - _KEPT_PER_VERSION]:
        path.unlink()


def _sync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
