"""What the tree holds of this node because its root says so; pure.

Invariant: only keys whose one writer is the root are ever overwritten; of the others those that a
new node lacks are made, and left alone from then on.
"""

from collections.abc import Mapping
from typing import Final

from cluster.model.node import CoordinatorState, DomainState, Role, WantedDomainState
from cluster.schema.codec import to_data
from cluster.schema.key import Writer
from cluster.schema.layout import Layout, layout
from cluster.schema.versions import NEWEST, OLDEST_SPOKEN
from cluster.store.store import Change, Create, Delete, Value, Write
from runtime.config.node import NodeConfig
from runtime.version import VERSION

_FOR_A_NEW_NODE: Final[Mapping[str, str]] = {
    "node.domain_state": DomainState.FLUSHED,
    "node.wanted_domain_state": WantedDomainState.FLUSHED,
    "node.fence_lock": "",
    "node.log": "",
}


def registered_keys(config: NodeConfig, version: int) -> dict[str, bytes]:
    """Return the paths in a tree of this version that the root looks after, and their content."""
    keys = layout(version)
    ours = {k.name for k in keys.rows() if k.writer is Writer.ROOT and k.name.startswith("node")}
    said = {name: text for name, text in _own_values(config, version).items() if name in ours}
    if version >= OLDEST_SPOKEN:
        said |= {**_FOR_A_NEW_NODE, "cluster": config.cluster_name}
        said["node.coordinator_state"] = (
            CoordinatorState.SECONDARY if config.is_coordinator else CoordinatorState.CLIENT
        )
    return {keys.path(name, node=config.node): to_data(text) for name, text in said.items()}


def registration(
    config: NodeConfig,
    version: int,
    there: Mapping[str, Value | None],
    *,
    is_first: bool = False,
) -> tuple[Change, ...]:
    """Return what must change so that this node is known in the tree; `there` is what it holds.

    In the first registration with a credential secrets are made anew: a write would leave them as
    open as they were in a tree that once had none.
    """
    keys = layout(version)
    values = _own_values(config, version).keys() & _names(keys)
    own = {keys.path(name, node=config.node): name for name in values}
    changes: list[Change] = []
    for path, data in sorted(registered_keys(config, version).items()):
        value = there[path]
        if value is None:
            changes.append(Create(path, data))
        elif is_first and config.store.username and path in own and keys.key(own[path]).is_secret:
            changes += [Delete(path, value.version), Create(path, data)]
        elif (path in own and value.data != data) or _is_nameless(keys, path, value):
            changes.append(Write(path, data, value.version))
    return tuple(changes)


def _own_values(config: NodeConfig, version: int) -> dict[str, str]:
    ipmi = config.fencing.ipmi
    return {
        "node": Role.COORDINATOR if config.is_coordinator else Role.HYPERVISOR,
        "node.active_schema": str(version),
        "node.latest_schema": str(NEWEST),
        "node.version": VERSION,
        "node.ipmi.host": ipmi.host if ipmi else "",
        "node.ipmi.user": ipmi.user if ipmi else "",
        "node.ipmi.password": ipmi.password if ipmi else "",
    }


def _names(keys: Layout) -> set[str]:
    return {key.name for key in keys.rows()}


def _is_nameless(keys: Layout, path: str, value: Value) -> bool:
    """Whether this is the cluster's name and nobody has given it one."""
    return path == keys.path("cluster") and not value.data
