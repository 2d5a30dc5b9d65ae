"""The VMs of this node: brought to where they are wanted, watched, moved."""
