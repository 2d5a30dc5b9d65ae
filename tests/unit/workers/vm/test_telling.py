"""What the vm worker tells: facts, statistics, faults; bounded whatever there is."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bus.codec import MAX_FRAME_BYTES, encode
from bus.messages import Envelope, Facts
from cluster.model.definition import Definition
from cluster.model.node import DomainState, WantedDomainState
from cluster.model.vm import Seen as SeenRecord
from cluster.model.vm import SeenState, Selector, Wanted, WantedState
from runtime.clock import Instant
from workers.vm import telling
from workers.vm.actions import Action, Report, TellFacts, WriteStatistics
from workers.vm.local import (
    LocalState,
    LocalVm,
    Pause,
    Sight,
    Statistics,
    VmStatistics,
)
from workers.vm.rules import Rules
from workers.vm.seen import NodeView, Seen, VmView
from workers.vm.vm_faults import for_how_long

RULES = Rules(node="hv1", peer_uri="qemu+tcp://{node}/system", selector=Selector.MEM)
NODES = {
    "hv1": NodeView(
        name="hv1",
        is_alive=True,
        domain_state=DomainState.READY,
        wanted_domain_state=WantedDomainState.READY,
    )
}


def local(name: str, **fields: Any) -> LocalVm:
    given = {"memory_mb": 512, "vcpus": 2, "console_log": f"/var/log/libvirt/{name}.log", **fields}
    return LocalVm(uuid=name, name=name, state=LocalState.RUNNING, **given)


def view(
    name: str,
    seen: SeenState = SeenState.RUNNING,
    *,
    node: str = "hv1",
    wanted: WantedState = WantedState.START,
    here: LocalVm | None = None,
    reason: str = "",
    serial: int = 1,
) -> VmView:
    return VmView(
        uuid=name,
        name=name,
        wanted=Wanted(state=wanted, node=node, serial=serial),
        record=SeenRecord(state=seen, node=node, serial=serial, reason=reason),
        definition=Definition(name=name, uuid=name, memory_mb=1024, vcpus=4),
        local=here or (local(name) if seen is SeenState.RUNNING else None),
    )


def seen_of(
    *views: VmView, at: float = 100.0, statistics: Statistics | None = None, **fields: Any
) -> Seen:
    given: dict[str, Any] = {"sight": Sight(at=Instant(at)), "nodes": NODES, **fields}
    return Seen(
        node="hv1",
        statistics=statistics or Statistics(),
        vms={one.uuid: one for one in views},
        **given,
    )


class Run:
    """Round after round."""

    def __init__(self) -> None:
        self.memory = telling.Memory()
        self.look_again = 0.0

    def round(self, seen: Seen, at: float) -> list[Action]:
        decision = telling.decide(RULES, seen, self.memory, Instant(at))
        self.memory = decision.memory
        self.look_again = decision.look_again
        assert decision.look_again > at
        return list(decision.actions)


def told(actions: list[Action]) -> list[Mapping[str, Any]]:
    return [action.values for action in actions if isinstance(action, TellFacts)]


def faults(actions: list[Action]) -> dict[str, str]:
    return {action.fault: action.message for action in actions if isinstance(action, Report)}


def written(actions: list[Action]) -> dict[str, Any]:
    return {
        uuid: None if measured is None else measured.values
        for action in actions
        if isinstance(action, WriteStatistics)
        for uuid, measured in action.values.items()
    }


def measured(*names: str, at: float) -> Statistics:
    return Statistics(
        vms={name: VmStatistics(at=Instant(at), values={"state": "running"}) for name in names}
    )


def test_running_vms_are_allocated_and_all_that_are_wanted_here_are_provisioned() -> None:
    seen = seen_of(
        view("a"),
        view("off", SeenState.OFF, wanted=WantedState.STOP),
        replace(view("elsewhere"), wanted=Wanted(state=WantedState.START, node="hv2", serial=2)),
        view("other", node="hv2", here=None, seen=SeenState.OFF),
    )
    (values,) = told(Run().round(seen, 100.0))
    assert values["memory_allocated_mb"] == 1024
    assert values["memory_provisioned_mb"] == 2048
    assert (values["vcpus_allocated"], values["vms_running"]) == (4, 2)
    assert values["hypervisor"] == {"trouble": "", "seconds": 0.0}
    assert values["statistics_age_seconds"] is None
    assert values["consoles"] == {
        "a": {"name": "a", "path": "/var/log/libvirt/a.log"},
        "elsewhere": {"name": "elsewhere", "path": "/var/log/libvirt/elsewhere.log"},
    }


def test_facts_are_told_once_a_second_and_when_something_changes() -> None:
    run, one = Run(), seen_of(view("a"))
    assert told(run.round(one, 100.0))
    assert not told(run.round(one, 100.3))
    two = seen_of(view("a"), view("b"))
    assert told(run.round(two, 100.6))
    # A change right after is told a moment later.
    assert not told(run.round(one, 100.7))
    assert run.look_again <= 100.85
    assert told(run.round(one, 100.85))
    assert told(run.round(one, 101.9))


def test_nothing_is_told_that_was_never_seen() -> None:
    run = Run()
    assert not told(run.round(seen_of(nodes={}), 100.0))
    assert not told(run.round(seen_of(sight=Sight()), 101.0))
    silent = Sight(trouble="libvirt cannot be reached", trouble_since=Instant(90.0))
    (values,) = told(run.round(seen_of(view("a"), sight=silent), 102.0))
    # Told by the records, with the age of the silence.
    assert (values["vms_running"], values["memory_allocated_mb"]) == (1, 512)
    assert values["hypervisor"] == {"trouble": "libvirt cannot be reached", "seconds": 12.0}


def test_facts_fit_into_one_message_however_many_vms_there_are() -> None:
    names = [f"a-vm-with-a-long-name-{number:05}-{'x' * 30}" for number in range(2000)]
    frozen = {name: Instant(1.0) for name in names}
    statistics = Statistics(frozen_since=frozen)
    (values,) = told(Run().round(seen_of(*map(view, names), statistics=statistics), 100.0))
    assert values["vms_running"] == 2000
    message = Facts(worker="vm", values=values)
    frame = encode(
        Envelope(address="facts.vm", sender="vm", sequence=1, at=Instant(1.0), message=message)
    )
    assert 20_000 < len(frame) < MAX_FRAME_BYTES


def test_statistics_are_written_every_five_seconds_in_parts() -> None:
    names = [f"vm{number:03}" for number in range(120)]
    run, views = Run(), [view(name) for name in names]
    parts: list[int] = []
    at = 100.0
    while at < 104.0:
        seen = seen_of(*views, statistics=measured(*names, at=at))
        actions = run.round(seen, at)
        parts += [len(a.values) for a in actions if isinstance(a, WriteStatistics)]
        at = min(run.look_again, at + 0.25)
    assert parts == [50, 50, 20]
    again = run.round(seen_of(*views, statistics=measured(*names, at=105.0)), 105.1)
    assert len(written(again)) == 50


def test_statistics_that_are_not_new_are_not_written_again() -> None:
    run, old = Run(), seen_of(view("a"), statistics=measured("a", at=99.0))
    assert written(run.round(old, 100.0)) == {"a": {"state": "running"}}
    assert written(run.round(old, 106.0)) == {}


def test_statistics_are_cleared_once_when_a_vm_is_off() -> None:
    run = Run()
    assert written(run.round(seen_of(view("a"), statistics=measured("a", at=99.0)), 100.0))
    off = seen_of(view("a", SeenState.OFF, wanted=WantedState.STOP))
    assert written(run.round(off, 106.0)) == {"a": None}
    assert written(run.round(off, 112.0)) == {}
    # Another life of the worker does not know whether they were cleared.
    assert written(Run().round(off, 118.0)) == {"a": None}


def test_statistics_of_a_vm_that_is_another_nodes_are_left_to_it() -> None:
    gone = replace(view("a"), record=SeenRecord(state=SeenState.RUNNING, node="hv2", serial=2))
    assert written(Run().round(seen_of(gone, statistics=measured("a", at=99.0)), 100.0)) == {}


def test_without_the_store_only_facts_are_told() -> None:
    frozen = Statistics(vms=measured("a", at=99.0).vms, frozen_since={"a": Instant(1.0)})
    seen = seen_of(view("a"), statistics=frozen, store_trouble="no connection")
    actions = Run().round(seen, 100.0)
    assert [type(action) for action in actions] == [TellFacts]


def test_a_frozen_vm_is_a_fault_with_its_age_in_steps() -> None:
    run = Run()
    frozen = Statistics(frozen_since={"web-1": Instant(90.0)})
    seen = seen_of(view("web-1"), statistics=frozen)
    first = faults(run.round(seen, 100.0))
    assert list(first) == ["VM_WEB-1_FROZEN"]
    assert "for less than a minute" in first["VM_WEB-1_FROZEN"]
    reported = [faults(run.round(seen, float(at))) for at in range(101, 400)]
    messages = [found["VM_WEB-1_FROZEN"] for found in reported if found]
    assert 4 <= len(messages) <= 6
    assert "for 4 min" in messages[-1] or "for 5 min" in messages[-1]
    # Over: nothing is said any more, and a new one is told at once.
    assert not faults(run.round(seen_of(view("web-1")), 401.0))
    assert faults(run.round(seen_of(view("web-1"), statistics=frozen), 402.5))


def test_how_long_in_words() -> None:
    assert [for_how_long(s) for s in (0, 59, 60, 7199, 7200)] == [
        "for less than a minute",
        "for less than a minute",
        "for 1 min",
        "for 119 min",
        "for 2 h",
    ]


def test_a_vm_that_does_not_start_is_a_fault_with_the_reason() -> None:
    failed = view("a", SeenState.FAILED, reason="volume vms/a is locked by hv3")
    found = faults(Run().round(seen_of(failed), 100.0))
    assert found == {"VM_A_FAILED": "VM a does not run on node hv1: volume vms/a is locked by hv3"}
    stopped = view("a", SeenState.FAILED, wanted=WantedState.STOP)
    assert not faults(Run().round(seen_of(stopped), 100.0))


def test_a_vm_paused_by_an_io_error_is_a_fault() -> None:
    paused = local("a", pause=Pause.IO_ERROR)
    found = faults(Run().round(seen_of(view("a", SeenState.PAUSED, here=paused)), 100.0))
    assert list(found) == ["VM_A_IO_ERROR"]
    moved = local("a", pause=Pause.MOVE)
    assert not faults(Run().round(seen_of(view("a", SeenState.PAUSED, here=moved)), 100.0))


def test_a_vm_that_ends_by_itself_again_and_again_is_a_fault() -> None:
    run, at = Run(), 100.0
    found: dict[str, str] = {}
    for _ in range(2):
        assert not found
        run.round(seen_of(view("a")), at)
        ended = view("a", SeenState.STARTING, reason="it ended: QEMU was killed")
        found = faults(run.round(seen_of(ended), at + 10))
        at += 20
    assert found == {
        "VM_A_CRASHED": "VM a on node hv1 ended by itself 2 times within 10 min: "
        "it ended: QEMU was killed"
    }
    run.round(seen_of(view("a")), at)
    # Long ago, or under another order, it is no more.
    assert not faults(run.round(seen_of(view("a")), at + 700))


def test_a_new_order_is_no_crash() -> None:
    run = Run()
    for serial in range(1, 5):
        run.round(seen_of(view("a", serial=serial)), 100.0 + 20 * serial)
        restart = view("a", SeenState.STARTING, serial=serial + 1, wanted=WantedState.RESTART)
        assert not faults(run.round(seen_of(restart), 110.0 + 20 * serial))


def test_a_silent_hypervisor_is_a_fault_after_a_while() -> None:
    sight = Sight(at=Instant(90.0), trouble="it does not answer", trouble_since=Instant(91.0))
    run = Run()
    assert not faults(run.round(seen_of(view("a"), sight=sight), 100.0))
    found = faults(run.round(seen_of(view("a"), sight=sight), 102.0))
    assert list(found) == ["NODE_HV1_HYPERVISOR_SILENT"]
    assert "it does not answer" in found["NODE_HV1_HYPERVISOR_SILENT"]


def test_strangers_are_named() -> None:
    seen = seen_of(strangers={"x": local("somebodys")})
    found = faults(Run().round(seen, 100.0))
    assert "somebodys" in found["NODE_HV1_STRANGER"]


def test_many_troubled_vms_make_few_faults() -> None:
    run = Run()
    views = [view(f"vm{n:03}", SeenState.FAILED, reason="no room " * 200) for n in range(300)]
    found = faults(run.round(seen_of(*views), 100.0))
    assert len(found) == 21
    assert "280 more VMs of node hv1 are in trouble: vm020, vm021" in found["NODE_HV1_VMS_TROUBLED"]
    assert max(map(len, found.values())) < 1000
    assert not faults(run.round(seen_of(*views), 103.0))
