"""The logs of consoles, on the fake store and on a real Zookeeper."""

import itertools
import os
from collections.abc import Callable

import pytest

from cluster.model.log import FilePlace
from cluster.records.log_fetch import fetch
from cluster.records.log_record import of_console
from cluster.schema.layout import layout
from cluster.store.store import Create, Delete, Store
from runtime.errors import Refused, Unavailable
from tests.store_worlds import World, soon
from workers.console.spec import CONSOLE_BYTES
from workers.console.store_vm_logs import StoreVmLogs
from workers.console.vm_logs import VmLog

KEYS = layout(16)
_numbers = itertools.count(1)

Logs = Callable[[str], StoreVmLogs]


@pytest.fixture
def store(world: World) -> Store:
    store = world.store()
    if store.read("/domains", soon()) is None:
        store.apply([Create("/domains", b"")], soon())
    return store


@pytest.fixture
def vm(store: Store) -> str:
    """A VM in the tree, with the key above its lines."""
    name = f"vm-{os.getpid()}-{next(_numbers)}"
    store.apply(
        [Create(f"/domains/{name}", b"name"), Create(f"/domains/{name}/console", b"")], soon()
    )
    return name


def place(offset: int, inode: int = 7) -> FilePlace:
    return FilePlace(inode=inode, offset=offset, mark=offset % 97, written_at=5)


def logs_of(store: Store, node: str = "hv1", keep_lines: int = 1000) -> StoreVmLogs:
    return StoreVmLogs(store, KEYS, node, keep_lines=keep_lines)


def opened(logs: StoreVmLogs, vm: str) -> VmLog:
    found = logs.open([vm], soon())[vm]
    assert found is not None
    return found


def texts(store: Store, vm: str) -> dict[int, str]:
    log = fetch(store, of_console(KEYS, vm), soon())
    assert log is not None
    return {line.number: line.text for line in log.lines}


def test_lines_and_their_place_are_there_for_a_successor(store: Store, vm: str) -> None:
    logs = logs_of(store)
    first = logs.append(opened(logs, vm), ["a", "b"], skipped=0, place=place(4), deadline=soon())
    second = logs.append(first, ["c"], skipped=0, place=place(6), deadline=soon())
    found = opened(logs_of(store), vm)
    assert found == second
    assert found.places == {"hv1": place(6)}
    assert found.tail.next_number == 3
    assert texts(store, vm) == {0: "a", 1: "b", 2: "c"}


def test_a_vm_that_is_not_there_and_one_without_the_parent(store: Store, vm: str) -> None:
    logs = logs_of(store)
    store.apply([Delete(f"/domains/{vm}/console")], soon())
    found = logs.open([vm, "nobody"], soon())
    assert found["nobody"] is None
    known = found[vm]
    assert known is not None
    assert not known.has_parent
    logs.append(known, ["a"], skipped=0, place=place(2), deadline=soon())
    assert texts(store, vm) == {0: "a"}


def test_of_two_nodes_one_is_refused_and_goes_on_after_the_other(
    world: World, store: Store, vm: str
) -> None:
    source, target = logs_of(store, "hv1"), logs_of(world.store(), "hv2")
    at_source, at_target = opened(source, vm), opened(target, vm)
    source.append(at_source, ["source"], skipped=0, place=place(7), deadline=soon())
    with pytest.raises(Refused):
        target.append(at_target, ["target"], skipped=0, place=place(8), deadline=soon())
    again = opened(target, vm)
    target.append(again, ["target"], skipped=0, place=place(8), deadline=soon())
    with pytest.raises(Refused):
        source.append(again, ["late"], skipped=0, place=place(9), deadline=soon())
    assert texts(store, vm) == {0: "source", 1: "target"}
    assert opened(source, vm).places == {"hv1": place(7), "hv2": place(8)}


def test_without_a_connection_nothing_is_stored_and_the_place_says_so(
    world: World, store: Store, vm: str
) -> None:
    logs = logs_of(store)
    known = logs.append(opened(logs, vm), ["a"], skipped=0, place=place(2), deadline=soon())
    world.suspend(store)
    with pytest.raises(Unavailable):
        logs.append(known, ["b"], skipped=0, place=place(4), deadline=soon().at_most(0.3))
    with pytest.raises(Unavailable):
        logs.open([vm], soon().at_most(0.3))
    world.resume(store)
    assert opened(logs, vm) == known


def test_the_most_that_one_write_carries_is_accepted(store: Store, vm: str) -> None:
    logs = logs_of(store, keep_lines=100_000)
    lines = ["ä" * 500 for _ in range(CONSOLE_BYTES // 1001)]
    known = logs.append(opened(logs, vm), lines, skipped=0, place=place(1), deadline=soon())
    known = logs.append(known, lines, skipped=0, place=place(2), deadline=soon())
    known = logs.append(known, lines, skipped=9, place=place(3), deadline=soon())
    found = texts(store, vm)
    assert len(found) == len(lines)
    assert max(found) == 3 * len(lines) + 8
    assert opened(logs, vm) == known
    assert logs.stored_bytes > 3 * len(lines) * 1000


def test_a_removed_vm_takes_no_lines(store: Store, vm: str) -> None:
    logs = logs_of(store)
    known = opened(logs, vm)
    store.apply([Delete(f"/domains/{vm}/console"), Delete(f"/domains/{vm}")], soon())
    with pytest.raises(Refused):
        logs.append(known, ["a"], skipped=0, place=place(2), deadline=soon())
    assert logs.open([vm], soon()) == {vm: None}
