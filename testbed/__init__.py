"""A real cluster of several Debian machines on one host, for demonstrations and tests."""
