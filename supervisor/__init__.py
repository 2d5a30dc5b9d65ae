"""The root process: starts, watches, restarts, gives up loudly; holds the schema version."""
