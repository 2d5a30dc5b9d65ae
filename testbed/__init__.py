"""A real cluster of several Debian machines on one host, for demonstration and integration tests."""
