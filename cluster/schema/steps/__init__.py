"""One numbered change of the key layout per file."""
