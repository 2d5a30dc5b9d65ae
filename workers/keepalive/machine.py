"""What keepalive asks of the machine it runs on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from runtime.clock import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    """One network interface, counted since it came up."""

    rx_bytes: int = 0
    rx_packets: int = 0
    tx_bytes: int = 0
    tx_packets: int = 0
    link_speed_bps: int = 0
    state: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The machine at one instant."""

    at: Instant
    taken_at: str
    """UTC, for people."""
    cpu_count: int = 0
    load: float = 0.0
    kernel: str = ""
    os: str = ""
    arch: str = ""
    memory_total_mb: int = 0
    memory_free_mb: int = 0
    interfaces: Mapping[str, Counters] = field(default_factory=dict)


class Machine(Protocol):
    """The machine, looked at by somebody else so that keepalive never waits for it."""

    def ask(self) -> None:
        """Have a sample taken; returns at once."""

    def latest(self) -> Sample | None:
        """Return the last sample taken, None before the first."""
