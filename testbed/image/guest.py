"""The guests' disk: a small Linux that boots in seconds and says on its console how it is.

Debian's cloud kernel and a busybox, in a raw image that boots from a disk like any other. Built
once from packages that are unpacked and not installed; kept ones serve when there is no network.
"""

import shutil
import stat
import struct
from pathlib import Path

from testbed import host
from testbed.commands import clean_environment, run
from testbed.errors import BedError, CommandFailed
from testbed.image.layers import ensure_layer, stamp
from testbed.progress import Step

TEMPLATES = Path(__file__).parent.with_name("templates")
KERNEL = "linux-image-cloud-amd64"
PACKAGES = ("busybox-static", "syslinux", "syslinux-common", "mtools")
# In the order in which they must be loaded.
MODULES = (
    "virtio_ring",
    "virtio",
    "virtio_pci_legacy_dev",
    "virtio_pci_modern_dev",
    "virtio_pci",
    "virtio_blk",
    "virtio_balloon",
    "failover",
    "net_failover",
    "virtio_net",
    "button",
    "evdev",
)
# Most of these words spare the emulated processor work at boot.
COMMAND_LINE = (
    "console=ttyS0 quiet nokaslr mitigations=off no_timer_check tsc=reliable cryptomgr.notests "
    "8250.nr_uarts=1 noreplace-smp loglevel=3 random.trust_cpu=on panic=1"
)
SYSLINUX = f"""SERIAL 0 115200
DEFAULT linux
PROMPT 0
LABEL linux
KERNEL vmlinuz
INITRD initrd.gz
APPEND {COMMAND_LINE}
"""
POWER_BUTTON = """#!/bin/busybox sh
echo "POWER BUTTON" >/dev/console
/bin/busybox sync
/bin/busybox poweroff -f
"""

DISK_BYTES = 64 * 2**20
SECTOR_BYTES, FIRST_SECTOR, SECTORS = 512, 2048, 65536
BOOT_CODE_BYTES, PARTITION_TABLE = 440, 446
FAT16 = 6


def ensure_guest(home: Path) -> Path:
    """Return the layer with the guests' disk, built if needed."""
    texts = [TEMPLATES / "guest-init", TEMPLATES / "guest-udhcpc"]
    mark = stamp(Path(__file__), *texts)
    return ensure_layer(home, "guest", mark, lambda place, shown: _build(home, place, shown))


def disk_of(layer: Path) -> Path:
    """Return the raw disk image in the layer."""
    return layer / "disk.raw"


def _build(home: Path, place: Path, shown: Step) -> None:
    shown.show("fetching a kernel and a busybox")
    packages = _fetch(home / "cache" / "debs-guest")
    place.mkdir()
    tree, root = place / "tree", place / "root"
    try:
        for package in packages:
            run(["dpkg-deb", "--extract", package, tree])
        shown.show("packing them")
        _fill_root(tree, root)
        _pack(tree, root, place / "initrd.gz")
        _make_disk(tree, place)
    finally:
        for scratch in (tree, root, place / "initrd.gz"):
            shutil.rmtree(scratch) if scratch.is_dir() else scratch.unlink(missing_ok=True)


def _fetch(kept: Path) -> list[Path]:
    """Download the packages anew, or return those kept from the last time."""
    fresh = kept.with_name(f"{kept.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    try:
        host.refresh_package_lists()
        argv = ["apt-get", "download", "-q", _kernel_package(), *PACKAGES]
        run(argv, cwd=fresh, timeout_seconds=300, env=clean_environment())
    except (BedError, CommandFailed) as error:
        shutil.rmtree(fresh)
        if not kept.is_dir():
            raise BedError(
                f"cannot fetch the guest's packages; are we offline?\n{error}"
            ) from error
    else:
        shutil.rmtree(kept, ignore_errors=True)
        fresh.rename(kept)
    return sorted(kept.glob("*.deb"))


def _kernel_package() -> str:
    """Return what the kernel's package is called in this point release."""
    shown = run(["apt-cache", "depends", KERNEL], env=clean_environment()).stdout
    names = [line.split()[-1] for line in shown.splitlines() if "Depends: linux-image-" in line]
    if not names:
        raise BedError(f"no package {KERNEL} among the host's package lists; apt-get update")
    return names[0]


def _fill_root(tree: Path, root: Path) -> None:
    for name in ("bin", "dev", "proc", "sys", "lib", "etc/acpi/PWRF", "tmp", "var"):
        (root / name).mkdir(parents=True, exist_ok=True)
    shutil.copy(tree / "bin/busybox", root / "bin/busybox")
    for module in MODULES:
        shutil.copy(_one(tree / "lib/modules", f"{module}.ko"), root / "lib")
    init = (TEMPLATES / "guest-init").read_text().replace("@MODULES@", " ".join(MODULES))
    _write_program(root / "init", init)
    _write_program(root / "etc/udhcpc", (TEMPLATES / "guest-udhcpc").read_text())
    # What busybox's acpid runs for the power button, by the kernel's name of the event.
    _write_program(root / "etc/acpi/PWRF/00000080", POWER_BUTTON)


def _write_program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def _pack(tree: Path, root: Path, target: Path) -> None:
    busybox = tree / "bin/busybox"
    script = 'cd "$1" && "$2" find . | "$2" cpio -o -H newc -R 0:0 2>/dev/null | gzip -9 >"$3"'
    run(["/bin/sh", "-ec", script, "sh", root, busybox, target])


def _make_disk(tree: Path, place: Path) -> None:
    disk, offset = disk_of(place), FIRST_SECTOR * SECTOR_BYTES
    with disk.open("wb") as image:
        image.truncate(DISK_BYTES)
        image.write((tree / "usr/lib/SYSLINUX/mbr.bin").read_bytes()[:BOOT_CODE_BYTES])
        image.seek(PARTITION_TABLE)
        image.write(_partition_table())
    kernel = _one(tree / "boot", "vmlinuz-*")
    config = place / "syslinux.cfg"
    config.write_text(SYSLINUX)
    programs = clean_environment(MTOOLS_SKIP_CHECK="1")
    programs["PATH"] = f"{tree}/usr/bin:{programs['PATH']}"
    drive = f"{disk}@@{offset}"
    sectors = ["-T", SECTORS, "-h", 64, "-s", 32, "-H", FIRST_SECTOR]
    format_it = ["mformat", "-i", drive, *(str(word) for word in sectors), "::"]
    run(format_it, env=programs)
    for source, name in ((kernel, "vmlinuz"), (place / "initrd.gz", "initrd.gz")):
        run(["mcopy", "-i", drive, source, f"::{name}"], env=programs)
    run(["mcopy", "-i", drive, config, "::syslinux.cfg"], env=programs)
    run(["syslinux", "--install", "--offset", str(offset), disk], env=programs)
    config.unlink()


def _partition_table() -> bytes:
    """Return one active partition and the mark that ends a boot sector."""
    unused_geometry = b"\xfe\xff\xff"
    places = struct.pack("<II", FIRST_SECTOR, SECTORS)
    entry = b"\x80" + unused_geometry + bytes([FAT16]) + unused_geometry + places
    return entry + bytes(3 * len(entry)) + b"\x55\xaa"


def _one(place: Path, pattern: str) -> Path:
    found = sorted(path for path in place.rglob(pattern) if stat.S_ISREG(path.stat().st_mode))
    if not found:
        raise BedError(f"no {pattern} in the guest's packages; another kernel than expected?")
    return found[0]
