"""What this root has seen of the other nodes' software, by its own clock."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from cluster.model.node import DaemonState
from cluster.schema.advance import NodeSchemaSeen
from cluster.schema.codec import as_enum, as_text, read_enum, read_integer, read_object, read_text
from cluster.schema.layout import layout
from cluster.schema.versions import NEWEST
from cluster.store.store import Store, Value
from runtime.clock import Instant
from runtime.deadline import Deadline

_NODES: Final = "/nodes"
_EARLIER_KEEPALIVE: Final = "/nodes/{node}/keepalive"
"""Where the daemons of the layouts 0 to 15 leave their sign of life."""
_READ: Final = (
    "node.beat",
    "node.presence",
    "node.daemon_state",
    "node.judgement",
    "node.latest_schema",
)


@dataclass(frozen=True, slots=True)
class _Sign:
    text: bytes
    moved: Instant


@dataclass(slots=True)
class Peers:
    """Remembers when each node's sign of life moved last."""

    _signs: dict[str, _Sign] = field(default_factory=dict)

    def look(self, store: Store, deadline: Deadline, now: Instant) -> dict[str, NodeSchemaSeen]:
        """Return all nodes of the tree as seen now; raises `Unavailable`."""
        names = store.children(_NODES, deadline) or ()
        paths = {name: _paths(name) for name in names}
        values = store.read_many(
            [p for of_node in paths.values() for p in of_node.values()], deadline
        )
        self._signs = {name: s for name, s in self._signs.items() if name in paths}
        return {
            name: self._seen(name, {key: values[path] for key, path in of_node.items()}, now)
            for name, of_node in paths.items()
        }

    def _seen(self, name: str, values: Mapping[str, Value | None], now: Instant) -> NodeSchemaSeen:
        sign = _data(values["node.beat"]) + b"/" + _data(values["earlier"])
        if name not in self._signs or self._signs[name].text != sign:
            self._signs[name] = _Sign(sign, now)
        return NodeSchemaSeen(
            daemon_state=_state(values),
            latest_schema=read_integer(_data(values["node.latest_schema"])),
            is_present=values["node.presence"] is not None,
            last_moved=self._signs[name].moved,
        )


def _paths(node: str) -> dict[str, str]:
    # Keepalive's own keys are the same in every layout, so an older tree has them too.
    paths = {name: layout(NEWEST).path(name, node=node) for name in _READ}
    return paths | {"earlier": _EARLIER_KEEPALIVE.format(node=node)}


def _state(values: Mapping[str, Value | None]) -> DaemonState | None:
    judgement = read_object(_data(values["node.judgement"])) or {}
    if judgement and as_text(judgement.get("beat")) == read_text(_data(values["node.beat"])):
        return as_enum(DaemonState, judgement.get("state"))
    return read_enum(DaemonState, _data(values["node.daemon_state"]))


def _data(value: Value | None) -> bytes:
    return b"" if value is None else value.data
