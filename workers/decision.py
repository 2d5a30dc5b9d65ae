"""What `decide` returns; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from runtime.clock import Instant

Action = TypeVar("Action", covariant=True)
Memory = TypeVar("Memory", covariant=True)


@dataclass(frozen=True, slots=True)
class Decision(Generic[Action, Memory]):
    """What to do now, what to remember, and when to look again unless something happens first."""

    actions: Sequence[Action]
    memory: Memory
    look_again: Instant
    note: str = ""
    """What holds the worker up, for its beat; empty when all is well."""
