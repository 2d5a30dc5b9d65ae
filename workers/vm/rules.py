"""What the operator and the node's place in the cluster say about this worker's decisions."""

from dataclasses import dataclass

from cluster.model.vm import Selector
from runtime.config.node import NODE_IN_URI


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What stays the same for as long as this process lives."""

    node: str
    """This node."""
    peer_uri: str
    """The libvirt of another node, with `NODE_IN_URI` in the place of its name."""
    selector: Selector
    """By what a node is chosen for a VM that does not say."""
    shutdown_timeout_seconds: float = 180.0
    """How long a guest may take to end by itself before it is ended."""
    parallel_moves: int = 4
    """So many VMs leave this node at once, and so many arrive at another one."""

    def uri_of(self, node: str) -> str:
        """Return where the libvirt of another node is reached."""
        return self.peer_uri.replace(NODE_IN_URI, node)
