"""Nodes and VMs as placement knows them; pure."""

from cluster.placement import Candidate, Request
from workers.vm.seen import NodeView, VmView


def candidate(node: NodeView) -> Candidate:
    """Return a node as a place for VMs."""
    return Candidate(
        name=node.name,
        is_alive=node.is_alive,
        domain_state=node.domain_state,
        wanted_domain_state=node.wanted_domain_state,
        memory_total_mb=node.memory_total_mb,
        memory_free_mb=node.memory_free_mb,
        memory_provisioned_mb=node.memory_provisioned_mb,
        vcpus_allocated=node.vcpus_allocated,
        vms_running=node.vms_running,
        cpu_count=node.cpu_count,
        load=node.load,
        arriving_mb=node.arriving_mb,
        arriving_vcpus=node.arriving_vcpus,
        arriving_vms=len(node.arriving),
    )


def request(view: VmView, *, on: str, excluded: frozenset[str] = frozenset()) -> Request:
    """Return a VM that is to run and looks for another node than the one it is on."""
    return Request(
        vm=view.uuid,
        memory_mb=memory_mb(view),
        vcpus=vcpus(view),
        selector=view.meta.node_selector,
        node_limit=view.meta.node_limit,
        on=on,
        excluded=excluded,
    )


def memory_mb(view: VmView) -> int:
    """Return the memory that a VM takes: what it has here, or what its definition gives it."""
    if view.local is not None and view.local.memory_mb:
        return view.local.memory_mb
    return view.definition.memory_mb if view.definition is not None else 0


def vcpus(view: VmView) -> int:
    """Return the vCPUs that a VM takes."""
    if view.local is not None and view.local.vcpus:
        return view.local.vcpus
    return view.definition.vcpus if view.definition is not None else 0
