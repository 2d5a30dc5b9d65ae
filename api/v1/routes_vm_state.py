"""Orders of a VM's state, and of the node it is on."""

from typing import Final

from api.access import Access
from api.v1.endpoint import Answer, Call, Wait, endpoint
from api.v1.ordered_vm import UNKNOWN, Ordered, ordered_vm, unknown_is_bad
from api.v1.parameter import Kind, Parameter
from api.v1.vm_waits import is_carried_out
from api.v1.waits import CODES, wait_parameters
from cluster.lifecycle.vm_orders import Order
from cluster.model.vm import Move, Wanted
from cluster.operations import vm_move, vm_state
from cluster.operations.vm_move import Places

GROUP: Final = "vm"
_ORDERED: Final = {
    Order.START: "is to start",
    Order.RESTART: "is to restart",
    Order.SHUTDOWN: "is to shut down",
    Order.STOP: "is to stop",
    Order.DISABLE: "is to be disabled",
}
_DONE: Final = {
    Order.START: "is started",
    Order.RESTART: "is restarted",
    Order.SHUTDOWN: "is shut down",
    Order.STOP: "is stopped",
    Order.DISABLE: "is disabled",
}
_MOVES: Final = {"migrate": Move.MIGRATE, "unmigrate": Move.UNMIGRATE, "move": Move.MOVE}


@endpoint(
    "POST",
    "/vm/<vm>/state",
    Parameter(name="state", about="The state.", is_required=True, choices=(*Order,)),
    Parameter(
        name="force",
        about="Also a VM that a task, or another cluster, is at work on; with disable, without "
        "shutting it down first.",
        kind=Kind.FLAG,
    ),
    *wait_parameters("the VM is in this state"),
    group=GROUP,
    access=Access.CHANGE,
    answer="message",
    codes=UNKNOWN | CODES,
)
def post_vm_state(call: Call) -> Answer:
    """Start, restart, shut down, stop or disable a VM."""
    order = Order(call.arguments.required("state"))
    with unknown_is_bad():
        vm = ordered_vm(call)
        wanted = vm_state.order_state(
            vm.store,
            vm.layout,
            vm.uuid,
            order,
            is_forced=call.arguments.flag("force"),
            deadline=vm.deadline,
        )
    return _answer(call, vm, wanted, _ORDERED[order], _DONE[order])


@endpoint(
    "POST",
    "/vm/<vm>/node",
    Parameter(
        name="action",
        about="`migrate`: elsewhere for now; `unmigrate`: back home; `move`: elsewhere for good.",
        is_required=True,
        choices=(*_MOVES,),
    ),
    Parameter(name="node", about="The node; without it the best one is chosen."),
    Parameter(
        name="force",
        about="Migrate a VM that is migrated already; it keeps its home.",
        kind=Kind.FLAG,
    ),
    Parameter(name="force_live", about="Live or not at all.", kind=Kind.FLAG),
    *wait_parameters("the VM runs there"),
    group=GROUP,
    access=Access.CHANGE,
    answer="message",
    codes=UNKNOWN | CODES,
)
def post_vm_node(call: Call) -> Answer:
    """Bring a VM to another node."""
    with unknown_is_bad():
        vm = ordered_vm(call)
        wanted = _order_move(call, vm)
    where = f"node '{wanted.node}'"
    return _answer(call, vm, wanted, f"is to be on {where}", f"is on {where}")


def _order_move(call: Call, vm: Ordered) -> Wanted:
    given, reader = call.arguments, call.services.cluster
    move, node = _MOVES[given.required("action")], given.text("node") or None
    is_live_only, deadline = given.flag("force_live"), vm.deadline
    if move is Move.UNMIGRATE:
        return vm_move.order_unmigrate(
            vm.store, vm.layout, vm.uuid, is_live_only=is_live_only, deadline=deadline
        )
    places = Places(candidates=() if node else reader.candidates(), default=reader.selector())
    if move is Move.MOVE:
        return vm_move.order_move(
            vm.store,
            vm.layout,
            vm.uuid,
            node=node,
            is_live_only=is_live_only,
            places=places,
            deadline=deadline,
        )
    return vm_move.order_migrate(
        vm.store,
        vm.layout,
        vm.uuid,
        node=node,
        is_forced=given.flag("force"),
        is_live_only=is_live_only,
        places=places,
        deadline=deadline,
    )


def _answer(call: Call, vm: Ordered, wanted: Wanted, ordered: str, done: str) -> Answer:
    name, find = call.arguments.required("vm"), call.services.cluster.vm
    if not call.arguments.flag("wait"):
        return Answer({"message": f"VM '{name}' {ordered}."})

    def outcome() -> Answer | None:
        is_done = is_carried_out(find(vm.uuid), name, wanted)
        return Answer({"message": f"VM '{name}' {done}."}) if is_done else None

    return Answer(
        wait=Wait(
            outcome=outcome,
            seconds=float(call.arguments.integer("wait_seconds") or 0),
            what=f"VM '{name}', which {ordered}",
        )
    )
