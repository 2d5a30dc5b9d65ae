"""How a testbed's Ceph cluster is: whether monitors, OSDs and data are all there."""

import json
from dataclasses import dataclass

from testbed.ceph_keys import osd_number
from testbed.cluster import Cluster
from testbed.errors import BedError
from testbed.node import Node

CONNECT_SECONDS, ANSWER_SECONDS = 3, 6.0
CLEAN = "active+clean"


@dataclass(frozen=True, slots=True, kw_only=True)
class CephHealth:
    """What the monitors say."""

    verdict: str
    monitors: int
    osds_up: int
    osds_in: int
    groups_clean: int
    groups: int
    pools: int

    def lacks(self, *, monitors: int, osds: int) -> list[str]:
        """Name what is missing of a whole cluster; a warning alone is no lack."""
        found = []
        if self.monitors != monitors:
            found.append(f"{self.monitors} of {monitors} monitors in the quorum")
        if self.osds_up != osds:
            found.append(f"{self.osds_up} of {osds} OSDs up")
        if self.osds_in != osds:
            found.append(f"{self.osds_in} of {osds} OSDs in")
        if self.groups_clean != self.groups:
            found.append(f"{self.groups_clean} of {self.groups} placement groups {CLEAN}")
        return found


def health(cluster: Cluster) -> CephHealth | None:
    """Ask the monitors; None when they do not answer in time."""
    asked = _asked(cluster)
    if asked is None:
        return None
    argv = ["ceph", "--connect-timeout", str(CONNECT_SECONDS), "status", "--format", "json"]
    try:
        done = asked.run(argv, check=False, timeout_seconds=ANSWER_SECONDS)
    except BedError:
        return None
    return parse(done.stdout) if done.code == 0 else None


def parse(text: str) -> CephHealth:
    """Read `ceph status --format json`."""
    said = json.loads(text)
    osds, groups = said["osdmap"], said["pgmap"]
    states = {state["state_name"]: state["count"] for state in groups.get("pgs_by_state", [])}
    return CephHealth(
        verdict=said["health"]["status"],
        monitors=len(said["quorum_names"]),
        osds_up=osds["num_up_osds"],
        osds_in=osds["num_in_osds"],
        # Scrubbing is part of a clean group's life.
        groups_clean=sum(n for state, n in states.items() if state.startswith(CLEAN)),
        groups=groups["num_pgs"],
        pools=groups["num_pools"],
    )


def lacks(cluster: Cluster) -> list[str]:
    """Name what the testbed's Ceph cluster lacks now; empty when it is whole."""
    return lacking(cluster, health(cluster))


def lacking(cluster: Cluster, seen: CephHealth | None) -> list[str]:
    """Name what is missing in what was seen."""
    if seen is None:
        return ["the monitors do not answer"]
    found = seen.lacks(monitors=len(cluster.coordinators), osds=len(cluster.nodes))
    return found if seen.pools else [*found, "no pool yet"]


def take_in(cluster: Cluster) -> None:
    """Let OSDs that were marked out carry data again."""
    asked = _asked(cluster)
    if asked is not None:
        numbers = [str(osd_number(node.settings)) for node in cluster.nodes]
        asked.run(
            ["ceph", "--connect-timeout", str(CONNECT_SECONDS), "osd", "in", *numbers], check=False
        )


def has_quorum(cluster: Cluster) -> bool:
    """Tell whether all monitors are in the quorum."""
    seen = health(cluster)
    return seen is not None and seen.monitors == len(cluster.coordinators)


def _asked(cluster: Cluster) -> Node | None:
    """Return a coordinator that can ask."""
    able = (node for node in cluster.coordinators if node.leader is not None and not node.is_frozen)
    return next(able, None)
