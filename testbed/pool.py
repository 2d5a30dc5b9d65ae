"""The pool of the guests' disks and the disk they are all cloned from, made once per testbed."""

from pathlib import Path

from testbed.cluster import Cluster
from testbed.commands import run
from testbed.image.guest import disk_of, ensure_guest
from testbed.image.layers import build_lock

PROGRAM = "/srv/src/testbed/in_node/first_pool.py"
MAKE_SECONDS = 90.0


def is_made(cluster: Cluster) -> bool:
    """Tell whether the pool was made for this testbed."""
    return _mark(cluster).exists()


def make(cluster: Cluster) -> None:
    """Make the pool and import the disk, which needs a quorum and OSDs."""
    home, copy = Path(cluster.settings.home), cluster.share / "guest.raw"
    with build_lock(home):
        run(["cp", "--sparse=always", disk_of(ensure_guest(home)), copy])
    try:
        node = cluster.coordinators[0]
        node.run(
            ["/usr/bin/python3", PROGRAM, f"/srv/share/{copy.name}"], timeout_seconds=MAKE_SECONDS
        )
    finally:
        copy.unlink()
    _mark(cluster).touch()


def _mark(cluster: Cluster) -> Path:
    return cluster.settings.directory / "pool-made"
