"""The cgroups of a testbed: one per node, which is what makes a power switch of it.

Two hosts are supported. Without systemd as PID 1 (a CI machine) the groups are
plain directories in the cgroup2 tree, and in systemd's own v1 tree where there
is one. With systemd as PID 1 (a laptop) systemd owns the tree, so each group is
a scope below a slice of the testbed. Killing, freezing and looking are the same
for both, because both end in a cgroup2 directory.
"""

import contextlib
import os
from abc import ABC, abstractmethod
from functools import partial
from pathlib import Path

from testbed.commands import run
from testbed.errors import BedError
from testbed.waiting import wait_until


class Cgroups(ABC):
    """The groups of one testbed; a member is a node's name, `bmc` or `power`."""

    def __init__(self, name: str) -> None:
        """Speak for the testbed of that name."""
        self._name = name

    @abstractmethod
    def command(self, member: str, argv: list[str]) -> list[str]:
        """Return a command that runs argv inside the member's group."""

    @abstractmethod
    def path(self, member: str) -> Path:
        """Return the member's cgroup2 directory, which need not exist."""

    @abstractmethod
    def members(self) -> list[str]:
        """Return the members that have a group now."""

    @abstractmethod
    def remove(self, member: str) -> None:
        """Remove the member's empty group."""

    @abstractmethod
    def remove_all(self) -> None:
        """Remove what holds the groups; all members must be gone."""

    def processes(self, member: str) -> list[int]:
        """Return the processes of a member, in the host's numbering."""
        found: list[int] = []
        for directory in _tree(self.path(member)):
            with contextlib.suppress(OSError):
                procs = (directory / "cgroup.procs").read_text()
                found += [int(line) for line in procs.split() if line != "0"]
        return found

    def is_populated(self, member: str) -> bool:
        """Tell whether any process of a member lives: whether the power is on."""
        return _flag(self.path(member) / "cgroup.events", "populated")

    def is_frozen(self, member: str) -> bool:
        """Tell whether the member's processes stand still."""
        return _flag(self.path(member) / "cgroup.events", "frozen")

    def freeze(self, member: str, *, frozen: bool) -> None:
        """Stop or continue all processes of a member and wait until it is so."""
        (self.path(member) / "cgroup.freeze").write_text("1" if frozen else "0")
        wait_until(
            lambda: self.is_frozen(member) == frozen, 5, f"{member} to freeze or thaw", 0.002
        )

    def kill(self, member: str) -> None:
        """End every process of a member at once, frozen or not, and wait until they are gone."""
        killer = self.path(member) / "cgroup.kill"
        if killer.exists():
            with contextlib.suppress(FileNotFoundError):
                killer.write_text("1")
        wait_until(lambda: not self.is_populated(member), 10, f"the end of {member}", 0.01)


class PlainCgroups(Cgroups):
    """Directories made by hand: nobody else manages the tree."""

    def __init__(self, name: str) -> None:
        """Find the cgroup2 tree and, where mounted, systemd's own v1 tree."""
        super().__init__(name)
        self._unified, self._roots = _find_roots()

    def command(self, member: str, argv: list[str]) -> list[str]:
        """Enter the directories by a shell that then becomes the command."""
        directories = [root / self._top / member for root in self._roots]
        for directory in directories:
            directory.mkdir(parents=True, exist_ok=True)
        enter = "".join(f"echo $$ >{directory}/cgroup.procs && " for directory in directories)
        return ["/bin/sh", "-c", enter + 'exec "$@"', "sh", *argv]

    def path(self, member: str) -> Path:
        """Return the directory in the cgroup2 tree."""
        return self._unified / self._top / member

    def members(self) -> list[str]:
        """List the directories."""
        found = {path.name for root in self._roots for path in _directories(root / self._top)}
        return sorted(found)

    def remove(self, member: str) -> None:
        """Remove the directories of a member, the inner ones first."""
        for root in self._roots:
            _remove_tree(root / self._top / member)

    def remove_all(self) -> None:
        """Remove the testbed's own directories."""
        for root in self._roots:
            _remove_tree(root / self._top)

    @property
    def _top(self) -> str:
        return f"{self._name}-testbed"


class ScopeCgroups(Cgroups):
    """Scopes of the host's systemd, below one slice per testbed."""

    def command(self, member: str, argv: list[str]) -> list[str]:
        """Let systemd-run make the scope; it then becomes the command."""
        options = ["--scope", "--quiet", "--collect", "--property=Delegate=yes"]
        names = [f"--unit={self._scope(member)}", f"--slice={self._name}.slice"]
        return ["systemd-run", *options, *names, "--", *argv]

    def path(self, member: str) -> Path:
        """Return the directory that systemd gives the scope."""
        return self._slice / self._scope(member)

    def members(self) -> list[str]:
        """List the scopes below the slice."""
        prefix = f"{self._name}-"
        names = [path.name for path in _directories(self._slice)]
        return sorted(
            name.removeprefix(prefix).removesuffix(".scope")
            for name in names
            if name.startswith(prefix) and name.endswith(".scope")
        )

    def remove(self, member: str) -> None:
        """Wait until systemd has noticed that the scope is empty."""
        run(["systemctl", "stop", self._scope(member)], check=False)
        wait_until(lambda: not self.path(member).exists(), 10, f"systemd to drop {member}")

    def remove_all(self) -> None:
        """Stop the slice."""
        run(["systemctl", "stop", f"{self._name}.slice"], check=False)

    @property
    def _slice(self) -> Path:
        return Path("/sys/fs/cgroup") / f"{self._name}.slice"

    def _scope(self, member: str) -> str:
        return f"{self._name}-{member}.scope"


def cgroups(name: str) -> Cgroups:
    """Return the implementation that fits this host."""
    if Path("/run/systemd/system").is_dir():
        return ScopeCgroups(name)
    return PlainCgroups(name)


def _find_roots() -> tuple[Path, list[Path]]:
    unified: Path | None = None
    named: list[Path] = []
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, target, kind, options = line.split()[:4]
        if kind == "cgroup2":
            unified = unified or Path(target)
        elif kind == "cgroup" and "name=systemd" in options.split(","):
            named.append(Path(target))
    if unified is None:
        raise BedError("this host has no cgroup2 tree mounted; nodes cannot be switched off")
    if not os.access(unified, os.W_OK):
        raise BedError(f"{unified} is read-only; the testbed must be able to make cgroups")
    return unified, [unified, *named[:1]]


def _flag(path: Path, name: str) -> bool:
    try:
        return f"{name} 1" in path.read_text().splitlines()
    except OSError:
        return False


def _directories(path: Path) -> list[Path]:
    return [entry for entry in path.iterdir() if entry.is_dir()] if path.is_dir() else []


def _tree(top: Path) -> list[Path]:
    """Return a directory and all below it; what vanishes meanwhile is left out."""
    return [Path(directory) for directory, _, _ in os.walk(top)]


def _remove_tree(top: Path) -> None:
    for directory in reversed(_tree(top)):
        # A dead process leaves its group a moment after it is gone from the list.
        wait_until(partial(_rmdir, directory), 5, f"{directory} to be empty", 0.01)


def _rmdir(directory: Path) -> bool:
    try:
        directory.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
