"""The product layer: the private virtual environment, made with the image's own Python.

It sees Debian's packages as well, because the bindings of libvirt and Ceph exist only there; what
the lock file names, and the product itself, come before them. They are a line in the environment's
.pth file: with `--system-site-packages` each start would also run the .pth files that Debian's
packages bring along.

The wheels are fetched on the host, where the network and its certificates are
configured, and installed in the image without any network; both steps check the
hashes of the lock file.
"""

import os
import shutil
import sys
from pathlib import Path

from testbed.commands import clean_environment, run
from testbed.errors import BedError, CommandFailed
from testbed.image.layers import ensure_layer, stamp
from testbed.progress import Step

VENV = "/usr/lib/pvc/venv"
SOURCE = "/usr/lib/pvc/src"
BINDINGS = "/usr/lib/python3/dist-packages"
PYCACHE = "/var/cache/pvc/pycache"
INSTALL_SECONDS = 300

# Runs in a mount namespace of its own: $1 lower, $2 upper, $3 work, $4 root, $5 wheels,
# $6 checkout.
_IN_IMAGE = f"""
set -e
mount -t overlay pvc-build -o "lowerdir=$1,upperdir=$2,workdir=$3" "$4"
mkdir -p "$4/srv/wheels"
mount --bind "$5" "$4/srv/wheels"
mount --bind -o ro "$6" "$4/srv/src"
cat >"$4/srv/build" <<'SCRIPT'
set -e
systemd-sysusers /srv/src/packaging/sysusers.d/pvc.conf
python3 -m venv {VENV}
{VENV}/bin/python -m pip install --quiet --no-index --find-links /srv/wheels --no-compile \\
    --ignore-installed --require-hashes -r /srv/src/requirements.lock
place=$({VENV}/bin/python -c 'import site; print(site.getsitepackages()[0])')
printf '%s\\n' {SOURCE} {BINDINGS} >$place/pvc.pth
rm -rf {VENV}/lib/python3*/site-packages/pip {VENV}/lib/python3*/site-packages/setuptools
PYTHONPYCACHEPREFIX={PYCACHE} {VENV}/bin/python -m compileall -q -j 0 \\
    -x 'test|idlelib|lib2to3|tkinter|turtledemo|ensurepip|pydoc_data' \\
    $({VENV}/bin/python -c 'import os; print(os.path.dirname(os.__file__))') {VENV}/lib \\
    {BINDINGS}/libvirt*.py
SCRIPT
chroot "$4" /bin/sh /srv/build
rm "$4/srv/build"
umount "$4/srv/wheels" "$4/srv/src"
rmdir "$4/srv/wheels"
"""


def ensure_product(home: Path, base: Path, checkout: Path) -> Path:
    """Return the product layer on top of a base layer, built if needed."""
    lock = checkout / "requirements.lock"
    users = checkout / "packaging/sysusers.d/pvc.conf"
    for needed in (lock, users):
        if not needed.is_file():
            raise BedError(f"{needed} is missing: is {checkout} a checkout of PVC?")
    mark = stamp(base.name, lock, users, Path(__file__))
    return ensure_layer(
        home, "product", mark, lambda place, shown: _build(home, base, checkout, place, shown)
    )


def _build(home: Path, base: Path, checkout: Path, place: Path, shown: Step) -> None:
    shown.show("fetching wheels")
    wheels = _fetch_wheels(home, base, checkout / "requirements.lock")
    shown.show("installing them in the image")
    scratch = place.with_name(f"{place.name}-scratch")
    shutil.rmtree(scratch, ignore_errors=True)
    for directory in (place, scratch / "work", scratch / "root"):
        directory.mkdir(parents=True)
    try:
        places = [base, place, scratch / "work", scratch / "root", wheels, checkout]
        inside = ["unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", _IN_IMAGE]
        run([*inside, "sh", *places], timeout_seconds=INSTALL_SECONDS, env=clean_environment())
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _fetch_wheels(home: Path, base: Path, lock: Path) -> Path:
    """Download the lock file's wheels for the image's Python, from the cache alone if possible."""
    version = _python_version(base)
    wheels = home / "cache" / f"wheels-{version}"
    wheels.mkdir(parents=True, exist_ok=True)
    download = [sys.executable, "-m", "pip", "download", "--quiet", "--require-hashes"]
    target = [
        "--only-binary=:all:",
        f"--python-version={version}",
        f"--dest={wheels}",
        f"--requirement={lock}",
    ]
    find = [f"--find-links={wheels}"]
    kept = run([*download, *target, *find, "--no-index"], check=False, timeout_seconds=60)
    if kept.code == 0:
        return wheels
    # pip needs the caller's own environment: proxies, certificates, indexes.
    try:
        run([*download, *target, *find], timeout_seconds=INSTALL_SECONDS, env=os.environ)
    except CommandFailed as error:
        raise BedError(f"pip could not fetch the wheels; are we offline?\n{error}") from error
    return wheels


def _python_version(base: Path) -> str:
    found = sorted((base / "usr/bin").glob("python3.[0-9]*"))
    versions = [path.name.removeprefix("python") for path in found if "-" not in path.name]
    if not versions:
        raise BedError(f"no Python in {base}")
    return versions[0]
