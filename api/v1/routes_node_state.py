"""Orders that a node takes VMs, or that none is left on it."""

from typing import Final

from api.access import Access
from api.seen import SeenNode
from api.v1.endpoint import Answer, Call, Wait, endpoint
from api.v1.ordered_vm import unknown_is_bad
from api.v1.parameter import Parameter
from api.v1.vm_waits import OrderFailed, OrderReplaced
from api.v1.waits import CODES, wait_parameters
from cluster.model.node import DomainState, WantedDomainState
from cluster.operations.node_orders import order_domain_state
from runtime.errors import NotFound

_WANTED: Final = {"ready": WantedDomainState.READY, "flush": WantedDomainState.FLUSHED}
_END: Final = {
    WantedDomainState.READY: DomainState.READY,
    WantedDomainState.FLUSHED: DomainState.FLUSHED,
}
_ORDERED: Final = {
    WantedDomainState.READY: "is to be ready for VMs",
    WantedDomainState.FLUSHED: "is to be flushed of VMs",
}
_DONE: Final = {
    WantedDomainState.READY: "is ready for VMs",
    WantedDomainState.FLUSHED: "is flushed of VMs",
}


@endpoint(
    "POST",
    "/node/<node>/domain-state",
    Parameter(
        name="state",
        about="`flush`: its VMs go to other nodes; `ready`: they come back.",
        is_required=True,
        choices=(*_WANTED,),
    ),
    *wait_parameters("the node is in this state, or what is left on it cannot be moved"),
    group="node",
    access=Access.CHANGE,
    answer="message",
    codes={400: "a bad parameter, or there is no such node"} | CODES,
)
def post_node_domain_state(call: Call) -> Answer:
    """Order that a node takes VMs, or that its VMs go elsewhere."""
    services, name = call.services, call.arguments.required("node")
    wanted = _WANTED[call.arguments.required("state")]
    with unknown_is_bad():
        order_domain_state(
            services.store, services.layout, name, wanted, deadline=services.deadline()
        )
    if not call.arguments.flag("wait"):
        return Answer({"message": f"Node '{name}' {_ORDERED[wanted]}."})

    def outcome() -> Answer | None:
        if is_carried_out(services.cluster.node(name), name, wanted):
            return Answer({"message": f"Node '{name}' {_DONE[wanted]}."})
        return None

    return Answer(
        wait=Wait(
            outcome=outcome,
            seconds=float(call.arguments.integer("wait_seconds") or 0),
            what=f"node '{name}', which {_ORDERED[wanted]}",
        )
    )


def is_carried_out(seen: SeenNode | None, name: str, wanted: WantedDomainState) -> bool:
    """Return whether a node is as ordered; raises when it will not be by itself."""
    if seen is None:
        raise NotFound(f"The node '{name}' was removed in the meantime.", node=name)
    if seen.node.wanted_domain_state is not wanted:
        raise OrderReplaced(f"The node '{name}' was given the opposite order.", node=name)
    if seen.node.domain_state is _END[wanted]:
        return True
    if seen.flush is not None and seen.is_flush_of_order and seen.flush.is_stuck:
        stuck = "; ".join(f"{vm}: {why}" for vm, why in sorted(seen.flush.stuck.items()))
        raise OrderFailed(
            f"VMs of the node '{name}' cannot be moved: {stuck}. It goes on trying.", node=name
        )
    return False
