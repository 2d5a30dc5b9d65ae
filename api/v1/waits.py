"""For how long a call may wait, and the parameters by which a client says so; pure."""

from typing import Final

from api.v1.parameter import Kind, Parameter

LONGEST_SECONDS: Final = 3600
"""Below nginx's `proxy_read_timeout` (packaging/nginx/pvc.conf): a wait ends with our answer."""
CODES: Final = {
    503: "the cluster's data cannot be read or written at the moment, too many calls wait, or the "
    "wait is over before the work (`still_under_way`): the order stands",
}


def wait_parameters(what: str) -> tuple[Parameter, ...]:
    """Return the parameters of an endpoint whose calls may wait for something."""
    return (
        Parameter(
            name="wait",
            about=f"Whether to answer only when {what}.",
            kind=Kind.FLAG,
        ),
        Parameter(
            name="wait_seconds",
            about="For how long to wait at most.",
            kind=Kind.INTEGER,
            default=LONGEST_SECONDS,
            minimum=1,
            maximum=LONGEST_SECONDS,
        ),
    )
