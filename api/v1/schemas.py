"""The shapes of answers, as JSON Schema for the OpenAPI document.

A test holds every view against its schema, so the document cannot drift from the answers.
"""

from typing import Any, Final

from cluster.model.fault import FaultStatus
from cluster.model.node import CoordinatorState, DaemonState, DomainState
from cluster.model.task import TaskState

Schema = dict[str, Any]

TEXT: Final[Schema] = {"type": "string"}
WHOLE: Final[Schema] = {"type": "integer"}
NUMBER: Final[Schema] = {"type": "number"}
FLAG: Final[Schema] = {"type": "boolean"}
OBJECT: Final[Schema] = {"type": "object"}


def record(**fields: Schema) -> Schema:
    """Return the schema of an object that has all these fields."""
    return {"type": "object", "properties": fields, "required": list(fields)}


def many(item: Schema) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": item}


def by_name(item: Schema) -> Schema:
    """Return the schema of an object whose field names are names of things."""
    return {"type": "object", "additionalProperties": item}


def told(schema: Schema, about: str) -> Schema:
    """Return the schema with a description."""
    return {**schema, "description": about}


def one_of(*choices: str) -> Schema:
    """Return the schema of a closed set of texts."""
    return {"type": "string", "enum": list(choices)}


def or_null(kind: str) -> Schema:
    """Return the schema of a value that may be unknown."""
    return {"type": [kind, "null"]}


def ref(name: str) -> Schema:
    """Return a reference to the schema of this name."""
    return {"$ref": f"#/components/schemas/{name}"}


_HEALTH: Final = told({"type": ["integer", "string"]}, "0 to 100, or the text N/A.")
_DAEMON_STATE: Final = one_of(*DaemonState)
_COORDINATOR_STATE: Final = one_of(*CoordinatorState)
_DOMAIN_STATE: Final = one_of(*DomainState)
_COUNTS: Final = told(by_name(WHOLE), "`total`, and how many are in each state.")

_INTERFACE: Final = record(
    rx_bps=WHOLE,
    rx_pps=WHOLE,
    tx_bps=WHOLE,
    tx_pps=WHOLE,
    total_bps=WHOLE,
    total_pps=WHOLE,
    link_speed=told(WHOLE, "Bits per second."),
    state=TEXT,
)

_NODE: Final = record(
    name=TEXT,
    daemon_state=_DAEMON_STATE,
    coordinator_state=_COORDINATOR_STATE,
    domain_state=_DOMAIN_STATE,
    pvc_version=TEXT,
    cpu_count=WHOLE,
    kernel=TEXT,
    os=TEXT,
    arch=TEXT,
    health=_HEALTH,
    health_plugins=many(TEXT),
    health_details=many(OBJECT),
    load=NUMBER,
    domains_count=told(WHOLE, "VMs that run on it."),
    running_domains=told(many(TEXT), "Their names."),
    vcpu=record(total=WHOLE, allocated=WHOLE),
    memory=told(
        record(total=WHOLE, allocated=WHOLE, provisioned=WHOLE, used=WHOLE, free=WHOLE), "MiB."
    ),
    interfaces=by_name(_INTERFACE),
    role=told({"type": ["string", "null"]}, "coordinator or hypervisor."),
    wanted_domain_state=told(or_null("string"), "Whether it shall take VMs: ready or flushed."),
    flush=told(
        {
            "anyOf": [
                record(
                    serial=WHOLE,
                    total=WHOLE,
                    done=WHOLE,
                    moving=many(TEXT),
                    stuck=told(by_name(TEXT), "VMs that cannot be moved, and why."),
                ),
                {"type": "null"},
            ]
        },
        "How its last flush, or its being made ready, goes.",
    ),
    is_present=told(FLAG, "Whether its keepalive has a session with the store."),
    beat_age=told(or_null("number"), "Seconds since its beat was last seen to move."),
    facts_at=told(TEXT, "When it looked at its load, memory and network, by its own clock, UTC."),
    vm_facts_age=told(
        or_null("number"),
        "How many seconds old the sums of its VMs are (vcpu.allocated, memory.allocated, "
        "memory.provisioned, domains_count).",
    ),
    schema=record(active=or_null("integer"), latest=or_null("integer")),
    workers=told(
        by_name(record(state=TEXT, age=or_null("number"), restarts=WHOLE, note=TEXT)),
        "How its workers are; `age` is how many seconds ago each last told its facts.",
    ),
)

_LOG: Final = record(
    name=TEXT,
    data=told(TEXT, "The lines, joined by newlines."),
    first=told(WHOLE, "Number of the first of these lines."),
    next=told(WHOLE, "The `since` to ask with for the lines that follow."),
    oldest=told(WHOLE, "Number of the oldest line that is still kept."),
)

_FAULT: Final = record(
    id=TEXT,
    first_reported=told(TEXT, "UTC, YYYY-MM-DD HH:MM:SS."),
    last_reported=TEXT,
    acknowledged_at=told(TEXT, "Empty until somebody has acknowledged it."),
    status=one_of(*FaultStatus),
    health_delta=told(WHOLE, "By how much it lowers the health, in percent."),
    message=TEXT,
)

_AMOUNT: Final = {"total": WHOLE, "free": WHOLE, "used": WHOLE}
_CLUSTER_STATUS: Final = record(
    cluster_name=TEXT,
    cluster_health=record(
        health=told(WHOLE, "0 to 100."),
        messages=many(record(id=TEXT, health_delta=WHOLE, text=TEXT)),
    ),
    node_health=by_name(record(health=_HEALTH, messages=many(TEXT))),
    maintenance=one_of("true", "false"),
    primary_node=told(TEXT, "Name of the primary, or the text none."),
    pvc_version=TEXT,
    upstream_ip=TEXT,
    nodes=_COUNTS,
    vms=_COUNTS,
    osds=_COUNTS,
    networks=WHOLE,
    pools=WHOLE,
    volumes=WHOLE,
    snapshots=WHOLE,
    resources=record(
        memory=told(
            record(**_AMOUNT, allocated=WHOLE, provisioned=WHOLE, utilization=NUMBER), "MiB."
        ),
        cpu=record(total=WHOLE, load=NUMBER, allocated=WHOLE, utilization=NUMBER),
        disk=told(record(**_AMOUNT, utilization=NUMBER), "KiB."),
    ),
    detail=record(
        node=many(record(name=TEXT, daemon_state=_DAEMON_STATE, domain_state=_DOMAIN_STATE)),
        vm=many(record(uuid=TEXT, name=TEXT, state=TEXT)),
        osd=many(record(**{"id": TEXT, "up": TEXT, "in": TEXT})),
        faults=many(ref("fault")),
    ),
    maintenance_detail=record(reason=TEXT, until=TEXT, by=TEXT),
)

_QUEUE: Final = by_name(many(record(id=TEXT, name=TEXT, args=many({}), kwargs=OBJECT)))

SCHEMAS: Final[dict[str, Schema]] = {
    "message": record(message=TEXT),
    "error": {
        "type": "object",
        "properties": {
            "message": {
                "description": "What is wrong; for a bad request an object that says it for each "
                "parameter.",
                "anyOf": [TEXT, by_name(TEXT)],
            },
            "code": told(TEXT, "A stable word for programs."),
        },
        "required": ["message"],
    },
    "primary_node": record(primary_node=TEXT),
    "cluster_status": _CLUSTER_STATUS,
    "node": _NODE,
    "node_daemon_state": record(name=TEXT, daemon_state=_DAEMON_STATE),
    "node_coordinator_state": record(name=TEXT, coordinator_state=_COORDINATOR_STATE),
    "node_domain_state": record(name=TEXT, domain_state=_DOMAIN_STATE),
    "node_log": _LOG,
    "vm_console": _LOG,
    "fault": _FAULT,
    "task_status": {
        **record(state=one_of(*TaskState), current=WHOLE, total=WHOLE, status=TEXT),
        "description": "Has a field `result` when the task has left one.",
    },
    "task_queues": told(
        record(active=_QUEUE, reserved=_QUEUE, scheduled=_QUEUE),
        "By node: `active` run, `reserved` wait.",
    ),
    "openapi": OBJECT,
    "page": TEXT,
}
