"""What is written into a node's own layer before its first boot: the installation of one node.

The templates in `testbed/templates/` are the one place that knows the
vocabulary of the configuration files.
"""

import hashlib
import os
import shutil
from pathlib import Path
from string import Template

from testbed.ceph_install import install_ceph
from testbed.libvirt_install import install_libvirt
from testbed.settings import (
    BMC_PASSWORD,
    BMC_USER,
    FLOATING_NUMBER,
    HOST_NUMBER,
    NETWORKS,
    NodeSettings,
    Settings,
)

TEMPLATES = Path(__file__).with_name("templates")
SOURCE = "/usr/lib/pvc/src"
LAUNCHERS = ("pvcnoded", "pvcapid", "pvc")


def write_node_files(node: NodeSettings, layers: list[Path]) -> None:
    """Write one node's host name, units and configuration into its layer."""
    upper = node.directory / "upper"
    for directory in (upper, node.directory / "work", node.directory / "root"):
        directory.mkdir(parents=True, exist_ok=True)
    _write(upper, "etc/hostname", f"{node.name}\n")
    _write(upper, "etc/hosts", hosts_file(node.settings))
    _write(upper, "etc/resolv.conf", "# no name server in the testbed\n")
    _install_product(node, upper, _owner_of(layers, "pvcapi"))
    install_libvirt(node)
    install_ceph(node, layers)
    if node.is_coordinator:
        _install_zookeeper(node, upper)
        _install_nginx(node, upper)
    else:
        for unit in ("zookeeper.service", "nginx.service"):
            _link(upper, f"etc/systemd/system/{unit}", "/dev/null")


def hosts_file(settings: Settings) -> str:
    """Return /etc/hosts: the short name of a node is its address on the cluster network."""
    lines = ["127.0.0.1 localhost", "::1 localhost ip6-localhost"]
    for node in settings.all_nodes():
        for short, long in NETWORKS.items():
            alias = f" {node.name}" if short == "clu" else ""
            lines.append(f"{node.addresses[short]} {node.name}.{long}.pvc.test{alias}")
    return "\n".join(lines) + "\n"


def values(node: NodeSettings) -> dict[str, str]:
    """Return what the templates may name."""
    settings = node.settings
    found = {
        "node": node.name,
        "coordinators": ", ".join(each.name for each in settings.all_coordinators()),
        "gateway": str(settings.number("upl", HOST_NUMBER)),
        "bmc_address": node.bmc_address,
        "bmc_user": BMC_USER,
        "bmc_password": BMC_PASSWORD,
        "token": settings.token,
        "secret_key": hashlib.sha256(settings.token.encode()).hexdigest(),
        "servers": "\n".join(_server_lines(settings)),
    }
    for short in NETWORKS:
        found[f"{short}_network"] = str(settings.network(short))
        found[f"{short}_floating"] = f"{settings.number(short, FLOATING_NUMBER)}/24"
        found[f"{short}_address"] = f"{node.addresses[short]}/24"
    return found


def render(name: str, node: NodeSettings) -> str:
    """Fill in one template for a node."""
    return Template((TEMPLATES / name).read_text()).substitute(values(node))


def _install_product(node: NodeSettings, upper: Path, api_user: tuple[int, int]) -> None:
    _link(upper, "usr/lib/pvc/src", "/srv/src")
    for name in LAUNCHERS:
        _link(upper, f"usr/bin/{name}", f"{SOURCE}/packaging/bin/{name}")
    for unit in ("pvcnoded.service", "pvcapid.service"):
        _link(upper, f"etc/systemd/system/{unit}", f"{SOURCE}/packaging/systemd/{unit}")
    _write(upper, "etc/pvc/pvcnoded.yaml", render("pvcnoded.yaml", node), mode=0o600)
    if node.settings.product:
        _enable(upper, "pvcnoded.service")
    if node.is_coordinator:
        path = _write(upper, "etc/pvc/pvcapid.yaml", render("pvcapid.yaml", node), mode=0o600)
        os.chown(path, *api_user)
        if node.settings.product:
            _enable(upper, "pvcapid.service")


def _install_zookeeper(node: NodeSettings, upper: Path) -> None:
    conf = "etc/zookeeper/conf_example"
    _write(upper, f"{conf}/zoo.cfg", render("zoo.cfg", node))
    _write(upper, f"{conf}/myid", f"{node.index}\n")
    _write(upper, "etc/default/zookeeper", (TEMPLATES / "zookeeper.default").read_text())
    _drop_in(upper, "zookeeper.service.d")


def _install_nginx(node: NodeSettings, upper: Path) -> None:
    template = Path(node.settings.checkout) / "packaging/nginx/pvc.conf"
    text = template.read_text().replace("@ADDRESS@", node.addresses["upl"])
    _write(upper, "etc/nginx/conf.d/pvc.conf", text)
    _drop_in(upper, "nginx.service.d")


def _drop_in(upper: Path, name: str) -> None:
    _link(upper, f"etc/systemd/system/{name}", f"{SOURCE}/packaging/systemd/{name}")


def _server_lines(settings: Settings) -> list[str]:
    members = settings.all_coordinators()
    if len(members) == 1:
        return []
    return [f"server.{node.index}={node.name}:2888:3888" for node in members]


def _owner_of(layers: list[Path], user: str) -> tuple[int, int]:
    for layer in layers:
        passwd = layer / "etc/passwd"
        if passwd.exists():
            for line in passwd.read_text().splitlines():
                fields = line.split(":")
                if fields[0] == user:
                    return int(fields[2]), int(fields[3])
    raise LookupError(f"no user {user} in {layers}")


def _enable(upper: Path, unit: str) -> None:
    _link(
        upper,
        f"etc/systemd/system/multi-user.target.wants/{unit}",
        f"/etc/systemd/system/{unit}",
    )


def _write(upper: Path, name: str, text: str, mode: int = 0o644) -> Path:
    path = upper / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=mode)
    path.chmod(mode)
    path.write_text(text)
    return path


def _link(upper: Path, name: str, target: str) -> None:
    path = upper / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.symlink_to(target)


def seed_byte_code(node: NodeSettings, compiled: Path) -> None:
    """Copy compiled sources into a node, so that its first start need not compile them."""
    place = node.directory / "upper" / "var/cache/pvc/pycache/usr/lib/pvc/src"
    shutil.copytree(compiled, place, dirs_exist_ok=True)
