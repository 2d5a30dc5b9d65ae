"""Keys of the cluster as a whole."""

from typing import Final

from cluster.schema.key import Form, Key, Writer

CLUSTER_KEYS: Final[tuple[Key, ...]] = (
    Key(
        name="schema",
        path="/schema",
        form=Form.EMPTY,
        writer=Writer.NOBODY,
        since=0,
        about="Parent of the schema's keys.",
    ),
    Key(
        name="schema.version",
        path="/schema/version",
        form=Form.INTEGER,
        writer=Writer.ROOT,
        since=0,
        about="The layout this tree has. Its lock serialises migrations.",
    ),
    Key(
        name="schema.progress",
        path="/schema/progress",
        form=Form.JSON,
        writer=Writer.ROOT,
        since=16,
        about="While a migration is under way: {from, to, backup, node}; empty otherwise.",
    ),
    Key(
        name="cluster",
        path="/config",
        form=Form.TEXT,
        writer=Writer.ROOT,
        since=0,
        about="The cluster's name: from the first root that finds none.",
    ),
    Key(
        name="cluster.wanted_maintenance",
        path="/config/wanted_maintenance",
        form=Form.JSON,
        writer=Writer.ORDER,
        since=16,
        default='{"is_on":false,"reason":"","until":null,"by":""}',
        about="{is_on, reason, until (UTC or null), by}: while it is on nobody is fenced.",
    ),
    Key(
        name="cluster.primary_node",
        path="/config/primary_node",
        form=Form.TEXT,
        writer=Writer.ROUTER,
        since=0,
        default="none",
        about="The elected primary's name, or `none`. Its lock is the election.",
    ),
    Key(
        name="cluster.wanted_primary",
        path="/config/wanted_primary",
        form=Form.TEXT,
        writer=Writer.ORDER,
        since=16,
        default="none",
        about="The node that shall be primary, `none` for any.",
    ),
    Key(
        name="cluster.upstream_ip",
        path="/config/upstream_ip",
        form=Form.TEXT,
        writer=Writer.ROUTER,
        since=0,
        about="Floating address on the upstream network with its length, by the primary.",
    ),
    Key(
        name="cluster.target_selector",
        path="/config/migration_target_selector",
        form=Form.TEXT,
        writer=Writer.ROUTER,
        since=0,
        about="How a node is chosen for a VM that says nothing else: mem, memprov, load, vcpus, "
        "vms; from the primary's configuration.",
    ),
)
