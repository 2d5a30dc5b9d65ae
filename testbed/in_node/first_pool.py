"""Give a new Ceph cluster what the testbed promises: the pool `vms` and the guests' disk in it.

Run as `python3 first_pool.py IMAGE-FILE`; does only what is missing, so it may die at any line.
"""

import json
import sys
from pathlib import Path

import rados
import rbd

POOL, IMAGE, SNAPSHOT = "vms", "guest", "base"
PLACEMENT_GROUPS = 8
LIMITS = {"client_mount_timeout": "20", "rados_mon_op_timeout": "20", "rados_osd_op_timeout": "30"}
PIECE_BYTES = 4 * 2**20
FEATURES = (
    rbd.RBD_FEATURE_LAYERING
    | rbd.RBD_FEATURE_EXCLUSIVE_LOCK
    | rbd.RBD_FEATURE_OBJECT_MAP
    | rbd.RBD_FEATURE_FAST_DIFF
)


def main(source: Path) -> None:
    """Make the pool, import the disk, keep a protected snapshot to clone from."""
    with rados.Rados(conffile="/etc/ceph/ceph.conf", name="client.admin", conf=LIMITS) as cluster:
        _make_pool(cluster)
        with cluster.open_ioctx(POOL) as pool:
            rbd.RBD().pool_init(pool, True)
            if not _is_whole(pool):
                _import(pool, source)


def _make_pool(cluster: rados.Rados) -> None:
    order = {"prefix": "osd pool create", "pool": POOL, "pg_num": PLACEMENT_GROUPS}
    code, _, text = cluster.mon_command(json.dumps(order), b"")
    if code != 0:
        raise SystemExit(f"cannot make the pool {POOL}: {text}")


def _is_whole(pool: rados.Ioctx) -> bool:
    if IMAGE not in rbd.RBD().list(pool):
        return False
    with rbd.Image(pool, IMAGE) as image:
        names = [snapshot["name"] for snapshot in image.list_snaps()]
        return SNAPSHOT in names and bool(image.is_protected_snap(SNAPSHOT))


def _import(pool: rados.Ioctx, source: Path) -> None:
    """Copy the disk; what a killed run has left is begun again."""
    if IMAGE in rbd.RBD().list(pool):
        with rbd.Image(pool, IMAGE) as image:
            for snapshot in image.list_snaps():
                image.remove_snap(snapshot["name"])
        rbd.RBD().remove(pool, IMAGE)
    rbd.RBD().create(pool, IMAGE, source.stat().st_size, old_format=False, features=FEATURES)
    with rbd.Image(pool, IMAGE) as image:
        with source.open("rb") as content:
            for offset in range(0, source.stat().st_size, PIECE_BYTES):
                piece = content.read(PIECE_BYTES)
                if piece.strip(b"\0"):
                    image.write(piece, offset)
        image.create_snap(SNAPSHOT)
        image.protect_snap(SNAPSHOT)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
