"""How many moves a node begins at once, also while its copy of the tree lags."""

import pytest

from cluster.model.node import DomainState, WantedDomainState
from cluster.model.vm import (
    Move,
    Seen,
    SeenState,
    Selector,
    Transfer,
    TransferPhase,
    Wanted,
    WantedState,
)
from runtime.clock import Instant
from workers.vm import vms
from workers.vm.actions import BeginMove
from workers.vm.jobs import JobState, Migrate
from workers.vm.local import LocalState, LocalVm, Sight, Statistics
from workers.vm.rules import Rules
from workers.vm.seen import NodeView, VmView
from workers.vm.seen import Seen as Sights

RULES = Rules(
    node="hv1", peer_uri="qemu+tcp://{node}/system", selector=Selector.MEM, parallel_moves=4
)
NOW = Instant(100.0)


def node(name: str, receiving: int = 0) -> NodeView:
    return NodeView(
        name=name,
        is_alive=True,
        domain_state=DomainState.READY,
        wanted_domain_state=WantedDomainState.READY,
        receiving=receiving,
    )


def leaving(
    name: str,
    to: str,
    *,
    has_job: bool = False,
    has_transfer: bool = False,
    phase: TransferPhase = TransferPhase.SENDING,
    reason: str = "",
) -> VmView:
    job = Migrate(uuid=name, to_uri="", max_downtime_ms=300, seconds=120.0)
    transfer = Transfer(serial=2, to=to, phase=phase, reason=reason)
    return VmView(
        uuid=name,
        name=name,
        wanted=Wanted(state=WantedState.START, node=to, serial=2, move=Move.MIGRATE, home="hv1"),
        record=Seen(state=SeenState.RUNNING, node="hv1", serial=1),
        transfer=transfer if has_transfer else None,
        local=LocalVm(uuid=name, name=name, state=LocalState.RUNNING),
        job=JobState(job=job, begun_at=NOW) if has_job else None,
    )


def begun(*views: VmView, receiving: int = 0) -> int:
    seen = Sights(
        node="hv1",
        sight=Sight(at=NOW, vms={view.uuid: view.local for view in views if view.local}),
        statistics=Statistics(),
        vms={view.uuid: view for view in views},
        nodes={"hv1": node("hv1"), "hv2": node("hv2", receiving), "hv3": node("hv3")},
    )
    decision = vms.decide(RULES, seen, vms.Memory(), NOW)
    return sum(isinstance(action, BeginMove) for action in decision.actions)


@pytest.mark.parametrize("has_transfer", [True, False])
def test_moves_under_way_take_places_whether_the_copy_shows_them_or_not(
    has_transfer: bool,
) -> None:
    waiting = [leaving(f"w{n}", f"hv{n % 2 + 2}") for n in range(6)]
    assert begun(*waiting) == 4
    under_way = [
        leaving(f"m{n}", f"hv{n % 2 + 2}", has_job=True, has_transfer=has_transfer)
        for n in range(3)
    ]
    # The copy counts in `receiving` only what it shows.
    assert begun(*under_way, *waiting, receiving=2 if has_transfer else 0) == 1


def test_no_more_arrive_at_one_node_than_it_bears() -> None:
    waiting = [leaving(f"w{n}", "hv2") for n in range(6)]
    assert begun(*waiting, receiving=3) == 1
    unshown = leaving("m", "hv2", has_job=True)
    assert begun(unshown, *waiting, receiving=3) == 0


def test_moves_that_a_silent_node_holds_up_keep_no_other_from_going_elsewhere() -> None:
    settling = TransferPhase.SETTLING
    held_up = [
        leaving(f"h{n}", "hv2", has_job=True, has_transfer=True, phase=settling, reason="silent")
        for n in range(4)
    ]
    waiting = [leaving(f"w{n}", "hv3") for n in range(6)]
    assert begun(*held_up, *waiting, receiving=4) == 4
    assert begun(*held_up, leaving("w", "hv2"), receiving=4) == 0
    followed = [
        leaving(f"f{n}", "hv2", has_job=True, has_transfer=True, phase=settling) for n in range(3)
    ]
    assert begun(*followed, *waiting, receiving=3) == 1
