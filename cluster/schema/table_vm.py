"""Keys of VMs, from schema 16 on.

An order is `wanted`, what became of it is `seen`; the state people read is derived from both. Names
are indexed, so finding a VM and refusing a name that is taken cost one read, not one per VM.
"""

from typing import Final

from cluster.schema.key import Form, Key, Writer


def _vm(name: str, path: str, form: Form, writer: Writer, about: str, *, since: int = 16) -> Key:
    return Key(
        name=f"vm{name}",
        path=f"/domains/{{vm}}{path}",
        form=form,
        writer=writer,
        about=about,
        since=since,
    )


VM_KEYS: Final[tuple[Key, ...]] = (
    Key(
        name="vms",
        path="/domains",
        form=Form.EMPTY,
        writer=Writer.NOBODY,
        since=0,
        about="Parent of the VMs, which are named by their UUID.",
    ),
    Key(
        name="vm_names",
        path="/vm_names",
        form=Form.EMPTY,
        writer=Writer.NOBODY,
        since=16,
        about="Parent of the index of VM names.",
    ),
    Key(
        name="vm_name",
        path="/vm_names/{name}",
        form=Form.TEXT,
        writer=Writer.ORDER,
        since=16,
        about="UUID of the VM of this name; made and removed with it, in one transaction.",
    ),
    _vm("", "", Form.TEXT, Writer.ORDER, "The VM's name.", since=0),
    _vm(".xml", "/xml", Form.TEXT, Writer.ORDER, "Its definition for libvirt.", since=0),
    _vm(
        ".wanted",
        "/wanted",
        Form.JSON,
        Writer.ORDER,
        "The order in force: {state, node, home, home_before, serial, move, is_live_only, "
        "is_forced, removes_volumes, fence}; each order raises the serial.",
    ),
    _vm(
        ".seen",
        "/seen",
        Form.JSON,
        Writer.VM,
        "What the node that has it sees: {state, node, serial, reason, vnc}. Only that node's vm "
        "worker writes it, until it is off or the order names the fence that freed it.",
    ),
    _vm(
        ".transfer",
        "/transfer",
        Form.JSON,
        Writer.VM,
        "There while it is moved: {serial, to, phase, percent, reason}, by the node that sends it.",
    ),
    _vm(
        ".arrival",
        "/arrival",
        Form.JSON,
        Writer.VM,
        "There while it is moved: {serial, node, phase}, by the node that receives it.",
    ),
    _vm(
        ".meta",
        "/meta",
        Form.JSON,
        Writer.ORDER,
        "{autostart, migration_method, migration_max_downtime, node_selector, node_limit}.",
    ),
    _vm(
        ".tags",
        "/tags",
        Form.JSON,
        Writer.ORDER,
        "{tag: {type: user or system, protected}}.",
    ),
    _vm(".profile", "/profile", Form.TEXT, Writer.ORDER, "Its provisioner profile.", since=0),
    _vm(
        ".volumes",
        "/rbdlist",
        Form.TEXT,
        Writer.ORDER,
        "Its volumes as `pool/volume`, joined by commas; follows from the definition.",
        since=0,
    ),
    _vm(
        ".stats",
        "/stats",
        Form.JSON,
        Writer.VM,
        "Statistics by the node it runs on: at (UTC, its own time), state, maxmem, livemem, cpus, "
        "cputime, mem_stats, cpu_stats, disk_stats, net_stats.",
        since=0,
    ),
    _vm(
        ".snapshots", "/snapshots", Form.EMPTY, Writer.NOBODY, "Parent of its snapshots.", since=14
    ),
    _vm(
        ".snapshot",
        "/snapshots/{snapshot}",
        Form.JSON,
        Writer.VM,
        "{timestamp: epoch seconds, rbd_snapshots: [pool/volume@snapshot]}.",
    ),
    _vm(
        ".snapshot.xml",
        "/snapshots/{snapshot}/xml",
        Form.TEXT,
        Writer.VM,
        "The definition at that time.",
        since=14,
    ),
    _vm(".console", "/console", Form.EMPTY, Writer.NOBODY, "Parent of its console's log."),
    _vm(
        ".console.chunk",
        "/console/{chunk}",
        Form.TEXT,
        Writer.CONSOLE,
        "Consecutive lines of its serial console, cut as the node's log is.",
    ),
    _vm(
        ".console.place",
        "/console/place",
        Form.JSON,
        Writer.CONSOLE,
        "Up to where each node's file of the console is in the lines: {node: {inode, offset, "
        "mark, written_at}}; written with them, so its version is the log's.",
    ),
)
