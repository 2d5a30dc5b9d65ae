"""What is written about this node with each beat; pure."""

from collections.abc import Mapping
from dataclasses import replace

from bus.messages import ChildState
from cluster.model.node import MemoryFacts, NodeFacts, WorkerFacts
from runtime.clock import Instant
from workers.keepalive.machine import Sample
from workers.keepalive.rates import interface_facts
from workers.keepalive.seen import Child, Seen


def node_facts(
    seen: Seen,
    sample: Sample,
    previous: Sample | None,
    now: Instant,
    *,
    dead_after_seconds: float,
) -> NodeFacts:
    """Return what this node sees of itself."""
    facts = NodeFacts(
        at=sample.taken_at,
        cpu_count=sample.cpu_count,
        load=sample.load,
        kernel=sample.kernel,
        os=sample.os,
        arch=sample.arch,
        memory=MemoryFacts(
            total_mb=sample.memory_total_mb,
            free_mb=sample.memory_free_mb,
            used_mb=sample.memory_total_mb - sample.memory_free_mb,
        ),
        interfaces=interface_facts(previous, sample),
        dead_after_seconds=dead_after_seconds,
    )
    return with_workers(facts, seen, now)


def with_workers(facts: NodeFacts, seen: Seen, now: Instant) -> NodeFacts:
    """Return the facts with what the workers have told by now; the rest keeps its age and says
    so."""
    facts = replace(facts, workers=_workers(seen, now))
    if (vms := seen.vms) is None:
        return facts
    return replace(
        facts,
        memory=replace(
            facts.memory,
            allocated_mb=vms.memory_allocated_mb,
            provisioned_mb=vms.memory_provisioned_mb,
        ),
        vcpus_allocated=vms.vcpus_allocated,
        vms_running=vms.vms_running,
        vm_facts_age_seconds=round(max(0.0, now - vms.at), 1),
    )


def _workers(seen: Seen, now: Instant) -> Mapping[str, WorkerFacts]:
    children = seen.tree.children if seen.tree is not None else {}
    return {
        name: _worker(children.get(name), seen.facts_at.get(name), now)
        for name in sorted(children.keys() | seen.facts_at.keys())
    }


def _worker(child: Child | None, facts_at: Instant | None, now: Instant) -> WorkerFacts:
    age = None if facts_at is None else round(max(0.0, now - facts_at), 1)
    if child is None:
        return WorkerFacts(state=ChildState.WAITING, age_seconds=age)
    return WorkerFacts(
        state=child.state, age_seconds=age, restarts=child.restarts, note=child.reason
    )
