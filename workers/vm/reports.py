"""Which faults of the VMs and of this node are reported now; pure.

Invariant: whatever is wrong with however many VMs, few reports are written: a change of words waits
a moment, what lasts is told once a minute, what is over is forgotten.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from runtime.clock import Instant
from workers.faults import Condition, is_due
from workers.vm.actions import Report

_WORDS_SECONDS: Final = 5.0
"""A fault whose words change is not told again earlier."""


@dataclass(frozen=True, slots=True)
class Told:
    """What was reported of a condition last."""

    condition: Condition
    at: Instant


def reports(
    lasting: Iterable[Condition], told: Mapping[str, Told], now: Instant
) -> tuple[tuple[Report, ...], dict[str, Told]]:
    """Return what to report now, and what was reported of all that lasts."""
    actions, after = [], {}
    for condition in lasting:
        last = told.get(condition.fault)
        if last is None or _is_due(condition, last, now):
            actions.append(_report(condition))
            last = Told(condition, now)
        after[condition.fault] = last
    return tuple(actions), after


def _is_due(condition: Condition, last: Told, now: Instant) -> bool:
    return now - last.at >= _WORDS_SECONDS and is_due(condition, last.condition, last.at, now)


def _report(condition: Condition) -> Report:
    return Report(
        fault=condition.fault, health_delta=condition.health_delta, message=condition.message
    )
