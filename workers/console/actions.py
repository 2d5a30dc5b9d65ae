"""Everything console can do."""

from dataclasses import dataclass

from workers.console.seen import Seen


@dataclass(frozen=True, slots=True)
class Store:
    """Add what is waiting to the node's log."""


@dataclass(frozen=True, slots=True)
class StoreConsole:
    """Add what was appended to a VM's console log."""

    vm: str
    """Its UUID."""


@dataclass(frozen=True, slots=True)
class TellFacts:
    """Tell keepalive how the logs stand."""

    seen: Seen


Action = Store | StoreConsole | TellFacts
