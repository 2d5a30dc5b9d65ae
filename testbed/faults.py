"""Breaking a node, or one process in it, on purpose and truthfully."""

import contextlib
import os
import signal
from pathlib import Path

from testbed import network, power_supervisor
from testbed.cgroup import Cgroups
from testbed.errors import BedError
from testbed.node import Node
from testbed.qemu import qemus_of
from testbed.settings import Settings

SIGNALS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP, "cont": signal.SIGCONT}
KINDS = ("power-off", "power-on", "freeze", "thaw", "cut", "heal", *SIGNALS)
TITLE, GUEST = "pvcnoded: ", "vm:"


def apply(settings: Settings, node: Node, cgroups: Cgroups, kind: str, words: list[str]) -> None:
    """Do one fault; return when it is in force."""
    _check(kind, words)
    match kind:
        case "power-off" | "power-on":
            power_supervisor.order(settings, kind.removeprefix("power-"), node.name)
        case "freeze" | "thaw":
            _require_power(node)
            cgroups.freeze(node.name, frozen=kind == "freeze")
        case "cut":
            network.cut(node.settings, network.shorts_of(words[0] if words else None))
        case "heal":
            network.heal(node.settings, network.shorts_of(words[0] if words else None))
        case _:
            _require_power(node)
            os.kill(find_process(node, cgroups, words[0]), SIGNALS[kind])


def find_process(node: Node, cgroups: Cgroups, target: str) -> int:
    """Return the host's number of a node's process: a worker's, a guest's, a unit's main one."""
    if target.startswith(GUEST):
        return _guest(node, target.removeprefix(GUEST))
    for pid in cgroups.processes(node.name):
        if _title(pid) == TITLE + target:
            return pid
    inner = _main_pid(node, node.unit_name(target))
    for pid in cgroups.processes(node.name):
        if _number_in_node(pid) == inner:
            return pid
    raise BedError(f"{node.name} runs no worker and no unit called {target!r}")


def go_on(cgroups: Cgroups, node: str) -> None:
    """Continue every process of a node that was stopped."""
    for pid in cgroups.processes(node):
        if _state(pid) == "T":
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def _check(kind: str, words: list[str]) -> None:
    if kind not in KINDS:
        raise BedError(f"no fault {kind!r}; there are {', '.join(KINDS)}")
    least, most = (1, 1) if kind in SIGNALS else (0, 1) if kind in ("cut", "heal") else (0, 0)
    if not least <= len(words) <= most:
        needs = (
            "a worker, a unit or vm:NAME"
            if kind in SIGNALS
            else "at most a network"
            if most
            else "nothing"
        )
        raise BedError(f"fault {kind} takes {needs} after it, not {' '.join(words)!r}")


def _require_power(node: Node) -> None:
    if not node.is_on:
        raise BedError(f"{node.name} is off")


def _main_pid(node: Node, unit: str) -> int:
    if node.is_frozen:
        raise BedError(f"{node.name} is frozen; thaw it first")
    shown = node.unit(unit, "MainPID", "ControlGroup")
    main = int(shown.get("MainPID", "0"))
    group = shown.get("ControlGroup", "")
    if main == 0 and group:
        # A unit made of an init script may not know its main process: take its first one.
        listed = node.run(["cat", f"/sys/fs/cgroup{group}/cgroup.procs"], check=False).stdout
        main = int((listed.split() or ["0"])[0])
    return main or -1


def _guest(node: Node, name: str) -> int:
    found = [qemu.pid for qemu in qemus_of(node) if qemu.name == name]
    if not found:
        raise BedError(f"{node.name} runs no guest {name!r}")
    return found[0]


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return ""


def _title(pid: int) -> str:
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return ""
    return raw.rstrip(b"\0 ").split(b"\0")[0].decode(errors="replace").strip()


def _number_in_node(pid: int) -> int | None:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return None
    numbers = [line.split()[1:] for line in lines if line.startswith("NSpid:")]
    return int(numbers[0][1]) if numbers and len(numbers[0]) == 2 else None
