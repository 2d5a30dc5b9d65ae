"""Taking a testbed down, whatever state it is in.

Nothing here trusts a record of what was made: everything carries the testbed's
name, so what exists is found by looking. A half-failed `up` is therefore no
special case.
"""

import contextlib
import os
import shutil
from pathlib import Path

from testbed import cgroup, settings
from testbed.commands import run
from testbed.image.layers import remove_tree
from testbed.progress import step
from testbed.waiting import wait_until

NSPAWN_STATE = Path("/run/systemd/nspawn")
NAMESPACES = Path("/run/netns")


def down(name: str, home: Path) -> None:
    """Remove a testbed: no process, mount, namespace, interface, cgroup or file of it stays."""
    settings.check_name(name)
    with step(f"taking the testbed {name} down"):
        remove_everything(name, home)


def remove_everything(name: str, home: Path) -> None:
    """Remove whatever carries the testbed's name; nothing of it need exist."""
    ended = _end_processes(name)
    _remove_links(name)
    _remove_namespaces(name)
    _remove_namespace_directory()
    _remove_nspawn_state(name, home)
    remove_tree(home / "clusters" / name)
    # Killed processes stay in the list until their parent, at last PID 1, has collected them.
    wait_until(lambda: all(_is_gone(pid) for pid in ended), 10, "their end")


def leftovers(name: str, home: Path) -> list[str]:
    """Return what exists of a testbed; empty after `down`."""
    found = [f"cgroup {member}" for member in cgroup.cgroups(name).members()]
    found += [f"namespace {each}" for each in _namespaces(name)]
    found += [f"link {each}" for each in _links(name)]
    mounts = Path("/proc/self/mounts").read_text().splitlines()
    found += [f"mount {line}" for line in mounts if f"{home}/clusters/{name}/" in line]
    if (home / "clusters" / name).exists():
        found.append(f"directory {home}/clusters/{name}")
    return found


def _end_processes(name: str) -> list[int]:
    groups = cgroup.cgroups(name)
    ended = [pid for member in groups.members() for pid in groups.processes(member)]
    # The power supervisor first: it must not boot anything again meanwhile.
    for member in sorted(groups.members(), key=lambda member: member != "power"):
        groups.kill(member)
        groups.remove(member)
    groups.remove_all()
    return ended


def _is_gone(pid: int) -> bool:
    # A test that brought the testbed up is itself the parent of what it started.
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    return not Path(f"/proc/{pid}").exists()


def _remove_links(name: str) -> None:
    switch = f"{name}-sw"
    if switch in _namespaces(name):
        shown = run(["ip", "-n", switch, "-o", "link", "show", "type", "veth"]).stdout
        for line in shown.splitlines():
            run(["ip", "-n", switch, "link", "del", line.split()[1].split("@")[0]], check=False)
    for link in _links(name):
        run(["ip", "link", "del", link], check=False)


def _remove_namespaces(name: str) -> None:
    for namespace in _namespaces(name):
        run(["ip", "netns", "del", namespace])


def _remove_nspawn_state(name: str, home: Path) -> None:
    """Remove what a killed nspawn and the first named namespace leave below /run."""
    roots = {upper.stat().st_ino for upper in (home / "clusters" / name).glob("nodes/*/upper")}
    for lock in NSPAWN_STATE.glob("locks/inode-*"):
        if int(lock.name.rsplit(":", 1)[-1]) in roots:
            lock.unlink(missing_ok=True)
    for place in NSPAWN_STATE.glob(f"*/{name}-hv*"):
        if place.is_dir():
            shutil.rmtree(place, ignore_errors=True)
        else:
            place.unlink(missing_ok=True)
    for empty in (*NSPAWN_STATE.glob("*"), NSPAWN_STATE, NSPAWN_STATE.parent):
        with contextlib.suppress(OSError):
            empty.rmdir()


def _remove_namespace_directory() -> None:
    """Undo what `ip netns add` does once: /run/netns as a mount point, when nobody uses it."""
    if NAMESPACES.is_dir() and not any(NAMESPACES.iterdir()):
        run(["umount", NAMESPACES], check=False)
        with contextlib.suppress(OSError):
            NAMESPACES.rmdir()


def _namespaces(name: str) -> list[str]:
    found = NAMESPACES.glob(f"{name}-*") if NAMESPACES.is_dir() else ()
    return sorted(each.name for each in found)


def _links(name: str) -> list[str]:
    return sorted(each.name for each in Path("/sys/class/net").glob(f"{name}-*"))
