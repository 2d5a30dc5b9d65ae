"""Keys of the earlier layouts that ours has no more: converted into a new home, or dropped as facts
that are seen anew.

Names are mostly those of the earlier implementation. The writer is the role of ours that comes
nearest to whoever wrote the key; nothing of ours writes it any more.
"""

from typing import Final

from cluster.schema.key import Form, Key, Writer


def _until_16(
    name: str,
    path: str,
    form: Form,
    about: str,
    *,
    writer: Writer,
    since: int = 0,
    until: int = 16,
    default: str = "",
) -> Key:
    return Key(
        name=name,
        path=path,
        form=form,
        writer=writer,
        about=about,
        since=since,
        until=until,
        default=default,
    )


def _lock(name: str, path: str, *, since: int = 0, until: int = 16) -> Key:
    return _until_16(
        name,
        path,
        Form.EMPTY,
        "Held nothing, or there for its lock.",
        writer=Writer.NOBODY,
        since=since,
        until=until,
    )


def _node(
    name: str, path: str, form: Form, about: str, *, since: int = 0, default: str = ""
) -> Key:
    return _until_16(
        f"node.{name}",
        f"/nodes/{{node}}/{path}",
        form,
        about,
        writer=Writer.KEEPALIVE,
        since=since,
        default=default,
    )


def _vm(
    name: str,
    path: str,
    form: Form,
    about: str,
    *,
    writer: Writer = Writer.ORDER,
    since: int = 0,
    default: str = "",
) -> Key:
    return _until_16(
        f"domain.{name}",
        f"/domains/{{vm}}/{path}",
        form,
        about,
        writer=writer,
        since=since,
        default=default,
    )


def _fault(name: str, form: Form, about: str) -> Key:
    return _until_16(
        f"faults.{name}",
        f"/faults/{{fault}}/{name}",
        form,
        about,
        writer=Writer.REPORTER,
        since=11,
    )


_CLUSTER: Final = (
    _until_16(
        "cluster.maintenance",
        "/config/maintenance",
        Form.FLAG,
        "`true` or `false`; now cluster.wanted_maintenance.",
        writer=Writer.ORDER,
        default="false",
    ),
    _lock("cluster.fence_lock", "/config/fence_lock", since=15),
    _lock("cluster.primary_node.sync_lock", "/config/primary_node/sync_lock"),
    _lock("cmd", "/cmd", until=10),
    _lock("cmd.node", "/cmd/nodes", until=10),
    _lock("cmd.domain", "/cmd/domains", until=10),
    _lock("cmd.ceph", "/cmd/ceph", until=10),
)

_NODE: Final = (
    _node("keepalive", "keepalive", Form.INTEGER, "Epoch seconds; now node.beat.", default="0"),
    _node("mode", "daemonmode", Form.TEXT, "The same as node."),
    _node("data.static", "staticdata", Form.TEXT, "CPUs, kernel, os, arch; now node.facts."),
    _node("running_domains", "runningdomains", Form.TEXT, "UUIDs; now in vm.seen."),
    _node(
        "count.provisioned_domains", "domainscount", Form.INTEGER, "Now node.facts.", default="0"
    ),
    _node("count.networks", "networkscount", Form.INTEGER, "Never used.", default="0"),
    _node("cpu.load", "cpuload", Form.NUMBER, "Now in node.facts.", default="0.0"),
    _node("vcpu.allocated", "vcpualloc", Form.INTEGER, "Now in node.facts.", default="0"),
    _node("memory.total", "memtotal", Form.INTEGER, "MiB; now in node.facts.", default="0"),
    _node("memory.used", "memused", Form.INTEGER, "MiB; now in node.facts.", default="0"),
    _node("memory.free", "memfree", Form.INTEGER, "MiB; now in node.facts.", default="0"),
    _node("memory.allocated", "memalloc", Form.INTEGER, "MiB; now in node.facts.", default="0"),
    _node("memory.provisioned", "memprov", Form.INTEGER, "MiB; now in node.facts.", default="0"),
    _node("monitoring.plugins", "monitoring_plugins", Form.TEXT, "Seen anew.", since=9),
    _node("monitoring.data", "monitoring_data", Form.EMPTY, "Seen anew.", since=9),
    _node("monitoring.health", "monitoring_health", Form.TEXT, "Seen anew.", since=9),
    *(
        _node(
            f"monitoring.plugin{dot}",
            f"monitoring_data/{{plugin}}{path}",
            form,
            "Seen anew.",
            since=9,
        )
        for dot, path, form in (
            ("", "", Form.TEXT),
            (".last_run", "/last_run", Form.INTEGER),
            (".health_delta", "/health_delta", Form.INTEGER),
            (".message", "/message", Form.TEXT),
            (".data", "/data", Form.JSON),
            (".runtime", "/runtime", Form.NUMBER),
        )
    ),
    _node("network.stats", "network_stats", Form.JSON, "Now in node.facts.", since=12),
    _until_16(
        "node.log.messages",
        "/logs/{node}/messages",
        Form.TEXT,
        "All lines in one text; now node.log.chunk.",
        writer=Writer.CONSOLE,
        since=4,
    ),
)

_VM: Final = (
    _vm("state", "state", Form.TEXT, "Order and fact in one; now vm.wanted and vm.seen."),
    _vm("node", "node", Form.TEXT, "Now in vm.wanted."),
    _vm("last_node", "lastnode", Form.TEXT, "Now home in vm.wanted."),
    _vm("failed_reason", "failedreason", Form.TEXT, "Now in vm.seen.", writer=Writer.VM),
    _vm("console.log", "consolelog", Form.TEXT, "Now vm.console.chunk.", writer=Writer.CONSOLE),
    _vm("console.vnc", "vnc", Form.TEXT, "Now in vm.seen.", writer=Writer.VM),
    _vm("meta.autostart", "node_autostart", Form.FLAG, "Now in vm.meta.", default="False"),
    _vm("meta.migrate_method", "migration_method", Form.TEXT, "Now in vm.meta."),
    _vm(
        "meta.migrate_max_downtime",
        "migration_max_downtime",
        Form.INTEGER,
        "Milliseconds; now in vm.meta.",
        since=13,
        default="300",
    ),
    _vm("meta.node_selector", "node_selector", Form.TEXT, "Now in vm.meta."),
    _vm("meta.node_limit", "node_limit", Form.TEXT, "Now in vm.meta."),
    _vm("meta.tags", "tags", Form.EMPTY, "Parent of the tags; now vm.tags.", since=3),
    _vm("tag", "tags/{tag}", Form.TEXT, "The tag's name.", since=3),
    _vm("tag.type", "tags/{tag}/type", Form.TEXT, "user or system.", since=3, default="user"),
    _vm("tag.protected", "tags/{tag}/protected", Form.FLAG, "", since=3, default="False"),
    _vm("migrate.sync_lock", "migrate_sync_lock", Form.TEXT, "For its lock.", writer=Writer.VM),
    _vm("snapshot", "snapshots/{snapshot}", Form.TEXT, "The snapshot's name.", since=14),
    _vm("snapshot.timestamp", "snapshots/{snapshot}/timestamp", Form.NUMBER, "", since=14),
    _vm("snapshot.rbd_snapshots", "snapshots/{snapshot}/rbdsnaplist", Form.TEXT, "", since=14),
)

_FAULTS: Final = (
    _until_16(
        "faults.id",
        "/faults/{fault}",
        Form.EMPTY,
        "A fault.",
        writer=Writer.REPORTER,
        since=11,
    ),
    _fault("first_time", Form.TEXT, "Now in fault."),
    _fault("last_time", Form.TEXT, "Now in fault.report."),
    _fault("ack_time", Form.TEXT, "Now in fault.acknowledgement."),
    _fault("status", Form.TEXT, "new or ack; now fault.acknowledgement is there or not."),
    _fault("delta", Form.INTEGER, "Now in fault.report."),
    _fault("message", Form.TEXT, "Now in fault.report."),
)

LEGACY_KEYS: Final[tuple[Key, ...]] = (*_CLUSTER, *_NODE, *_VM, *_FAULTS)
