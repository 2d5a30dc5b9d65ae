"""Keys of storage; the same from the earlier layouts on, all written by the ceph worker."""

from typing import Final

from cluster.schema.key import Form, Key, Writer


def _ceph(
    name: str,
    path: str,
    form: Form,
    about: str,
    *,
    since: int = 0,
    default: str = "",
    writer: Writer = Writer.CEPH,
) -> Key:
    return Key(
        name=name,
        path=f"/ceph{path}",
        form=form,
        writer=writer,
        about=about,
        since=since,
        default=default,
    )


def _parent(name: str, path: str, about: str) -> Key:
    return _ceph(name, path, Form.EMPTY, about, writer=Writer.NOBODY)


def _osd(name: str, form: Form, about: str, *, since: int = 0, default: str = "") -> Key:
    path = f"/osds/{{osd}}/{name.replace('.', '/')}"
    return _ceph(f"osd.{name}", path, form, about, since=since, default=default)


STORAGE_KEYS: Final[tuple[Key, ...]] = (
    _ceph("storage", "", Form.TEXT, "`ceph status` as text, by the primary."),
    _ceph("storage.health", "/health", Form.JSON, "`ceph health`, by the primary.", since=9),
    _ceph("storage.util", "/util", Form.TEXT, "`ceph df` as text, by the primary."),
    _parent("osds", "/osds", "Parent of the OSDs."),
    _ceph("osd", "/osds/{osd}", Form.EMPTY, "An OSD, named by its number."),
    _osd("node", Form.TEXT, "The node it is on."),
    _osd("device", Form.TEXT, "Its block device."),
    _osd("db_device", Form.TEXT, "Logical volume of its database, or empty.", since=5),
    _osd("fsid", Form.EMPTY, "Parent of its ids.", since=8),
    _osd("fsid.osd", Form.TEXT, "Its own UUID.", since=8),
    _osd("fsid.cluster", Form.TEXT, "UUID of its Ceph cluster.", since=8),
    _osd("lvm", Form.EMPTY, "Parent of its logical volume.", since=8),
    _osd("lvm.vg", Form.TEXT, "Volume group.", since=8),
    _osd("lvm.lv", Form.TEXT, "Logical volume.", since=8),
    _osd("is_split", Form.FLAG, "Whether its device is shared.", since=10, default="False"),
    _osd("stats", Form.JSON, "Its statistics, by the primary.", default="{}"),
    _parent("pools", "/pools", "Parent of the pools."),
    _ceph("pool", "/pools/{pool}", Form.EMPTY, "A pool."),
    _ceph("pool.pgs", "/pools/{pool}/pgs", Form.INTEGER, "Its placement groups.", default="0"),
    _ceph(
        "pool.tier",
        "/pools/{pool}/tier",
        Form.TEXT,
        "default, hdd, ssd or nvme.",
        since=7,
        default="default",
    ),
    _ceph("pool.stats", "/pools/{pool}/stats", Form.JSON, "Its statistics.", default="{}"),
    _parent("volumes", "/volumes", "Parent of the pools that have volumes."),
    _ceph("volumes.pool", "/volumes/{pool}", Form.EMPTY, "Parent of a pool's volumes."),
    _ceph("volume", "/volumes/{pool}/{volume}", Form.EMPTY, "A volume."),
    _ceph(
        "volume.stats",
        "/volumes/{pool}/{volume}/stats",
        Form.JSON,
        "What `rbd info` says of it.",
        default="{}",
    ),
    _parent("snapshots", "/snapshots", "Parent of the pools that have snapshots."),
    _ceph("snapshots.pool", "/snapshots/{pool}", Form.EMPTY, "Parent of a pool's volumes."),
    _ceph(
        "snapshots.volume",
        "/snapshots/{pool}/{volume}",
        Form.EMPTY,
        "Parent of a volume's snapshots.",
    ),
    _ceph("snapshot", "/snapshots/{pool}/{volume}/{snapshot}", Form.EMPTY, "A snapshot."),
    _ceph(
        "snapshot.stats",
        "/snapshots/{pool}/{volume}/{snapshot}/stats",
        Form.JSON,
        "What `rbd info` says of it.",
        default="{}",
    ),
)
