"""What the watcher and the meter say, as lines; pure.

Invariant: each line is complete in itself: one that is lost or never comes leaves nothing wrong
behind, only old.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from workers.vm.child_lines import read_line
from workers.vm.local import EndKind, LocalState, LocalVm, Pause, VmEnd


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What the watcher saw, or why it saw nothing."""

    at: float = 0.0
    """When libvirt was asked; monotonic, the same clock in all processes of this machine."""
    is_same: bool = False
    """All is as in the look before."""
    vms: tuple[LocalVm, ...] = ()
    ended: Mapping[str, VmEnd] = field(default_factory=dict)
    """Those that ended since the watcher's look before, by UUID."""
    trouble: str = ""
    """Libvirt cannot be reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the meter measured."""

    at: float = 0.0
    """When libvirt was asked."""
    is_asking: bool = False
    """The question is about to be put; what follows may block."""
    values: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Of the VMs that answered, by UUID."""
    silent: tuple[str, ...] = ()
    """UUIDs of those that did not."""


def write_look(look: Look) -> str:
    """Return a look as a line."""
    return json.dumps(asdict(look))


def read_look(line: str) -> Look:
    """Read a line of the watcher; raises `Garbled`."""
    return read_line(line, _look)


def _look(plain: dict[str, Any]) -> Look:
    vms = tuple(
        LocalVm(**{**vm, "state": LocalState(vm["state"]), "pause": Pause(vm["pause"])})
        for vm in plain.pop("vms")
    )
    ended = {
        uuid: VmEnd(kind=EndKind(end["kind"]), reason=end["reason"])
        for uuid, end in plain.pop("ended").items()
    }
    return Look(vms=vms, ended=ended, **plain)


def write_reading(reading: Reading) -> str:
    """Return a reading as a line."""
    return json.dumps(asdict(reading))


def read_reading(line: str) -> Reading:
    """Read a line of the meter; raises `Garbled`."""
    return read_line(line, _reading)


def _reading(plain: dict[str, Any]) -> Reading:
    return Reading(silent=tuple(plain.pop("silent")), **plain)
