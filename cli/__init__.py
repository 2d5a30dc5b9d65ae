"""The pvc command line: commands, tables, HTTP client."""
