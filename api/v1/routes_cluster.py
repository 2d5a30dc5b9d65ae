"""The cluster as a whole."""

from typing import Final

from api.access import Access
from api.v1.endpoint import Answer, Call, endpoint
from api.v1.parameter import Kind, Parameter
from api.v1.views_cluster import cluster_view
from cluster.model.cluster import Maintenance
from cluster.operations.maintenance import set_maintenance

GROUP: Final = "cluster"


@endpoint("GET", "/status", group=GROUP, access=Access.READ, answer="cluster_status")
def get_status(call: Call) -> Answer:
    """Show the state and health of the cluster."""
    return Answer(cluster_view(call.services.cluster.overview()))


@endpoint(
    "POST",
    "/status",
    Parameter(
        name="state",
        about="Whether maintenance is on: while it is, nobody is fenced.",
        kind=Kind.FLAG,
        is_required=True,
        choices=("true", "false"),
    ),
    Parameter(name="reason", about="Why, for whoever looks at the cluster meanwhile."),
    group=GROUP,
    access=Access.CHANGE,
    answer="message",
)
def post_status(call: Call) -> Answer:
    """Begin or end maintenance."""
    services, is_on = call.services, call.arguments.flag("state")
    wanted = Maintenance(
        is_on=is_on,
        reason=(call.arguments.text("reason") or "") if is_on else "",
        by=call.identity.name,
    )
    set_maintenance(services.store, services.layout, wanted, services.deadline())
    return Answer({"message": f"Maintenance is {'on' if is_on else 'off'}."})


@endpoint(
    "GET",
    "/status/primary_node",
    group=GROUP,
    access=Access.OPEN,
    answer="primary_node",
    codes={204: "there is no primary at the moment"},
)
def get_primary_node(call: Call) -> Answer:
    """Show which node is the primary."""
    primary = call.services.cluster.cluster().primary_node
    return Answer({"primary_node": primary}) if primary else Answer(status=204)
