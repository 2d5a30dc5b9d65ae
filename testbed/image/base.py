"""The base layer: a Debian system with the packages of a node, made by mmdebstrap.

Downloaded packages are kept, so that a rebuild works without a network as long
as the list asks for nothing new.
"""

import hashlib
import platform
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from testbed import tools
from testbed.commands import clean_environment, run
from testbed.errors import BedError
from testbed.image.layers import ensure_layer, stamp
from testbed.image.packages import MASKED_UNITS, all_packages
from testbed.progress import Step, say

MIRROR = "http://deb.debian.org/debian"
SECURITY_MIRROR = "http://deb.debian.org/debian-security"
BUILD_SECONDS = 1800

JOURNALD = "[Journal]\nStorage=persistent\nSystemMaxUse=64M\nRateLimitBurst=0\n"
SYSTEM_CONF = "[Manager]\nDefaultTimeoutStopSec=10s\n"


def ensure_base(home: Path, suite: str) -> Path:
    """Return the base layer, built if needed."""
    here = Path(__file__)
    mark = stamp(suite, platform.machine(), here, here.with_name("packages.py"))
    return ensure_layer(home, "base", mark, lambda place, shown: _build(home, suite, place, shown))


def _build(home: Path, suite: str, place: Path, shown: Step) -> None:
    tools.ensure_tools(home)
    cache = home / "cache" / f"debs-{suite}"
    cache.mkdir(parents=True, exist_ok=True)
    if _mirror_answers(suite):
        sources = _online_sources(suite)
    else:
        say(f"  {MIRROR} does not answer; trying the packages kept from the last build")
        sources = _offline_sources(cache, suite)
    _bootstrap(home, suite, place, cache, sources, shown)
    _settle(place)


def _bootstrap(home: Path, suite: str, place: Path, cache: Path, sources: str, shown: Step) -> None:
    argv = ["mmdebstrap", "--mode=root", "--variant=minbase", *_options(cache), suite, str(place)]
    log = home / "cache" / "mmdebstrap.log"
    with (
        log.open("w") as output,
        subprocess.Popen(
            [*argv, "-"],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=tools.environment(home),
            text=True,
        ) as process,
    ):
        assert process.stdin is not None
        process.stdin.write(sources)
        process.stdin.close()
        _follow(process, log, shown)
    if process.returncode != 0:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
        raise BedError(f"mmdebstrap failed; its log is {log}\n{tail}")


def _options(cache: Path) -> Iterator[str]:
    archives = "/var/cache/apt/archives/"
    manuals = " ".join(f'"$1/usr/share/man/man{section}"' for section in (1, 5, 8))
    yield f"--include={','.join(all_packages())}"
    yield '--aptopt=Acquire::Check-Valid-Until "false"'
    yield '--aptopt=APT::Install-Recommends "false"'
    yield "--dpkgopt=force-unsafe-io"
    for excluded in ("doc", "man", "locale"):
        yield f"--dpkgopt=path-exclude=/usr/share/{excluded}/*"
    # Java's postinst links manual pages and fails without these directories.
    yield f"--setup-hook=mkdir -p {manuals}"
    yield f'--setup-hook=mkdir -p "$1{archives}"'
    yield f"--setup-hook=sync-in {cache} {archives}"
    yield f"--customize-hook=sync-out {archives} {cache}"
    yield "--skip=download/empty"
    yield "--skip=essential/unlink"


def _follow(process: "subprocess.Popen[str]", log: Path, shown: Step) -> None:
    for _ in range(BUILD_SECONDS):
        lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
        shown.show(lines[-1] if lines else "")
        try:
            process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            continue
        return
    process.kill()
    raise BedError(f"mmdebstrap did not end within {BUILD_SECONDS} s; its log is {log}")


def _settle(place: Path) -> None:
    """Turn a fresh Debian into one that boots quietly as a node, many times over."""
    units = place / "etc/systemd/system"
    for unit in MASKED_UNITS:
        link = units / unit
        link.unlink(missing_ok=True)
        link.symlink_to("/dev/null")
    for directory, text in (("journald.conf.d", JOURNALD), ("system.conf.d", SYSTEM_CONF)):
        (place / "etc/systemd" / directory).mkdir(exist_ok=True)
        (place / "etc/systemd" / directory / "testbed.conf").write_text(text)
    (place / "etc/machine-id").write_text("")
    for name in ("etc/hostname", "etc/resolv.conf", "etc/nginx/sites-enabled/default"):
        (place / name).unlink(missing_ok=True)
    for name in ("srv/src", "srv/share", "etc/pvc", "usr/lib/pvc", "var/log/journal"):
        (place / name).mkdir(parents=True, exist_ok=True)
    for archive in (place / "var/cache/apt/archives").glob("*.deb"):
        archive.unlink()


def _mirror_answers(suite: str) -> bool:
    try:
        with urllib.request.urlopen(f"{MIRROR}/dists/{suite}/InRelease", timeout=10):
            return True
    except OSError:
        return False


def _online_sources(suite: str) -> str:
    return (
        f"deb {MIRROR} {suite} main\n"
        f"deb {MIRROR} {suite}-updates main\n"
        f"deb {SECURITY_MIRROR} {suite}-security main\n"
    )


def _offline_sources(cache: Path, suite: str) -> str:
    """Describe the kept packages as a repository of their own."""
    packages = sorted(cache.glob("*.deb"))
    if not packages:
        raise BedError(f"offline: {MIRROR} does not answer and no packages are kept in {cache}")
    index = "".join(_index_entry(package) for package in packages)
    (cache / "Packages").write_text(index)
    # mmdebstrap chooses the essential packages by the name of their release.
    digest = hashlib.sha256(index.encode()).hexdigest()
    sums = f"SHA256:\n {digest} {len(index.encode())} Packages\n"
    (cache / "Release").write_text(f"Suite: {suite}\nCodename: {suite}\n{sums}")
    return f"deb [trusted=yes] copy:{cache} ./\n"


def _index_entry(package: Path) -> str:
    control = run(["dpkg-deb", "--field", package], env=clean_environment()).stdout.strip()
    digest = hashlib.sha256(package.read_bytes()).hexdigest()
    facts = f"Filename: ./{package.name}\nSize: {package.stat().st_size}\nSHA256: {digest}\n"
    return f"{control}\n{facts}\n"
