"""The shapes of answers about VMs, as JSON Schema for the OpenAPI document."""

from typing import Final

from api.v1.schemas import (
    FLAG,
    TEXT,
    WHOLE,
    Schema,
    by_name,
    many,
    one_of,
    or_null,
    record,
    told,
)
from cluster.model.vm import (
    ArrivalPhase,
    MigrationMethod,
    Move,
    SeenState,
    Selector,
    TagKind,
    TransferPhase,
    VmState,
    WantedState,
)

_OR_NULL: Final = or_null("string")
_COUNTED: Final = "Numbers as libvirt gives them; empty while it does not run."
_TAG: Final = record(name=TEXT, type=one_of(*TagKind), protected=FLAG)
_LIMIT: Final = told(
    {"type": ["array", "null"], "items": TEXT}, "The only nodes it may be on; null: all."
)
_NIC: Final = record(
    type=told(TEXT, "bridge, direct or hostdev."),
    vni=told(TEXT, "Digits, or upstream, cluster, storage, macvtap:<device>, hostdev:<vf>."),
    mac=TEXT,
    source=told(TEXT, "Bridge or device on the node."),
    model=_OR_NULL,
    rd_bytes=WHOLE,
    rd_packets=WHOLE,
    rd_errors=WHOLE,
    rd_drops=WHOLE,
    wr_bytes=WHOLE,
    wr_packets=WHOLE,
    wr_errors=WHOLE,
    wr_drops=WHOLE,
)
_DISK: Final = record(
    type=one_of("rbd", "file"),
    name=told(TEXT, "pool/volume, or a path."),
    dev=TEXT,
    bus=TEXT,
    rd_req=WHOLE,
    rd_bytes=WHOLE,
    wr_req=WHOLE,
    wr_bytes=WHOLE,
)
_SNAPSHOT: Final = record(
    name=TEXT,
    timestamp=told(TEXT, "Epoch seconds."),
    age=told(WHOLE, "Seconds."),
    xml_diff_lines=told(many(TEXT), "What has changed in the definition since, as a diff."),
    rbd_snapshots=told(many(TEXT), "pool/volume@snapshot."),
)
_WANTED: Final = record(
    state=one_of(*WantedState),
    node=TEXT,
    move=one_of(*Move),
    serial=WHOLE,
    is_forced=FLAG,
    is_live_only=FLAG,
)
_SEEN: Final = record(
    state=one_of(*SeenState),
    node=TEXT,
    serial=told(WHOLE, "The last order that was carried out or given up."),
    reason=TEXT,
)
_TRANSFER: Final = record(
    to=TEXT, phase=one_of(*TransferPhase), percent=WHOLE, serial=WHOLE, reason=TEXT
)
_ARRIVAL: Final = record(node=TEXT, phase=one_of(*ArrivalPhase), serial=WHOLE)

_VM: Final = record(
    name=TEXT,
    uuid=TEXT,
    state=one_of(*VmState),
    node=told(TEXT, "Where it runs, or would be started."),
    last_node=told(TEXT, "Its home while it is elsewhere for now, else empty."),
    migrated=told(TEXT, "no, or `from <node>`."),
    failed_reason=told(TEXT, "Why it is in state fail, else empty."),
    node_limit=_LIMIT,
    node_selector=told(_OR_NULL, "mem, memprov, vcpus, load or vms; null: the cluster's."),
    node_autostart=FLAG,
    migration_method=told(_OR_NULL, "live or shutdown; null: live, else by shutting down."),
    migration_max_downtime=told(WHOLE, "Milliseconds."),
    tags=many(_TAG),
    snapshots=told(many(_SNAPSHOT), "Newest first."),
    description=TEXT,
    profile=told(TEXT, "The provisioner's profile it was made from."),
    memory=told(WHOLE, "MiB."),
    memory_stats=told(by_name(WHOLE), _COUNTED),
    vcpu=WHOLE,
    vcpu_topology=told(TEXT, "sockets/cores/threads, or N/A."),
    vcpu_stats=told(by_name(WHOLE), _COUNTED),
    type=TEXT,
    arch=TEXT,
    machine=TEXT,
    console=TEXT,
    vnc=record(listen=_OR_NULL, port=_OR_NULL),
    emulator=TEXT,
    features=many(TEXT),
    networks=many(_NIC),
    disks=many(_DISK),
    controllers=many(record(type=TEXT, model=_OR_NULL)),
    xml=told(TEXT, "Its definition for libvirt, without double quotes."),
    reason=told(TEXT, "Why it is not as wanted, or what holds it up; else empty."),
    wanted=told(_WANTED, "The order in force."),
    seen=told(_SEEN, "What the node that has it sees."),
    transfer=told(
        {"anyOf": [_TRANSFER, {"type": "null"}]}, "A move under way, by the node that sends it."
    ),
    arrival=told({"anyOf": [_ARRIVAL, {"type": "null"}]}, "The same by the node that receives it."),
    statistics_at=told(TEXT, "When the statistics were taken, UTC, by the node's own clock."),
    broken=told(many(TEXT), "Parts of its record that cannot be read."),
)

VM_SCHEMAS: Final[dict[str, Schema]] = {
    "vm": told(_VM, "With `fields` only those."),
    "vm_meta": record(
        name=TEXT,
        node_limit=_LIMIT,
        node_selector=one_of(*Selector),
        node_autostart=one_of("True", "False"),
        migration_method=one_of(*MigrationMethod),
        migration_max_downtime=WHOLE,
    ),
    "vm_tags": record(name=TEXT, tags=many(_TAG)),
    "vm_state": record(name=TEXT, state=one_of(*VmState)),
    "vm_node": record(name=TEXT, node=TEXT, last_node=TEXT),
    "task": told(
        record(task_id=TEXT, task_name=TEXT, run_on=TEXT),
        "A task that was ordered; `Location` is where to ask how it is.",
    ),
}
