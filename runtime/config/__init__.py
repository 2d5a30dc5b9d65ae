"""The YAML files into frozen dataclasses, once, at start; every fault with its path."""
