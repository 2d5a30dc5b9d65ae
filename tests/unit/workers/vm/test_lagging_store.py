"""A server of Zookeeper that lags behind answers reads with what was; writes go to the leader."""

from collections.abc import Mapping, Sequence

import pytest

from cluster.model.vm import Seen, SeenState, Transfer, TransferPhase, Wanted, WantedState
from cluster.operations.vm_handover import confirm
from cluster.records.move_record import transfer_data
from cluster.records.vm_record import seen_data, wanted_data
from cluster.store.store import Change, Create, Value, Write
from runtime.deadline import Deadline
from runtime.errors import Conflict, NotFound
from tests.fakes.bus import FakeBus, FakeOutgoing
from tests.fakes.clock import FakeClock
from tests.fakes.hypervisor import FakeHypervisor
from tests.fakes.store import FakeStore
from tests.fakes.vm_tree import LAYOUT, OFF, RUNNING, UUID, WANTED, keys_of, new_tree, put_vm, soon
from tests.fakes.vm_world import World
from workers.vm.act_vm import VmActs
from workers.vm.actions import Begin, DestroyStray
from workers.vm.jobs import Destroy, FreeLocks
from workers.vm.tools import Tools

TRANSFER = transfer_data(Transfer(serial=4, to="hv2", phase=TransferPhase.SENDING))
BEHIND: list[Change] = [
    Create(LAYOUT.path("vm.transfer", vm=UUID), TRANSFER),
    Write(
        LAYOUT.path("vm.seen", vm=UUID),
        seen_data(Seen(state=SeenState.RUNNING, node="hv2", serial=4)),
    ),
    Write(
        LAYOUT.path("vm.wanted", vm=UUID),
        wanted_data(Wanted(state=WantedState.START, node="hv2", serial=4)),
    ),
]


class Lagging:
    """A store whose reads are those of another day."""

    def __init__(self, store: FakeStore) -> None:
        self._store = store
        self._old: dict[str, Value | None] = {}

    def lag(self, paths: Sequence[str]) -> None:
        self._old = dict(self._store.read_many(paths, soon()))

    def read_many(self, paths: Sequence[str], _: Deadline) -> Mapping[str, Value | None]:
        return {path: self._old[path] for path in paths}

    def apply(self, changes: Sequence[Change], deadline: Deadline) -> None:
        self._store.apply(changes, deadline)


@pytest.fixture
def hypervisor() -> FakeHypervisor:
    return FakeHypervisor(World(FakeClock()), "hv2")


def acts(store: FakeStore, hypervisor: FakeHypervisor) -> VmActs:
    """The worker of hv2, whose server lags from now on."""
    lagging = Lagging(store)
    names = ("vm", "vm.wanted", "vm.seen", "vm.transfer", "vm.arrival", "vm.xml")
    lagging.lag([LAYOUT.path(name, vm=UUID) for name in names])
    clock = hypervisor.world.clock
    return VmActs(
        Tools(
            node="hv2",
            store=lagging,  # type: ignore[arg-type]
            layout=LAYOUT,
            hypervisor=hypervisor,
            outgoing=FakeOutgoing(FakeBus(clock), "vm"),
            clock=clock,
            call_seconds=2.0,
        )
    )


@pytest.mark.parametrize("change", [None, *BEHIND])
def test_a_copy_is_no_stray_because_of_what_a_lagging_server_says(
    hypervisor: FakeHypervisor, change: Change | None
) -> None:
    store = new_tree()
    put_vm(store, wanted=WANTED, seen=RUNNING)
    worker = acts(store, hypervisor)
    if change is not None:
        store.apply([change], soon())
    worker.act(DestroyStray(vm=UUID, owner="hv1"))
    expected = [] if change is not None else [(UUID, Destroy(uuid=UUID))]
    assert hypervisor.begun == expected
    assert (keys_of(store, UUID).transfer is None) is (change is not BEHIND[0])


@pytest.mark.parametrize("change", [None, *BEHIND])
def test_locks_are_not_freed_because_of_what_a_lagging_server_says(
    hypervisor: FakeHypervisor, change: Change | None
) -> None:
    store = new_tree()
    put_vm(store, wanted=WANTED, seen=OFF)
    worker = acts(store, hypervisor)
    if change is not None:
        store.apply([change], soon())
    job = FreeLocks(uuid=UUID, volumes=("vms/a",))
    worker.act(Begin(vm=UUID, job=job))
    assert hypervisor.begun == ([] if change is not None else [(UUID, job)])


def test_what_is_confirmed_is_left_as_it_was() -> None:
    store = new_tree()
    put_vm(store, wanted=WANTED, seen=RUNNING)
    keys = keys_of(store, UUID)
    store.apply(confirm(LAYOUT, keys), soon())
    assert keys_of(store, UUID) == keys
    store.apply([BEHIND[0]], soon())
    with pytest.raises((Conflict, NotFound)):
        store.apply(confirm(LAYOUT, keys), soon())
    there = keys_of(store, UUID)
    store.apply(confirm(LAYOUT, there), soon())
    assert keys_of(store, UUID) == there
