"""Programs that must not be installed on the host, unpacked into a directory of the testbed.

Installing systemd-container or openipmi on a laptop would start services there.
systemd-nspawn and mmdebstrap run from an unpacked tree; nspawn brings its own
libsystemd-shared, so the host's systemd need not have the same version.
"""

import platform
import shutil
from pathlib import Path

from testbed import host
from testbed.commands import clean_environment, run
from testbed.image.layers import stamp
from testbed.progress import step

PACKAGES = (
    "systemd-container",
    "libsystemd-shared",
    "libapparmor1",
    "libip4tc2",
    "libkmod2",
    "libseccomp2",
    "mmdebstrap",
)


def tool(home: Path, name: str) -> Path:
    """Return the path of an unpacked program."""
    return _tree(home) / "usr" / "bin" / name


def library_path(home: Path) -> str:
    """Return where the unpacked programs find their libraries."""
    libraries = _tree(home) / "usr" / "lib" / _multiarch()
    return f"{libraries}/systemd:{libraries}:{_tree(home)}/lib/{_multiarch()}"


def environment(home: Path) -> dict[str, str]:
    """Return an environment that finds the unpacked programs first."""
    plain = clean_environment()
    return plain | {"PATH": f"{_tree(home)}/usr/bin:{plain['PATH']}"}


def ensure_tools(home: Path) -> None:
    """Fetch and unpack the programs unless that was done before."""
    if _tree(home).is_dir():
        return
    with step("fetching systemd-nspawn and mmdebstrap (unpacked, not installed)"):
        building = home / ".building-tools"
        shutil.rmtree(building, ignore_errors=True)
        (building / "debs").mkdir(parents=True)
        host.refresh_package_lists()
        run(
            ["apt-get", "download", "-q", *PACKAGES],
            cwd=building / "debs",
            timeout_seconds=300,
            env=clean_environment(),
        )
        for package in sorted((building / "debs").glob("*.deb")):
            run(["dpkg-deb", "--extract", package, building / "tree"])
        (building / "tree").rename(_tree(home))
        shutil.rmtree(building)


def _tree(home: Path) -> Path:
    return home / f"tools-{stamp(*PACKAGES)}"


def _multiarch() -> str:
    return {"aarch64": "aarch64-linux-gnu"}.get(platform.machine(), "x86_64-linux-gnu")
