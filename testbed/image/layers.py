"""Layers: directories made once, named by what they are made of, never changed afterwards.

Two layers lie below every node: `base`, the Debian packages, and `product`, the
private virtual environment. They are apart because the lock file changes more
often than the list of packages. A layer is built beside its place and renamed
when it is whole, so a killed build leaves nothing that looks finished.
"""

import fcntl
import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from testbed.commands import run
from testbed.progress import Step, say, step

Build = Callable[[Path, Step], None]


def stamp(*parts: str | Path) -> str:
    """Return a short name for a set of texts and of files' contents."""
    digest = hashlib.sha256()
    for part in parts:
        content = part.read_bytes() if isinstance(part, Path) else part.encode()
        digest.update(len(content).to_bytes(8, "big") + content)
    return digest.hexdigest()[:16]


def layer_path(home: Path, kind: str, mark: str) -> Path:
    """Return where a layer is or will be."""
    return home / "layers" / f"{kind}-{mark}"


def ensure_layer(home: Path, kind: str, mark: str, build: Build) -> Path:
    """Return a layer, building it first when it is not there."""
    place = layer_path(home, kind, mark)
    if place.is_dir():
        return place
    place.parent.mkdir(parents=True, exist_ok=True)
    building = place.with_name(f".building-{kind}-{mark}")
    remove_tree(building)
    with step(f"building the {kind} layer of the node image") as shown:
        try:
            build(building, shown)
        except BaseException:
            remove_tree(building)
            raise
        building.rename(place)
    return place


def forget_old(home: Path, used: set[Path]) -> None:
    """Remove layers that no testbed uses, so that images do not pile up."""
    for place in (home / "layers").iterdir():
        if place not in used:
            say(f"removing the outdated image layer {place.name}")
            remove_tree(place)


def remove_tree(place: Path) -> None:
    """Remove a tree; a build that was killed may have left mounts in it, which must go first."""
    if not place.exists():
        return
    prefix = f"{place}/"
    mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    for target in sorted((m for m in mounts if m.startswith(prefix)), reverse=True):
        run(["umount", "--lazy", target], check=False)
    shutil.rmtree(place)


@contextmanager
def build_lock(home: Path) -> Iterator[None]:
    """Let one process at a time build; a second one waits for the first."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another ./dev is busy with this testbed home; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
