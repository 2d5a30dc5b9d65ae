"""Schema 16: what is wanted of a VM apart from what is seen of it, names indexed; pure."""

from collections.abc import Mapping
from typing import Any, Final

from cluster.model.vm import Move, SeenState, WantedState
from cluster.schema import codec
from cluster.schema.plan import Group, StepPlan
from cluster.schema.shape import Shape, can_be_name, each_alone
from cluster.schema.steps.to_16_log import console_lines, numbered
from cluster.store.store import Change

_ORDER: Final = ("state", "node", "lastnode", "failedreason", "vnc", "migrate_sync_lock")
_META: Final = (
    "node_autostart",
    "migration_method",
    "migration_max_downtime",
    "node_selector",
    "node_limit",
)
_NOTHING: Final = frozenset({"", "None", "none"})
_MOVES: Final = {
    "migrate": Move.MIGRATE,
    "migrate-live": Move.MIGRATE,
    "unmigrate": Move.UNMIGRATE,
}
_WANTED: Final = {state.value: state for state in WantedState if state is not WantedState.UNKNOWN}


def convert_vms(shape: Shape) -> StepPlan:
    """Convert all VMs; each has few groups, and all of its order is in one of them."""
    running = _running(shape)
    groups: list[Group] = []
    notes: list[str] = []
    for path in list(shape.matches("/domains/{vm}")):
        uuid = path.rpartition("/")[2]
        groups.append(_name(shape, path, uuid, notes))
        groups.append(_order(shape, path, running.get(uuid, []), notes))
        groups.append(_meta(shape, path, notes))
        groups.append(_tags(shape, path, notes))
        groups += [_snapshot(shape, found, notes) for found in _snapshots(shape, path)]
        groups += _console(shape, path)
    return StepPlan(tuple(group for group in groups if group), tuple(notes))


def _running(shape: Shape) -> dict[str, list[str]]:
    """On which nodes each VM ran, as the nodes said last."""
    running: dict[str, list[str]] = {}
    for path in shape.matches("/nodes/{node}/runningdomains"):
        for uuid in codec.read_text(shape.get(path)).split():
            running.setdefault(uuid, []).append(path.split("/")[2])
    return running


def _name(shape: Shape, path: str, uuid: str, notes: list[str]) -> Group:
    name = codec.read_text(shape.get(path))
    if not can_be_name(name):
        notes.append(f"{path}: {name[:40]!r} cannot be found by name")
        return ()
    there = shape.get(f"/vm_names/{name}")
    if there is not None:
        if there != uuid.encode():
            notes.append(f"{path}: the name {name} belongs to {codec.read_text(there)}")
        return ()
    return tuple(shape.put(f"/vm_names/{name}", uuid.encode()))


def _order(shape: Shape, path: str, running: list[str], notes: list[str]) -> Group:
    removed = [f"{path}/{name}" for name in _ORDER]
    if f"{path}/wanted" in shape:
        return tuple(shape.remove(removed))
    old = {name: codec.read_text(shape.get(f"{path}/{name}")) for name in _ORDER}
    wanted = _wanted(path, old, notes)
    seen = _seen(path, old, running, notes)
    changes = [
        *shape.put(f"{path}/wanted", codec.to_json(wanted)),
        *shape.make(f"{path}/seen", codec.to_json(seen)),
    ]
    return (*changes, *shape.remove(removed))


def _wanted(path: str, old: Mapping[str, str], notes: list[str]) -> dict[str, object]:
    word = old["state"]
    state = _WANTED.get(word, WantedState.UNKNOWN)
    if word in _MOVES or word == "fail":
        state = WantedState.START
    if state is WantedState.UNKNOWN:
        notes.append(f"{path}/state: {word[:40]!r} is no state of a VM; nothing is done about it")
    return {
        "state": state,
        "node": old["node"],
        "home": "" if old["lastnode"] in _NOTHING else old["lastnode"],
        # A restart is done when it is seen done; everything else counts as carried out.
        "serial": 1 if state is WantedState.RESTART else 0,
        "move": _MOVES.get(word, Move.NONE),
        "is_live_only": word == "migrate-live",
        "is_forced": False,
        "fence": "",
    }


def _seen(
    path: str, old: Mapping[str, str], running: list[str], notes: list[str]
) -> dict[str, object]:
    """What was last known: a VM that is not known to run may do so all the same."""
    if len(running) > 1:
        notes.append(f"{path}: said to run on {', '.join(running)}")
    node = old["node"] if old["node"] in running or not running else running[0]
    state = SeenState.RUNNING if running else SeenState.UNKNOWN
    if old["state"] == "fail" and not running:
        state = SeenState.FAILED
    return {
        "state": state,
        "node": node,
        "serial": 0,
        "reason": "" if old["failedreason"] in _NOTHING else old["failedreason"],
        "vnc": "" if old["vnc"] in _NOTHING else old["vnc"],
    }


def _meta(shape: Shape, path: str, notes: list[str]) -> Group:
    removed = [f"{path}/{name}" for name in _META]
    if f"{path}/meta" in shape:
        return tuple(shape.remove(removed))
    old = {name: codec.read_text(shape.get(f"{path}/{name}")) for name in _META}
    downtime = codec.read_integer(old["migration_max_downtime"].encode())
    if downtime is None and old["migration_max_downtime"] not in _NOTHING:
        notes.append(f"{path}/migration_max_downtime: no whole number, taken as 300")
    limit = "" if old["node_limit"] in _NOTHING else old["node_limit"]
    meta = {
        "autostart": codec.read_flag(old["node_autostart"].encode()) or False,
        "migration_method": _word(old["migration_method"]),
        "migration_max_downtime": 300 if downtime is None else downtime,
        "node_selector": _word(old["node_selector"]),
        "node_limit": [name.strip() for name in limit.split(",") if name.strip()],
    }
    return (*shape.put(f"{path}/meta", codec.to_json(meta)), *shape.remove(removed))


def _word(text: str) -> str:
    return "none" if text in _NOTHING else text


def _tags(shape: Shape, path: str, notes: list[str]) -> Group:
    top = f"{path}/tags"
    tags: dict[str, Any] = dict(codec.read_object(shape.get(top)) or {})
    removed: list[str] = []
    for name in shape.below(top):
        kind = codec.read_text(shape.get(f"{top}/{name}/type"))
        if kind not in ("user", "system"):
            notes.append(f"{top}/{name}/type: neither user nor system, taken as user")
            kind = "user"
        is_protected = codec.read_flag(shape.get(f"{top}/{name}/protected")) or False
        tags[name] = {"type": kind, "protected": is_protected}
        removed += [f"{top}/{name}/type", f"{top}/{name}/protected", f"{top}/{name}"]
    return (*shape.put(top, codec.to_json(tags)), *shape.remove(removed))


def _snapshots(shape: Shape, path: str) -> list[str]:
    return [f"{path}/snapshots/{name}" for name in shape.below(f"{path}/snapshots")]


def _snapshot(shape: Shape, path: str, notes: list[str]) -> Group:
    removed = [f"{path}/timestamp", f"{path}/rbdsnaplist"]
    if codec.read_object(shape.get(path)) is not None:
        return tuple(shape.remove(removed))
    at = codec.read_number(shape.get(f"{path}/timestamp"))
    if at is None:
        notes.append(f"{path}/timestamp: no time, taken as 0")
    volumes = codec.read_text(shape.get(f"{path}/rbdsnaplist"))
    snapshot = {
        "timestamp": int(at or 0),
        "rbd_snapshots": [] if volumes in _NOTHING else volumes.split(","),
    }
    return (*shape.put(path, codec.to_json(snapshot)), *shape.remove(removed))


def _console(shape: Shape, path: str) -> list[Group]:
    changes: list[Change] = shape.make(f"{path}/console", b"")
    old = f"{path}/consolelog"
    if old in shape:
        changes += numbered(shape, f"{path}/console", console_lines(shape.get(old)))
        changes += shape.remove([old])
    return list(each_alone(changes))
