"""Recent log lines of this node and of its VMs' consoles, readable by clients."""
