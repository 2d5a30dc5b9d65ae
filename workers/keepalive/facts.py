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
    """Return what this node sees of itself; the sums of its VMs come with the vm worker's facts."""
    return NodeFacts(
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
        workers=_workers(seen, now),
        dead_after_seconds=dead_after_seconds,
    )


def with_workers(facts: NodeFacts, seen: Seen, now: Instant) -> NodeFacts:
    """Return the facts with the workers as they are now; the rest keeps its age and says so."""
    return replace(facts, workers=_workers(seen, now))


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
