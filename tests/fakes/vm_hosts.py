"""What there is in a fake world: nodes, the VMs on them, live migrations under way."""

from dataclasses import dataclass, field
from enum import Enum

from workers.vm.local import LocalState, Pause, VmEnd


class Libvirt(Enum):
    """How the libvirt of a node is."""

    ANSWERS = "answers"
    HANGS = "hangs"
    """Stopped: takes connections, answers nothing."""
    DOWN = "down"


class Fate(Enum):
    """How the next live migration of a VM goes."""

    ARRIVES = "arrives"
    FAILS = "fails"
    STALLS = "stalls"
    """No byte moves; only an abort ends it."""
    FINISH_LOST = "finish lost"
    """The last answer gets lost: the source goes on, a held copy stays on the target."""
    HELD = "held"
    """The source's libvirt dies in the last step: both copies are there, both held."""
    SOURCE_DIES = "source dies"
    """QEMU dies on the source and the target's copy goes with it."""


@dataclass(slots=True, kw_only=True)
class Domain:
    """One copy of a VM on a node."""

    uuid: str
    name: str
    memory_mb: int = 512
    vcpus: int = 1
    vnc: str = ""
    console_log: str = ""
    volumes: tuple[str, ...] = ()
    state: LocalState = LocalState.RUNNING
    pause: Pause = Pause.NONE
    devices: set[str] = field(default_factory=set)
    is_frozen: bool = False
    ignores_shutdown: bool = False
    move: "Move | None" = None
    """The migration that takes it away from here."""


@dataclass(slots=True, kw_only=True)
class Move:
    """A live migration as libvirt has it."""

    uuid: str
    source: "Host"
    target: "Host"
    percent: int = 0
    is_aborted: bool = False
    is_over: bool = False


@dataclass(slots=True, kw_only=True)
class Host:
    """A node: its power, its libvirt, its VMs."""

    name: str
    uri: str
    is_on: bool = True
    libvirt: Libvirt = Libvirt.ANSWERS
    domains: dict[str, Domain] = field(default_factory=dict)
    ended: dict[str, VmEnd] = field(default_factory=dict)

    @property
    def answers(self) -> bool:
        """Whether its libvirt can be asked."""
        return self.is_on and self.libvirt is Libvirt.ANSWERS

    @property
    def is_silent(self) -> bool:
        """Whether whoever asks its libvirt waits in vain instead of being refused."""
        return not self.is_on or self.libvirt is Libvirt.HANGS
