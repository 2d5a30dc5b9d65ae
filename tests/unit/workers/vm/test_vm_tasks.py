"""Tasks of the vm worker: ordered in the tree, done by jobs, told in the tree."""

from collections.abc import Iterator

import pytest

from cluster.model.task import TaskOrder, TaskProgress, TaskState
from cluster.model.vm import Seen, SeenState, Selector, Transfer, TransferPhase, Wanted, WantedState
from cluster.records import task_record
from cluster.records.move_record import transfer_data
from cluster.records.view import snapshot
from cluster.records.vm_record import seen_data, wanted_data
from cluster.schema.tree import initialise
from cluster.store.store import Delete
from runtime.clock import Instant
from runtime.errors import StoreUnavailable
from tests.fakes.bus import FakeBus
from tests.fakes.clock import FakeClock
from tests.fakes.ensemble import FakeEnsemble
from tests.fakes.hypervisor import FakeHypervisor
from tests.fakes.store import FakeStore
from tests.fakes.synthetic_cluster import node_keys
from tests.fakes.vm_cluster import OldCopy
from tests.fakes.vm_tree import LAYOUT, OFF, RUNNING, STOPPED, UUID, WANTED, put, put_vm, soon
from tests.fakes.vm_world import World
from workers.vm import tasks
from workers.vm.act import Actor
from workers.vm.jobs import ChangeDevice, Ending, FreeLocks, Shutdown
from workers.vm.observe import Observer
from workers.vm.rules import Rules
from workers.vm.tools import Tools
from workers.vm.watching import StoreDetails

DEVICE = "<disk type='network'/>"
RULES = Rules(node="hv1", peer_uri="qemu+tcp://{node}/system", selector=Selector.MEM)


class Stage:
    """A node with one VM that carries out tasks and nothing else."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.world = World(self.clock)
        self.ensemble = FakeEnsemble()
        self.store = FakeStore(self.ensemble, self.clock)
        initialise(self.store, soon())
        put(self.store, node_keys(LAYOUT, "hv1"))
        put_vm(self.store)
        self.live = FakeStore(self.ensemble, self.clock)
        self.copy = OldCopy(self.store, self.ensemble)
        self.begin()

    def begin(self) -> None:
        """A new life of the worker."""
        self.hypervisor = FakeHypervisor(self.world, "hv1")
        self.copy.forget()
        details = StoreDetails(self.store, LAYOUT, self.clock, call_seconds=2.0)
        self.observer = Observer(
            "hv1", LAYOUT, copy=self.copy, details=details, hypervisor=self.hypervisor
        )
        self.actor = Actor(
            Tools(
                node="hv1",
                store=self.live,
                layout=LAYOUT,
                hypervisor=self.hypervisor,
                outgoing=FakeBus(self.clock).outgoing("vm"),
                clock=self.clock,
                call_seconds=0.1,
            )
        )
        self.memory = tasks.Memory()

    def run_here(self) -> None:
        """Let the VM run."""
        self.hypervisor.add(UUID, "www", volumes=("vms/www_root",))

    def order(self, name: str, task: str = "t1", **arguments: str) -> None:
        """Order a task."""
        given = {"vm": UUID, "xml": DEVICE, **arguments}
        order = TaskOrder(name=name, run_on="hv1", arguments=given, ordered_at=task)
        self.store.apply(task_record.order(LAYOUT, task, order), soon())

    def cancel(self, task: str = "t1") -> None:
        """Want a task to end."""
        view = snapshot(self.store, [LAYOUT.path("tasks")], soon())
        changes = task_record.cancel(view, LAYOUT, task, by="me", at=self.clock.wall())
        self.store.apply(changes, soon())

    def round(self) -> None:
        """One round."""
        self.copy.sync()
        seen = self.observer.observe()
        decision = tasks.decide(RULES, seen, self.memory, self.clock.now())
        self.memory = decision.memory
        assert decision.look_again > self.clock.now()
        try:
            for action in decision.actions:
                self.actor.act(action)
        except StoreUnavailable:
            pass

    def run(self, seconds: float) -> None:
        """Rounds for a while."""
        end = Instant(self.clock.now() + seconds)
        while self.clock.now() < end:
            self.round()
            self.clock.sleep(0.25)

    def progress(self, task: str = "t1") -> TaskProgress:
        """How a task is."""
        value = self.store.read(LAYOUT.path("task.progress", task=task), soon())
        return task_record.read_progress(None if value is None else value.data)

    def end(self, task: str = "t1") -> tuple[TaskState, str]:
        """How a task ended."""
        self.run(3.0)
        progress = self.progress(task)
        return progress.state, progress.status


@pytest.fixture
def stage() -> Iterator[Stage]:
    yield Stage()


def test_a_device_is_attached_and_detached_live(stage: Stage) -> None:
    stage.run_here()
    stage.order("vm.device_attach")
    stage.round()
    assert stage.progress().state is TaskState.RUNNING
    assert stage.end() == (TaskState.SUCCESS, "The device is attached to VM www.")
    assert stage.progress().result == "The device is attached to VM www."
    assert stage.hypervisor.host.domains[UUID].devices == {DEVICE}
    stage.order("vm.device_detach", "t2")
    assert stage.end("t2") == (TaskState.SUCCESS, "The device is detached from VM www.")
    assert stage.hypervisor.host.domains[UUID].devices == set()
    assert not stage.hypervisor.jobs()


def test_locks_of_a_vm_that_is_off_are_removed(stage: Stage) -> None:
    put_vm(stage.store, wanted=STOPPED, seen=OFF)
    stage.world.locks["vms/www_root"] = "hv7"
    stage.order("vm.flush_locks")
    assert stage.end() == (
        TaskState.SUCCESS,
        "The locks of the volumes of VM www are removed.",
    )
    assert stage.world.locks == {}


def test_locks_of_a_vm_that_runs_are_left(stage: Stage) -> None:
    stage.run_here()
    stage.order("vm.flush_locks")
    state, status = stage.end()
    assert state is TaskState.FAILURE
    assert "stop it first" in status
    assert stage.world.locks == {"vms/www_root": "hv1"}


@pytest.mark.parametrize(
    ("seen", "xml", "why"),
    [
        (Seen(state=SeenState.RUNNING, node="hv2", serial=3), DEVICE, "is on node hv2 now"),
        (OFF, DEVICE, "does not run"),
        (RUNNING, DEVICE, "does not run"),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_reason(
    stage: Stage, seen: Seen, xml: str, why: str
) -> None:
    put_vm(stage.store, seen=seen)
    stage.order("vm.device_attach", xml=xml)
    state, status = stage.end()
    assert state is TaskState.FAILURE
    assert why in status
    assert not stage.hypervisor.begun


def test_an_unknown_vm_and_no_device_are_refused(stage: Stage) -> None:
    stage.run_here()
    stage.order("vm.device_attach", "t1", vm="no-such-vm")
    stage.order("vm.device_attach", "t2", xml=" ")
    assert "has no VM no-such-vm" in stage.end("t1")[1]
    assert "no device was named" in stage.end("t2")[1]


def test_tasks_of_others_are_left_alone(stage: Stage) -> None:
    stage.order("osd.add")
    stage.run(3.0)
    assert stage.store.read(LAYOUT.path("task.progress", task="t1"), soon()) is None


def test_a_refusal_by_the_hypervisor_is_told(stage: Stage) -> None:
    stage.run_here()
    stage.hypervisor.end_next(UUID, ChangeDevice, Ending.REFUSED, "no more PCI slots")
    stage.order("vm.device_attach")
    assert stage.end() == (TaskState.FAILURE, "VM www: no more PCI slots")


def test_a_failure_says_what_to_do(stage: Stage) -> None:
    stage.run_here()
    stage.hypervisor.end_next(UUID, ChangeDevice, Ending.FAILED, "it did not end in time")
    stage.order("vm.device_attach")
    state, status = stage.end()
    assert state is TaskState.FAILURE
    assert status.startswith("VM www: it did not end in time; look which devices it has")


def test_a_restart_in_the_middle_is_told_as_interrupted(stage: Stage) -> None:
    stage.run_here()
    stage.hypervisor.hang_next(UUID, ChangeDevice)
    stage.order("vm.device_attach")
    stage.run(1.0)
    stage.hypervisor.close()
    stage.begin()
    state, status = stage.end()
    assert state is TaskState.FAILURE
    assert status.startswith("interrupted: ")
    assert "order it again" in status


def test_a_task_that_was_done_is_not_told_as_interrupted_by_a_late_copy(stage: Stage) -> None:
    stage.run_here()
    stage.order("vm.device_attach")
    stage.run(0.5)
    sync, stage.copy.sync = stage.copy.sync, lambda: None  # type: ignore[method-assign]
    stage.run(5.0)
    stage.copy.sync = sync  # type: ignore[method-assign]
    assert stage.end()[0] is TaskState.SUCCESS


def test_cancelled_before_and_after_it_was_begun(stage: Stage) -> None:
    stage.run_here()
    stage.hypervisor.hang_next(UUID, ChangeDevice)
    stage.order("vm.device_attach", "t1")
    stage.order("vm.device_attach", "t2")
    stage.run(1.0)
    assert stage.progress("t1").state is TaskState.RUNNING
    assert "waits until other work on it is over" in stage.progress("t2").status
    stage.cancel("t2")
    stage.run(1.0)
    assert stage.progress("t2").status == "cancelled before it was begun"
    stage.cancel("t1")
    assert stage.end("t1")[1].startswith("cancelled while it was under way")
    assert not stage.hypervisor.jobs()


def test_on_one_vm_tasks_are_done_one_by_one(stage: Stage) -> None:
    stage.run_here()
    for number in range(3):
        stage.order("vm.device_attach", f"t{number}", xml=f"<disk id='{number}'/>")
    stage.run(8.0)
    assert {stage.progress(f"t{n}").state for n in range(3)} == {TaskState.SUCCESS}
    assert len(stage.hypervisor.host.domains[UUID].devices) == 3


def test_a_task_waits_for_other_work_and_for_a_move(stage: Stage) -> None:
    stage.run_here()
    stage.hypervisor.hang_next(UUID, Shutdown)
    stage.hypervisor.begin(UUID, Shutdown(uuid=UUID))
    stage.order("vm.device_attach")
    stage.run(3.0)
    assert stage.progress().state is TaskState.PENDING
    transfer = Transfer(serial=4, to="hv2", phase=TransferPhase.SENDING)
    put(stage.store, {LAYOUT.path("vm.transfer", vm=UUID): transfer_data(transfer)})
    stage.hypervisor.forget(UUID)
    stage.run(3.0)
    assert "its move to another node" in stage.progress().status
    gone = Seen(state=SeenState.RUNNING, node="hv2", serial=4)
    stage.store.apply([Delete(LAYOUT.path("vm.transfer", vm=UUID))], soon())
    put(stage.store, {LAYOUT.path("vm.seen", vm=UUID): seen_data(gone)})
    assert "is on node hv2 now" in stage.end()[1]


def test_a_job_that_was_abandoned_for_a_stop_ends_its_task(stage: Stage) -> None:
    stage.run_here()
    stage.hypervisor.hang_next(UUID, ChangeDevice)
    stage.order("vm.device_attach")
    stage.run(1.0)
    stage.hypervisor.forget(UUID)
    stage.world.power_off_guest("hv1", UUID)
    state, status = stage.end()
    assert state is TaskState.FAILURE
    assert "does not run" in status


def test_a_job_that_the_tree_refuses_is_given_up(stage: Stage) -> None:
    put_vm(stage.store, wanted=STOPPED, seen=OFF)
    stage.order("vm.flush_locks")
    stage.copy.sync()
    # Started meanwhile by another node, which this node's copy does not show.
    wanted = Wanted(state=WantedState.START, node="hv2", serial=4)
    sync = stage.copy.sync
    stage.copy.sync = lambda: None  # type: ignore[method-assign]
    put(
        stage.store,
        {
            LAYOUT.path("vm.wanted", vm=UUID): wanted_data(wanted),
            LAYOUT.path("vm.seen", vm=UUID): seen_data(
                Seen(state=SeenState.RUNNING, node="hv2", serial=4)
            ),
        },
    )
    stage.run(2.0)
    assert not stage.hypervisor.begun
    stage.copy.sync = sync  # type: ignore[method-assign]
    assert stage.end()[0] is TaskState.FAILURE
    assert not any(isinstance(job, FreeLocks) for _, job in stage.hypervisor.begun)


def test_the_end_is_told_when_the_store_is_back(stage: Stage) -> None:
    stage.run_here()
    stage.order("vm.device_attach")
    stage.round()
    stage.live.suspend()
    stage.run(2.0)
    assert stage.progress().state is TaskState.RUNNING
    stage.live.resume()
    assert stage.end()[0] is TaskState.SUCCESS
    assert not stage.hypervisor.jobs()


def test_a_task_that_somebody_removes_leaves_no_job_behind(stage: Stage) -> None:
    stage.run_here()
    stage.order("vm.device_attach")
    stage.round()
    view = snapshot(stage.store, [LAYOUT.path("tasks")], soon())
    stage.store.apply(task_record.remove(view, LAYOUT, "t1"), soon())
    stage.run(3.0)
    assert not stage.hypervisor.jobs()
    assert stage.store.read(LAYOUT.path("task", task="t1"), soon()) is None


def test_wanted_is_never_touched(stage: Stage) -> None:
    stage.run_here()
    stage.order("vm.device_attach")
    stage.run(3.0)
    value = stage.store.read(LAYOUT.path("vm.wanted", vm=UUID), soon())
    assert value is not None
    assert value.data == wanted_data(WANTED)
