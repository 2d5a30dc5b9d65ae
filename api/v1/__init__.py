"""The wire dialect of version 1: arguments, routes, views."""
