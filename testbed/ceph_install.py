"""Ceph's installation in a node before its first boot: files, keys, and the daemons' stores.

`mkfs` of monitor and OSD runs offline, in a chroot of the node's file system: the machine then
boots into a cluster that needs nothing but its quorum.
"""

import shutil
from pathlib import Path
from string import Template

from testbed import ceph_keys
from testbed.commands import clean_environment, run
from testbed.settings import NodeSettings, Settings

TEMPLATE = Path(__file__).with_name("templates") / "ceph.conf"
RESTART = TEMPLATE.with_name("ceph-restart.conf")
MKFS_SECONDS = 60.0
MAX_REPLICAS = 3

# $1 lower layers, $2 the node's directory, $3 what is brought along, seen inside as /mnt.
_IN_NODE = """
set -e
mount -t overlay pvc-install -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/root"
mount --bind "$3" "$2/root/mnt"
mount -t proc proc "$2/root/proc"
exec chroot "$2/root" /bin/sh /mnt/mkfs
"""

_OSD = """
osd=/var/lib/ceph/osd/ceph-$number
install -d -o ceph -g ceph $$osd
install -o ceph -g ceph -m 600 /mnt/osd.keyring $$osd/keyring
# Closing a bluestore device takes 250 ms polls without the first option.
ceph-osd --mkfs --no-mon-config -i $number --osd-uuid $uuid --monmap /mnt/monmap \\
    --keyring $$osd/keyring --public-addr $address --bdev_aio_poll_ms=5 \\
    --bluestore_fsck_on_mkfs=false
chown -R ceph:ceph $$osd
"""

_MON = """
mon=/var/lib/ceph/mon/ceph-$node mgr=/var/lib/ceph/mgr/ceph-$node
install -d -o ceph -g ceph $$mon $$mgr
install -o ceph -g ceph -m 600 /mnt/mgr.keyring $$mgr/keyring
ceph-mon --mkfs -i $node --public-addr $address --monmap /mnt/monmap --keyring /mnt/mon.keyring
chown -R ceph:ceph $$mon
"""


def install_ceph(node: NodeSettings, layers: list[Path]) -> None:
    """Give a node its part of the Ceph cluster."""
    bed, upper = node.settings, node.directory / "upper"
    etc = upper / "etc/ceph"
    etc.mkdir(parents=True, exist_ok=True)
    (etc / "ceph.conf").write_text(config(bed))
    _write_secret(etc / "ceph.client.admin.keyring", ceph_keys.keyring(bed, ceph_keys.admin()))
    _enable_units(node, upper)
    brought = node.directory / "install"
    brought.mkdir()
    try:
        _bring(node, brought)
        _run_mkfs(node, layers, brought)
    finally:
        shutil.rmtree(brought)


def config(bed: Settings) -> str:
    """Return ceph.conf, the same on every node."""
    monitors = bed.all_coordinators()
    replicas = min(bed.nodes, MAX_REPLICAS)
    return Template(TEMPLATE.read_text()).substitute(
        fsid=ceph_keys.fsid(bed),
        mon_names=",".join(node.name for node in monitors),
        mon_hosts=",".join(_mon_address(node) for node in monitors),
        sto_network=bed.network("sto"),
        replicas=replicas,
        least_replicas=max(1, replicas - 1),
    )


def units_of(node: NodeSettings) -> list[str]:
    """Return a node's Ceph daemons."""
    osd = f"ceph-osd@{ceph_keys.osd_number(node)}.service"
    if not node.is_coordinator:
        return [osd]
    return [f"ceph-mon@{node.name}.service", f"ceph-mgr@{node.name}.service", osd]


def _mon_address(node: NodeSettings) -> str:
    address = node.addresses["sto"]
    return f"[v2:{address}:3300,v1:{address}:6789]"


def _enable_units(node: NodeSettings, upper: Path) -> None:
    system = upper / "etc/systemd/system"
    for unit in units_of(node):
        kind = unit.split("@")[0]
        wants = system / f"{kind}.target.wants"
        drop_ins = system / f"{kind}@.service.d"
        for directory in (wants, drop_ins):
            directory.mkdir(parents=True, exist_ok=True)
        (wants / unit).symlink_to(f"/lib/systemd/system/{kind}@.service")
        (drop_ins / "testbed.conf").write_text(RESTART.read_text())


def _bring(node: NodeSettings, brought: Path) -> None:
    """Write down what the work in the chroot needs."""
    bed = node.settings
    number = ceph_keys.osd_number(node)
    known = {entity.name: ceph_keys.keyring(bed, entity) for entity in ceph_keys.everybody(bed)}
    _write_secret(brought / "mon.keyring", "".join(known.values()))
    _write_secret(brought / "osd.keyring", known[f"osd.{number}"])
    text = f"set -e\n{_monmap(bed)}\n{_OSD}"
    if node.is_coordinator:
        _write_secret(brought / "mgr.keyring", known[f"mgr.{node.name}"])
        text += _MON
    filled = Template(text).substitute(
        node=node.name,
        number=number,
        uuid=ceph_keys.identity(bed, f"osd {number}"),
        address=node.addresses["sto"],
    )
    (brought / "mkfs").write_text(filled)


def _monmap(bed: Settings) -> str:
    monitors = " ".join(f"--addv {n.name} '{_mon_address(n)}'" for n in bed.all_coordinators())
    return f"monmaptool --create --clobber --fsid {ceph_keys.fsid(bed)} {monitors} /mnt/monmap"


def _run_mkfs(node: NodeSettings, layers: list[Path], brought: Path) -> None:
    lower = ":".join(str(layer) for layer in layers)
    inside = ["unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", _IN_NODE, "sh"]
    argv = [*inside, lower, str(node.directory), str(brought)]
    run(argv, timeout_seconds=MKFS_SECONDS, env=clean_environment())


def _write_secret(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)
