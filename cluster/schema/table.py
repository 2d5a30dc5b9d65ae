"""The key table: every key of every schema version, one row each.

Invariant: each key has one writer. What is wanted and what is seen are two keys: orders are
written by `cluster/operations`, facts by the worker that sees them. docs/keys.md is generated from
this table.
"""

from typing import Final

from cluster.schema.key import Key
from cluster.schema.table_cluster import CLUSTER_KEYS
from cluster.schema.table_events import EVENT_KEYS
from cluster.schema.table_legacy import LEGACY_KEYS
from cluster.schema.table_network import NETWORK_KEYS, SRIOV_KEYS
from cluster.schema.table_node import NODE_KEYS
from cluster.schema.table_storage import STORAGE_KEYS
from cluster.schema.table_vm import VM_KEYS

KEYS: Final[tuple[Key, ...]] = (
    *CLUSTER_KEYS,
    *EVENT_KEYS,
    *NODE_KEYS,
    *SRIOV_KEYS,
    *VM_KEYS,
    *NETWORK_KEYS,
    *STORAGE_KEYS,
    *LEGACY_KEYS,
)
