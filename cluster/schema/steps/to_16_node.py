"""Schema 16: a node's facts as one value, its own word apart from its peers' verdict; pure."""

from collections.abc import Mapping
from typing import Any, Final

from cluster.schema import codec
from cluster.schema.plan import Group, StepPlan
from cluster.schema.shape import Shape, each_alone
from cluster.store.store import Change

_FACTS: Final = (
    "staticdata",
    "runningdomains",
    "domainscount",
    "networkscount",
    "cpuload",
    "vcpualloc",
    "memtotal",
    "memused",
    "memfree",
    "memalloc",
    "memprov",
    "network_stats",
)
_MEMORY: Final = {
    "total_mb": "memtotal",
    "used_mb": "memused",
    "free_mb": "memfree",
    "allocated_mb": "memalloc",
    "provisioned_mb": "memprov",
}
_DROPPED: Final = ("keepalive", "daemonmode", "monitoring_plugins", "monitoring_health")
_ROLES: Final = frozenset({"coordinator", "hypervisor"})
_OWN_STATES: Final = frozenset({"init", "run", "shutdown", "stop"})
_VERDICTS: Final = frozenset({"dead", "fenced"})
_TAKES_VMS: Final = frozenset({"ready", "unflush"})


def convert_nodes(shape: Shape) -> StepPlan:
    """Convert all nodes."""
    groups: list[Group] = []
    notes: list[str] = []
    for path in list(shape.matches("/nodes/{node}")):
        groups.append((*_role(shape, path, notes), *_daemon_state(shape, path, notes)))
        groups.append(_wishes(shape, path))
        groups.append(_facts(shape, path, notes))
        dropped = [*_monitoring(shape, path), *(f"{path}/{name}" for name in _DROPPED)]
        groups += each_alone(shape.remove(dropped))
    return StepPlan(tuple(group for group in groups if group), tuple(notes))


def _role(shape: Shape, path: str, notes: list[str]) -> list[Change]:
    if codec.read_text(shape.get(path)) in _ROLES:
        return []
    mode = codec.read_text(shape.get(f"{path}/daemonmode"))
    if mode in _ROLES:
        return shape.put(path, mode.encode())
    notes.append(f"{path}: neither coordinator nor hypervisor")
    return []


def _daemon_state(shape: Shape, path: str, notes: list[str]) -> list[Change]:
    """What peers have written over a node's own word becomes their verdict.

    Its own last word was `run`, or it would not have been judged. It has not beaten since, so the
    verdict holds until its first beat; a node that is dead but not fenced is judged again.
    """
    key = f"{path}/daemonstate"
    state = codec.read_text(shape.get(key))
    if state in _VERDICTS:
        verdict = {"state": state, "beat": "", "record": ""}
        return [*shape.put(key, b"run"), *shape.make(f"{path}/judgement", codec.to_json(verdict))]
    if state not in _OWN_STATES:
        notes.append(f"{key}: {state[:40]!r} is no state of a daemon")
    return []


def _wishes(shape: Shape, path: str) -> Group:
    takes_vms = codec.read_text(shape.get(f"{path}/domainstate")) in _TAKES_VMS
    wanted = b"ready" if takes_vms else b"flushed"
    return (
        *shape.make(f"{path}/wanted_domainstate", wanted),
        *shape.make(f"{path}/fence_lock", b""),
    )


def _facts(shape: Shape, path: str, notes: list[str]) -> Group:
    """The facts; those that its keepalive has written by now are better than the old ones."""
    old = {name: shape.get(f"{path}/{name}") for name in _FACTS}
    removed = [f"{path}/{name}" for name in _FACTS]
    if f"{path}/facts" in shape or not any(value is not None for value in old.values()):
        return tuple(shape.remove(removed))
    facts = _as_facts(path, old, notes)
    return (*shape.put(f"{path}/facts", codec.to_json(facts)), *shape.remove(removed))


def _as_facts(path: str, old: Mapping[str, bytes | None], notes: list[str]) -> dict[str, object]:
    static = codec.read_text(old["staticdata"]).split(" ")
    if len(static) != 4:
        notes.append(f"{path}/staticdata: not four words, seen anew when the node is up")
        static = ["0", "", "", ""]
    return {
        "at": "",
        "cpu_count": codec.read_integer(static[0].encode()) or 0,
        "load": codec.read_number(old["cpuload"]) or 0.0,
        "kernel": static[1],
        "os": static[2],
        "arch": static[3],
        "memory": {new: codec.read_integer(old[name]) or 0 for new, name in _MEMORY.items()},
        "vcpus_allocated": codec.read_integer(old["vcpualloc"]) or 0,
        "vms_running": codec.read_integer(old["domainscount"]) or 0,
        "interfaces": _interfaces(codec.read_object(old["network_stats"]) or {}),
        "workers": {},
    }


def _interfaces(stats: Mapping[str, Any]) -> dict[str, object]:
    """Names and link speeds; the rates of a moment long past are nothing to show."""
    return {
        name: {
            "link_speed_bps": codec.as_integer(codec.as_object(nic).get("link_speed")),
            "state": codec.as_text(codec.as_object(nic).get("state")),
        }
        for name, nic in sorted(stats.items())
    }


def _monitoring(shape: Shape, path: str) -> list[str]:
    """The monitoring results, children first; they are seen anew."""
    known = {"last_run", "health_delta", "message", "data", "runtime"}
    top = f"{path}/monitoring_data"
    return [
        found
        for found in shape.subtree(top)
        if found.count("/") < top.count("/") + 2 or found.rpartition("/")[2] in known
    ]
