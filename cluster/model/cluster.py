"""The cluster as a whole."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintenance:
    """While it is on nobody is fenced."""

    is_on: bool = False
    reason: str = ""
    until: str = ""
    """UTC, ISO 8601; empty: until somebody ends it."""
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """What is kept of the cluster as a whole."""

    name: str
    maintenance: Maintenance
    primary_node: str
    """Empty while there is none."""
    wanted_primary: str
    """Empty: any."""
    upstream_ip: str
    networks: int
    osds: int
    pools: int
    volumes: int
    snapshots: int
