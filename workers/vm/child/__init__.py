"""The programs that the vm worker runs as its children: all that may block."""
