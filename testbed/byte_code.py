"""Compiling the checkout with the image's Python, so that the nodes' first start need not."""

from pathlib import Path

from testbed.commands import clean_environment, run
from testbed.settings import Settings

PACKAGES = ("api", "bus", "cli", "cluster", "runtime", "supervisor", "workers")

# $1 lower layers, $2 scratch, $3 checkout. The path compiled in is the path the node will use.
_SCRIPT = f"""
set -e
mount -t overlay pvc-compile -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/root"
mkdir -p "$2/root/usr/lib/pvc/src"
mount --bind -o ro "$3" "$2/root/usr/lib/pvc/src"
cd / && exec chroot "$2/root" /bin/sh -c 'cd /usr/lib/pvc/src &&
  PYTHONPYCACHEPREFIX=/var/cache/pvc/pycache /usr/lib/pvc/venv/bin/python -m compileall -q \
  $(for name in {" ".join(PACKAGES)}
    do if [ -d $name ]; then echo /usr/lib/pvc/src/$name; fi; done)'
"""


def compile_sources(bed: Settings, layers: list[Path]) -> Path:
    """Compile the checkout; return a directory with its byte code, laid out as in a node."""
    scratch = bed.directory / "compile"
    for name in ("upper", "work", "root"):
        (scratch / name).mkdir(parents=True, exist_ok=True)
    lower = ":".join(str(layer) for layer in layers)
    inside = ["unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", _SCRIPT, "sh"]
    # A file that does not compile is the daemon's to complain about, not the testbed's.
    run([*inside, lower, scratch, bed.checkout], check=False, env=clean_environment())
    compiled = scratch / "upper/var/cache/pvc/pycache/usr/lib/pvc/src"
    compiled.mkdir(parents=True, exist_ok=True)
    return compiled
