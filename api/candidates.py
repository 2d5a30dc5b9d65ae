"""The nodes as places for VMs, as this API sees them; pure."""

from collections.abc import Iterable

from api.seen import SeenNode
from api.seen_vm import SeenVm
from cluster.model.node import DaemonState, NodeFacts
from cluster.model.vm import WantedState
from cluster.placement import Candidate

_TO_RUN = (WantedState.START, WantedState.RESTART)


def candidates(nodes: Iterable[SeenNode], vms: Iterable[SeenVm]) -> tuple[Candidate, ...]:
    """Return each node with what is on its way there."""
    arriving: dict[str, list[SeenVm]] = {}
    for seen in vms:
        if _is_arriving(seen):
            arriving.setdefault(seen.vm.wanted.node, []).append(seen)
    return tuple(_candidate(node, arriving.get(node.node.name, [])) for node in nodes)


def _is_arriving(seen: SeenVm) -> bool:
    wanted, there = seen.vm.wanted, seen.vm.seen
    is_there = there.state.may_run and there.node == wanted.node
    return wanted.state in _TO_RUN and not is_there


def _candidate(seen: SeenNode, arriving: list[SeenVm]) -> Candidate:
    node, facts = seen.node, seen.node.facts or NodeFacts()
    return Candidate(
        name=node.name,
        is_alive=seen.daemon_state is DaemonState.RUN and node.presence is not None,
        domain_state=node.domain_state,
        wanted_domain_state=node.wanted_domain_state,
        memory_total_mb=facts.memory.total_mb,
        memory_free_mb=facts.memory.free_mb,
        memory_provisioned_mb=facts.memory.provisioned_mb,
        vcpus_allocated=facts.vcpus_allocated,
        vms_running=facts.vms_running,
        cpu_count=facts.cpu_count,
        load=facts.load,
        arriving_mb=sum(one.definition.memory_mb for one in arriving),
        arriving_vcpus=sum(one.definition.vcpus for one in arriving),
        arriving_vms=len(arriving),
    )
