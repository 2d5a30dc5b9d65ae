"""Isolated processes with one concern each; spec, catalogue, loop."""
