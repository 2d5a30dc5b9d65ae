"""Recent log lines of this node, and later of its VMs' consoles, readable by clients."""
