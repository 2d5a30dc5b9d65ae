"""The REST API: Bottle on waitress, answered from an in-memory mirror of the tree."""
