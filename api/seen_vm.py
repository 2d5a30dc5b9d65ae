"""A VM as this API sees it: its record, read part by part as it is asked for.

Invariant: nothing here raises whatever the record holds; a VM whose definition cannot be read has
an empty one, and `broken` names what is unreadable.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from cluster.definition.reading import examine
from cluster.lifecycle.vm import home_of, node_of
from cluster.model.definition import Definition
from cluster.model.vm import Arrival, Tag, Transfer, Vm, VmMeta
from cluster.model.vm_details import VmSnapshot
from cluster.records.move_record import read_arrival, read_transfer
from cluster.records.vm_label_record import read_meta, read_profile, read_tags
from cluster.schema import codec


@dataclass(frozen=True, slots=True, kw_only=True)
class RawSnapshot:
    """A snapshot's keys."""

    name: str
    data: bytes | None
    xml: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RawVm:
    """What the keys of a VM hold, as the mirror keeps it."""

    name: bytes = b""
    wanted: bytes | None = None
    seen: bytes | None = None
    xml: bytes | None = None
    meta: bytes | None = None
    tags: bytes | None = None
    profile: bytes | None = None
    stats: bytes | None = None
    transfer: bytes | None = None
    arrival: bytes | None = None
    snapshots: tuple[RawSnapshot, ...] = ()

    def is_same_order(self, other: "RawVm") -> bool:
        """Whether name, order and what became of it are the same."""
        return (self.name, self.wanted, self.seen) == (other.name, other.wanted, other.seen)

    def is_same_but_statistics(self, other: "RawVm") -> bool:
        """Whether all is the same but what was measured."""
        return all(getattr(self, part) == getattr(other, part) for part in _LASTING)


PARTS: Final = (
    "wanted",
    "seen",
    "xml",
    "meta",
    "tags",
    "profile",
    "stats",
    "transfer",
    "arrival",
)
"""The keys below a VM that are single values, as the layout names them."""


_LASTING: Final = ("name", *(part for part in PARTS if part != "stats"))


@dataclass(slots=True)
class Made:
    """What others have made of a VM, to be used again for as long as its source is the same."""

    of_definition: dict[str, Any] = field(default_factory=dict)
    """Of definition and snapshots."""
    of_order: dict[str, Any] = field(default_factory=dict)
    """Of everything but snapshots and statistics."""
    of_statistics: dict[Any, Any] = field(default_factory=dict)
    """Of everything but snapshots."""


class SeenVm:
    """One VM at one moment. What follows from a key that has not changed since the moment before
    is taken over."""

    def __init__(self, vm: Vm, raw: RawVm, before: "SeenVm | None" = None) -> None:
        self.vm = vm
        self.raw = raw
        self.made = Made()
        if before is not None:
            self._take_over(before)

    def forget(self) -> None:
        """Let go of what is large and quickly read again."""
        for name in ("meta", "transfer", "arrival", "statistics"):
            self.__dict__.pop(name, None)

    @cached_property
    def definition(self) -> Definition:
        """What its XML says; an empty one when that cannot be read."""
        found = examine(self.xml) if self.raw.xml else None
        return found or Definition(name=self.vm.name, uuid=self.vm.uuid, memory_mb=0, vcpus=0)

    @cached_property
    def tags(self) -> tuple[Tag, ...]:
        """Its tags by name."""
        return read_tags(self.raw.tags)

    @property
    def xml(self) -> str:
        """Its definition as it stands in the tree."""
        return codec.read_text(self.raw.xml)

    @cached_property
    def meta(self) -> VmMeta:
        """What people have said about it."""
        return read_meta(self.raw.meta)

    @property
    def profile(self) -> str:
        """The profile it was made from, empty without one."""
        return read_profile(self.raw.profile)

    @cached_property
    def transfer(self) -> Transfer | None:
        """A move under way, by the node that sends it."""
        return read_transfer(self.raw.transfer)

    @cached_property
    def arrival(self) -> Arrival | None:
        """A move under way, by the node that receives it."""
        return read_arrival(self.raw.arrival)

    @cached_property
    def statistics(self) -> Mapping[str, Any]:
        """What it has used, by the node it runs on; empty while it does not run."""
        if not self.vm.seen.state.may_run:
            return {}
        return codec.read_object(self.raw.stats) or {}

    @property
    def snapshots(self) -> list[VmSnapshot]:
        """Its snapshots, newest first."""
        found = [_snapshot(raw) for raw in self.raw.snapshots]
        return sorted(found, key=lambda one: (-one.timestamp, one.name))

    @property
    def node(self) -> str:
        """The node it is on: where it may run now, or where it would be started."""
        return node_of(self.vm.wanted, self.vm.seen)

    @property
    def home(self) -> str:
        """Where it belongs while it is elsewhere for now; empty when it is at home."""
        return home_of(self.vm.wanted, self.vm.seen)

    @property
    def reason(self) -> str:
        """Why it is not as wanted, or what holds it up; empty when nothing does."""
        transfer = self.transfer
        return (transfer.reason if transfer else "") or self.vm.seen.reason

    @property
    def broken(self) -> list[str]:
        """Which parts of its record cannot be read."""
        objects = {
            "wanted": self.raw.wanted,
            "seen": self.raw.seen,
            "meta": self.raw.meta,
            "tags": self.raw.tags,
        }
        found = [name for name, data in objects.items() if codec.read_object(data) is None]
        return found if self.definition.memory_mb else [*found, "xml"]

    def _take_over(self, before: "SeenVm") -> None:
        """Keep what was read and made from keys that are the same as before."""
        raw, old = self.raw, before.raw
        kept = ["tags"] if raw.tags == old.tags else []
        if raw.xml == old.xml:
            kept.append("definition")
        for name in kept:
            if name in before.__dict__:
                self.__dict__[name] = before.__dict__[name]
        if raw.xml == old.xml and raw.snapshots == old.snapshots:
            self.made.of_definition = before.made.of_definition
        if raw.is_same_but_statistics(old):
            self.made.of_order = before.made.of_order
            if raw.stats == old.stats:
                self.made.of_statistics = before.made.of_statistics


def _snapshot(raw: RawSnapshot) -> VmSnapshot:
    plain = codec.read_object(raw.data) or {}
    volumes = plain.get("rbd_snapshots")
    return VmSnapshot(
        name=raw.name,
        timestamp=codec.as_integer(plain.get("timestamp")),
        rbd_snapshots=tuple(map(str, volumes)) if isinstance(volumes, list) else (),
        xml=codec.read_text(raw.xml),
    )
