"""Which node a VM goes to; pure.

Invariants: a node is chosen only if it lives, takes VMs and is to take them, is allowed for the VM
and has room for it after all that is on its way there; the same question has the same answer; who
is refused learns of every node why.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from cluster.model.node import DomainState, WantedDomainState
from cluster.model.vm import Selector

_DEFAULT_SELECTOR: Final = Selector.MEM
_MOST_RESERVE_MB: Final = 1024
_RESERVE_PART: Final = 32
_FULL: Final = float("inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A node as a place for VMs."""

    name: str
    is_alive: bool
    """Its daemon says run and its keepalive has a session."""
    domain_state: DomainState | None
    wanted_domain_state: WantedDomainState | None
    memory_total_mb: int = 0
    memory_free_mb: int = 0
    memory_provisioned_mb: int = 0
    vcpus_allocated: int = 0
    vms_running: int = 0
    cpu_count: int = 0
    load: float = 0.0
    arriving_mb: int = 0
    """Memory of VMs that are wanted there, are to run and do not run there yet."""
    arriving_vcpus: int = 0
    arriving_vms: int = 0

    @property
    def takes_vms(self) -> bool:
        """Whether it has VMs put on it, as far as its domain state goes."""
        return (
            self.domain_state is DomainState.READY
            and self.wanted_domain_state is WantedDomainState.READY
        )

    @property
    def reserve_mb(self) -> int:
        """Memory that is left to the node itself."""
        return min(_MOST_RESERVE_MB, self.memory_total_mb // _RESERVE_PART)

    @property
    def room_mb(self) -> int:
        """The memory that one more VM may have."""
        return self.memory_free_mb - self.arriving_mb - self.reserve_mb


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A VM that looks for a node."""

    vm: str
    """Its name or UUID: the key of the answer."""
    memory_mb: int = 0
    """0: it takes no memory yet, since it will not run at once."""
    vcpus: int = 0
    selector: Selector = Selector.NONE
    node_limit: tuple[str, ...] = ()
    """The only nodes it may be on; empty: all."""
    on: str = ""
    """The node it is on now, which is no answer; empty when it is on none."""
    excluded: frozenset[str] = frozenset()
    """Further nodes that are no answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """The answer."""

    node: str | None
    """None: there is no place for it."""
    refused: Mapping[str, str] = field(default_factory=dict)
    """Why not, by node."""

    @property
    def explanation(self) -> str:
        """Every node and why not, as one sentence."""
        if not self.refused:
            return "there are no nodes"
        return "; ".join(f"{name}: {why}" for name, why in sorted(self.refused.items()))


def place(
    request: Request, candidates: Iterable[Candidate], *, default: Selector = _DEFAULT_SELECTOR
) -> Placement:
    """Return the best node for a VM, or why there is none."""
    refused: dict[str, str] = {}
    fit: list[Candidate] = []
    for one in candidates:
        if why := why_not(request, one):
            refused[one.name] = why
        else:
            fit.append(one)
    order = _ORDERS[_selector(request, default)]
    best = min(fit, key=lambda one: (order(one), one.name), default=None)
    return Placement(node=None if best is None else best.name, refused=refused)


def in_order(requests: Iterable[Request]) -> Sequence[Request]:
    """Return the order in which VMs are placed: small ones still fit where large ones left room."""
    return sorted(requests, key=lambda one: (-one.memory_mb, -one.vcpus, one.vm))


def with_arrival(node: Candidate, request: Request) -> Candidate:
    """Return a node on which a VM was placed that is not there yet."""
    return replace(
        node,
        arriving_mb=node.arriving_mb + request.memory_mb,
        arriving_vcpus=node.arriving_vcpus + request.vcpus,
        arriving_vms=node.arriving_vms + 1,
        memory_provisioned_mb=node.memory_provisioned_mb + request.memory_mb,
    )


def why_not(request: Request, node: Candidate) -> str:
    """Return why a VM cannot go to a node; empty when it can."""
    if node.name == request.on:
        return "it is there now"
    if node.name in request.excluded:
        return "it is excluded"
    if request.node_limit and node.name not in request.node_limit:
        return f"the VM may only be on {', '.join(request.node_limit)}"
    if trouble := why_closed(node):
        return trouble
    if request.memory_mb > 0 and request.memory_mb > node.room_mb:
        return _too_small(request, node)
    return ""


def why_closed(node: Candidate) -> str:
    """Return why a node takes no VM at all; empty when it does."""
    if not node.is_alive:
        return "its daemon does not run"
    if node.wanted_domain_state is not WantedDomainState.READY:
        return "it is to be flushed; make it ready first"
    if not node.takes_vms:
        return f"its domain state is {node.domain_state or 'unknown'}, not ready"
    return ""


def _too_small(request: Request, node: Candidate) -> str:
    parts = [f"{node.memory_free_mb} MiB free"]
    if node.arriving_mb:
        parts.append(f"{node.arriving_mb} MiB for VMs on their way there")
    parts.append(f"{node.reserve_mb} MiB kept for the node")
    return f"{request.memory_mb} MiB do not fit ({', '.join(parts)})"


def _selector(request: Request, default: Selector) -> Selector:
    if request.selector is not Selector.NONE:
        return request.selector
    return _DEFAULT_SELECTOR if default is Selector.NONE else default


def _part(share: float, whole: float) -> float:
    """A share of a whole that may be unknown: then the node is the last to be taken."""
    return share / whole if whole > 0 else _FULL


def _by_memory(node: Candidate) -> float:
    return -float(node.memory_free_mb - node.arriving_mb)


def _by_provisioned(node: Candidate) -> float:
    return _part(node.memory_provisioned_mb, node.memory_total_mb)


def _by_load(node: Candidate) -> float:
    # A VM on its way shows in no load average yet: it is counted as if it were busy.
    return _part(node.load + node.arriving_vcpus, node.cpu_count)


def _by_vcpus(node: Candidate) -> float:
    return _part(node.vcpus_allocated + node.arriving_vcpus, node.cpu_count)


def _by_vms(node: Candidate) -> float:
    return float(node.vms_running + node.arriving_vms)


_ORDERS: Final[Mapping[Selector, Callable[[Candidate], float]]] = {
    Selector.MEM: _by_memory,
    Selector.MEMPROV: _by_provisioned,
    Selector.LOAD: _by_load,
    Selector.VCPUS: _by_vcpus,
    Selector.VMS: _by_vms,
}
"""By what the nodes are sorted, the best first."""
