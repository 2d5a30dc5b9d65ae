"""Nodes: lists, states, logs."""

from typing import Final

from api.access import Access
from api.seen import SeenNode
from api.v1.endpoint import Answer, Call, endpoint
from api.v1.limit import name_filter
from api.v1.listing import Keys, fields_of, listing_parameters, page_of
from api.v1.log_query import LOG_PARAMETERS, log_query
from api.v1.parameter import Parameter
from api.v1.schemas import SCHEMAS
from api.v1.views_node import coordinator_state, domain_state, log_view, node_view
from runtime.errors import Invalid, NotFound

GROUP: Final = "node"
_NO_SUCH_NODE: Final = {404: "there is no such node"}
_SORT_KEYS: Final[Keys[SeenNode]] = {
    "name": lambda seen: seen.node.name,
    "daemon_state": lambda seen: seen.daemon_state,
    "coordinator_state": lambda seen: coordinator_state(seen.node),
    "domain_state": lambda seen: domain_state(seen.node),
    "domains_count": lambda seen: seen.node.facts.vms_running if seen.node.facts else 0,
    "load": lambda seen: seen.node.facts.load if seen.node.facts else 0.0,
}
_FIELDS: Final = tuple(SCHEMAS["node"]["properties"])


@endpoint(
    "GET",
    "/node",
    Parameter(name="limit", about="A regular expression that the name must hold."),
    Parameter(name="daemon_state", about="Nodes in one of these daemon states.", is_repeated=True),
    Parameter(
        name="coordinator_state",
        about="Nodes in one of these coordinator states.",
        is_repeated=True,
    ),
    Parameter(name="domain_state", about="Nodes in one of these domain states.", is_repeated=True),
    *listing_parameters(_SORT_KEYS, _FIELDS),
    group=GROUP,
    access=Access.READ,
    answer="[node]",
    codes={404: "no node matches"},
)
def get_nodes(call: Call) -> Answer:
    """List nodes; of several state filters one has to match."""
    limit = name_filter("limit", call.arguments.text("limit"))
    nodes = [
        seen
        for seen in call.services.cluster.nodes()
        if limit.search(seen.node.name) and _has_wanted_state(call, seen)
    ]
    fields = fields_of(call.arguments, _FIELDS)
    shown, headers = page_of(call.arguments, nodes, _SORT_KEYS, "nodes")
    views = [node_view(seen) for seen in shown]
    if fields is not None:
        views = [{name: view[name] for name in fields} for view in views]
    return Answer(views, headers=headers)


@endpoint(
    "GET", "/node/<node>", group=GROUP, access=Access.READ, answer="[node]", codes=_NO_SUCH_NODE
)
def get_node(call: Call) -> Answer:
    """Show one node, as a list of one."""
    return Answer([node_view(_node(call))])


@endpoint(
    "GET",
    "/node/<node>/daemon-state",
    group=GROUP,
    access=Access.READ,
    answer="node_daemon_state",
    codes=_NO_SUCH_NODE,
)
def get_node_daemon_state(call: Call) -> Answer:
    """Show the state of a node's daemon."""
    seen = _node(call)
    return Answer({"name": seen.node.name, "daemon_state": seen.daemon_state.value})


@endpoint(
    "GET",
    "/node/<node>/coordinator-state",
    group=GROUP,
    access=Access.READ,
    answer="node_coordinator_state",
    codes=_NO_SUCH_NODE,
)
def get_node_coordinator_state(call: Call) -> Answer:
    """Show whether a node has the primary duties."""
    node = _node(call).node
    return Answer({"name": node.name, "coordinator_state": coordinator_state(node)})


@endpoint(
    "GET",
    "/node/<node>/domain-state",
    group=GROUP,
    access=Access.READ,
    answer="node_domain_state",
    codes=_NO_SUCH_NODE,
)
def get_node_domain_state(call: Call) -> Answer:
    """Show whether a node takes VMs."""
    node = _node(call).node
    return Answer({"name": node.name, "domain_state": domain_state(node)})


@endpoint(
    "GET",
    "/node/<node>/log",
    *LOG_PARAMETERS,
    group=GROUP,
    access=Access.READ,
    answer="node_log",
    codes={400: "there is no such node, or a bad parameter"},
)
def get_node_log(call: Call) -> Answer:
    """Show the recent log lines of a node's daemons."""
    name = call.arguments.required("node")
    if call.services.cluster.node(name) is None:
        raise Invalid(f"There is no node '{name}'.")
    query = log_query(call.arguments)
    found = call.services.cluster.log(name, last=query.last, start=query.start)
    return Answer(log_view(name, found, at_most=query.at_most))


def _node(call: Call) -> SeenNode:
    name = call.arguments.required("node")
    if (seen := call.services.cluster.node(name)) is None:
        raise NotFound(f"There is no node '{name}'.")
    return seen


def _has_wanted_state(call: Call, seen: SeenNode) -> bool:
    has = {
        "daemon_state": seen.daemon_state.value,
        "coordinator_state": coordinator_state(seen.node),
        "domain_state": domain_state(seen.node),
    }
    wanted = {name: call.arguments.texts(name) for name in has}
    asked = [name for name, states in wanted.items() if states]
    return not asked or any(has[name] in wanted[name] for name in asked)
