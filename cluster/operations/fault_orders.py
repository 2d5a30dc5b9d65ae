"""What people can order about faults: take notice, delete.

A fault is also changed by its reporter while an order is given, so an order that finds it changed
looks again; one that finds it gone, because somebody else deleted it, has nothing left to do.
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Final

from cluster.records import fault_record
from cluster.records.view import TreeView, snapshot
from cluster.schema.layout import Layout
from cluster.store.store import Change, Store
from runtime.deadline import Deadline
from runtime.errors import Conflict, NotFound

_ATTEMPTS: Final = 5
_AT_ONCE: Final = 50


def acknowledge(
    store: Store, layout: Layout, fault: str, *, at: datetime, deadline: Deadline
) -> None:
    """Note that somebody has seen a fault; raises `NotFound` when there is no such fault."""
    path = _path(store, layout, fault, deadline)

    def changes(view: TreeView) -> list[Change]:
        return fault_record.acknowledge(view, layout, fault, at)

    _make(store, path, changes, deadline)


def remove(store: Store, layout: Layout, fault: str, *, deadline: Deadline) -> None:
    """Delete a fault; raises `NotFound` when there is no such fault."""
    path = _path(store, layout, fault, deadline)
    _make(store, path, lambda view: fault_record.remove(view, layout, fault), deadline)


def acknowledge_all(store: Store, layout: Layout, *, at: datetime, deadline: Deadline) -> None:
    """Note that somebody has seen all faults there are."""

    def changes(fault: str, view: TreeView) -> list[Change]:
        return fault_record.acknowledge(view, layout, fault, at)

    _make_all(store, layout, changes, deadline)


def remove_all(store: Store, layout: Layout, *, deadline: Deadline) -> None:
    """Delete all faults there are; those that are still seen come back."""

    def changes(fault: str, view: TreeView) -> list[Change]:
        return fault_record.remove(view, layout, fault)

    _make_all(store, layout, changes, deadline)


def _make_all(
    store: Store,
    layout: Layout,
    changes: Callable[[str, TreeView], list[Change]],
    deadline: Deadline,
) -> None:
    """Many faults in few transactions; where one of them has just changed, one by one."""
    top = layout.path("faults")
    view = snapshot(store, [top], deadline)
    ids = list(view.children(top) or ())
    for start in range(0, len(ids), _AT_ONCE):
        part = ids[start : start + _AT_ONCE]
        try:
            if found := [change for fault in part for change in changes(fault, view)]:
                store.apply(found, deadline)
        except (Conflict, NotFound):
            for fault in part:
                path = layout.path("fault", fault=fault)
                _make(store, path, partial(changes, fault), deadline)


def _path(store: Store, layout: Layout, fault: str, deadline: Deadline) -> str:
    try:
        path = layout.path("fault", fault=fault)
    except ValueError:
        path = ""
    if not path or store.read(path, deadline) is None:
        raise NotFound(f"there is no fault {fault}", fault=fault)
    return path


def _make(
    store: Store, path: str, changes: Callable[[TreeView], list[Change]], deadline: Deadline
) -> None:
    for _ in range(_ATTEMPTS):
        view = snapshot(store, [path], deadline)
        if view.get(path) is None:
            return
        try:
            if found := changes(view):
                store.apply(found, deadline)
        except (Conflict, NotFound):
            continue  # its reporter or somebody else was faster
        return
    raise Conflict("the fault changes faster than the order can be carried out", path=path)
