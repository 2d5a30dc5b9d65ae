"""Typed reading and changes for one noun per file."""
