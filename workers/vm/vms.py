"""What is done about each VM that concerns this node; pure.

Invariant: a VM of which nothing has changed since there was nothing to do costs nothing, however
many there are.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from cluster.model.vm import TransferPhase
from runtime.clock import NEVER, Instant
from workers.decision import Decision
from workers.vm import arrival, lifecycle, working
from workers.vm.actions import Action, BeginMove, Claim
from workers.vm.jobs import Migrate, Settle, Start
from workers.vm.order import is_held_up
from workers.vm.rules import Rules
from workers.vm.seen import Seen, VmView
from workers.vm.turn import Outcome, Slots, Turn, VmMemory, remembered

_PARALLEL_STARTS: Final = 8
"""Each start is a process with libvirt in it: more at once take longer in all."""
_NEW: Final = VmMemory()


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What is carried from round to round."""

    vms: Mapping[str, VmMemory] = field(default_factory=dict)
    resting: Mapping[str, VmView] = field(default_factory=dict)
    """VMs as they were when there was nothing to do about them."""


def decide(rules: Rules, seen: Seen, memory: Memory, now: Instant) -> Decision[Action, Memory]:
    """Bring each VM to where it is wanted."""
    resting = memory.resting
    awake = [view for uuid, view in seen.vms.items() if resting.get(uuid) is not view]
    gone = (
        memory.vms.keys() - seen.vms.keys() if len(memory.vms) > len(seen.vms) - len(awake) else ()
    )
    if not awake and not gone:
        return Decision((), memory, NEVER)
    actions: list[Action] = []
    look_again, slots = NEVER, _slots(rules, seen)
    vms = {uuid: one for uuid, one in memory.vms.items() if uuid not in gone}
    rest = {uuid: view for uuid, view in resting.items() if uuid not in gone}
    for view in sorted(awake, key=lambda view: (view.name, view.uuid)):
        turn = Turn(
            rules=rules,
            view=view,
            memory=vms.get(view.uuid, _NEW),
            now=now,
            sight=seen.sight,
            nodes=seen.nodes,
            slots=slots,
        )
        outcome = _one(turn)
        vms[view.uuid] = outcome.memory
        if outcome.actions or outcome.look_again < NEVER:
            rest.pop(view.uuid, None)
        else:
            rest[view.uuid] = view
        actions += outcome.actions
        slots = _left(slots, outcome.actions)
        look_again = min(look_again, outcome.look_again)
    return Decision(actions, Memory(vms=vms, resting=rest), look_again)


def _one(turn: Turn) -> Outcome:
    turn = remembered(turn)
    view = turn.view
    if view.job is not None:
        is_over = view.job.ending is not None
        return working.ended(turn, view.job) if is_over else working.under_way(turn, view.job)
    if turn.sight.at is None or turn.sight.trouble:
        # Jobs would only wait where the hypervisor does.
        return turn.look()
    return lifecycle.own(turn) if view.record.node == turn.node else arrival.elsewhere(turn)


def _slots(rules: Rules, seen: Seen) -> Slots:
    views = [view for view in seen.vms.values() if view.record.node == rules.node]
    starts = sum(1 for view in seen.vms.values() if _is_start(view))
    shown = [view for view in views if _is_sent(view)]
    # What was begun a moment ago may not show in the tree's copy yet.
    unshown = Counter(view.wanted.node for view in views if _is_sent_unseen(view))
    return Slots(
        sends=rules.parallel_moves - len(shown) - unshown.total(),
        starts=_PARALLEL_STARTS - starts,
        arrivals={
            name: rules.parallel_moves - node.receiving - unshown[name]
            for name, node in seen.nodes.items()
        },
    )


def _is_sent(view: VmView) -> bool:
    """Whether it takes a place among the moves under way; one that waits for a node that does not
    answer would keep all others from going elsewhere."""
    transfer = view.transfer
    is_live = transfer is not None and transfer.phase is not TransferPhase.SHUTDOWN
    return is_live and not is_held_up(transfer)


def _is_sent_unseen(view: VmView) -> bool:
    job = view.job
    is_sent = job is not None and isinstance(job.job, Migrate | Settle) and job.ending is None
    return is_sent and view.transfer is None


def _is_start(view: VmView) -> bool:
    job = view.job
    return job is not None and isinstance(job.job, Start) and job.ending is None


def _left(slots: Slots, actions: tuple[Action, ...]) -> Slots:
    for action in actions:
        if isinstance(action, Claim):
            slots = replace(slots, starts=slots.starts - 1)
        if isinstance(action, BeginMove) and isinstance(action.job, Migrate | Settle):
            to = action.transfer.to
            arrivals = {**slots.arrivals, to: slots.arrivals.get(to, 0) - 1}
            slots = replace(slots, sends=slots.sends - 1, arrivals=arrivals)
    return slots
