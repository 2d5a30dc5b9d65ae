"""Programs of the testbed that run inside a node, with Debian's own Python and bindings."""
