"""Stand-ins for adapters, trusted only because the contract suite runs on them too."""
