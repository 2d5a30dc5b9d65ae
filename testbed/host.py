"""What the host must be and have before a testbed can stand on it."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from testbed.commands import clean_environment, run, run_in_foreground
from testbed.errors import BedError, CommandFailed
from testbed.progress import say, step

SUPPORTED_VERSIONS = ("12", "13")
NEEDED_GIB = 6
PACKAGES = ("iproute2", "kmod", "perl", "procps", "util-linux")
MODULES = ("overlay", "bridge", "veth", "tun", "vxlan", "nf_tables")


def require_root() -> None:
    """Refuse to go on as an ordinary user."""
    if os.geteuid() != 0:
        raise BedError("this needs root: the nodes are machines with networks of their own")


def require_debian() -> None:
    """Refuse a host whose packages are not Debian's."""
    fields = dict(
        line.split("=", 1)
        for line in Path("/etc/os-release").read_text().splitlines()
        if "=" in line
    )
    version = fields.get("VERSION_ID", "").strip('"')
    if fields.get("ID") != "debian" or version not in SUPPORTED_VERSIONS:
        name = fields.get("PRETTY_NAME", "this system").strip('"')
        raise BedError(f"the testbed runs on Debian 12 or 13, not on {name}")


def require_space(home: Path) -> None:
    """Refuse to fill the disk."""
    free_gib = shutil.disk_usage(home).free / 2**30
    if free_gib < NEEDED_GIB:
        raise BedError(
            f"only {free_gib:.1f} GiB free in {home}, {NEEDED_GIB} needed; "
            "free some or set PVC_TESTBED_HOME to another disk"
        )


def require_overlay(home: Path) -> None:
    """Refuse a file system that cannot carry an overlay, as another overlay cannot."""
    trial = home / ".overlay-trial"
    shutil.rmtree(trial, ignore_errors=True)
    for name in ("lower", "upper", "work", "root"):
        (trial / name).mkdir(parents=True)
    options = f"lowerdir={trial}/lower,upperdir={trial}/upper,workdir={trial}/work"
    mount = ["mount", "-t", "overlay", "pvc-trial", "-o", options, f"{trial}/root"]
    try:
        run(["unshare", "--mount", *mount])
    except CommandFailed as error:
        raise BedError(
            f"{home} cannot carry overlay mounts; set PVC_TESTBED_HOME to a directory on "
            f"ext4, xfs, btrfs or tmpfs\n{error}"
        ) from error
    finally:
        shutil.rmtree(trial, ignore_errors=True)


def load_modules() -> None:
    """Load kernel modules that cannot be loaded from inside a node; built-in ones are fine."""
    if Path("/lib/modules", os.uname().release).is_dir():
        run(["modprobe", "--all", "--quiet", *MODULES], check=False)


def ensure_packages(packages: Sequence[str] = PACKAGES) -> None:
    """Install what is missing of the host's packages; none of these starts a service."""
    missing = [name for name in packages if not _is_installed(name)]
    if not missing:
        return
    require_root()
    say(f"installing on this host: {' '.join(missing)}")
    install = ["apt-get", "install", "--yes", "--no-install-recommends", "-q", *missing]
    quiet = clean_environment(DEBIAN_FRONTEND="noninteractive")
    if run(install, check=False, timeout_seconds=900, env=quiet).code != 0:
        refresh_package_lists(force=True)
        if run_in_foreground(install, env=quiet) != 0:
            raise BedError(f"apt could not install {' '.join(missing)}; see above")


def refresh_package_lists(*, force: bool = False) -> None:
    """Run apt-get update when there are no package lists, or in any case."""
    lists = list(Path("/var/lib/apt/lists").glob("*_Packages*"))
    if lists and not force:
        return
    with step("apt-get update"):
        argv = ["apt-get", "update", "-q", "-o", "APT::Update::Error-Mode=any"]
        try:
            run(argv, timeout_seconds=300, env=clean_environment())
        except CommandFailed as error:
            raise BedError(f"cannot reach the Debian mirror; are we offline?\n{error}") from error


def _is_installed(package: str) -> bool:
    status = run(["dpkg-query", "-W", "-f", "${Status}", package], check=False)
    return status.stdout.endswith("ok installed")
