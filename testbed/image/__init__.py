"""The read-only layers that all nodes share."""
