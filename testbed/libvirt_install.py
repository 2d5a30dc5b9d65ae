"""libvirt's installation in a node before its first boot: production's files and some more."""

from pathlib import Path
from string import Template

from testbed import ceph_keys
from testbed.settings import NodeSettings

TEMPLATES = Path(__file__).with_name("templates")
DROP_IN = "/usr/lib/pvc/src/packaging/systemd/libvirtd.service.d"


def install_libvirt(node: NodeSettings) -> None:
    """Give a node its libvirtd, which knows the key of the guests' disks."""
    upper, packaged = node.directory / "upper", Path(node.settings.checkout) / "packaging/libvirt"
    etc = upper / "etc/libvirt"
    etc.mkdir(parents=True, exist_ok=True)
    for name in ("libvirtd.conf", "qemu.conf"):
        text = (packaged / name).read_text().replace("@ADDRESS@", node.addresses["clu"])
        (etc / name).write_text(text + _fill(name, node))
    default = upper / "etc/default/libvirtd"
    default.parent.mkdir(parents=True, exist_ok=True)
    default.write_text((packaged / "libvirtd.default").read_text())
    drop_in = upper / "etc/systemd/system/libvirtd.service.d"
    drop_in.parent.mkdir(parents=True, exist_ok=True)
    drop_in.symlink_to(DROP_IN)
    _write_secret(node, etc / "secrets")


def _write_secret(node: NodeSettings, directory: Path) -> None:
    bed = node.settings
    directory.mkdir(mode=0o700)
    uuid = ceph_keys.secret_uuid(bed)
    (directory / f"{uuid}.xml").write_text(_fill("secret.xml", node))
    value = directory / f"{uuid}.base64"
    value.touch(mode=0o600)
    value.write_text(ceph_keys.key(bed, ceph_keys.LIBVIRT))


def _fill(name: str, node: NodeSettings) -> str:
    return Template((TEMPLATES / name).read_text()).substitute(
        host_uuid=ceph_keys.identity(node.settings, f"host {node.name}"),
        secret_uuid=ceph_keys.secret_uuid(node.settings),
    )
