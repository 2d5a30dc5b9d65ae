"""Whose console is written next."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.clock import Instant
from workers.console.seen import ConsolesSeen
from workers.console.spec import CONSOLE_WRITES, CONSOLES_BYTES, LOOK_SECONDS, WRITE_SECONDS
from workers.console.turns import Turns, take_turns


def run(
    ready: list[str], seconds: float, cost: int, step: float = 0.05
) -> tuple[list[tuple[float, str]], int]:
    turns, stored = Turns(), 0
    written: list[tuple[float, str]] = []
    for number in range(round(seconds / step)):
        now = Instant(1000.0 + number * step)
        seen = ConsolesSeen(followed=len(ready), ready=frozenset(ready), stored_bytes=stored)
        chosen, turns, look_again = take_turns(seen, turns, now)
        assert look_again > now
        written += [(now, vm) for vm in chosen]
        stored += cost * len(chosen)
    return written, stored


def test_one_is_written_twice_a_second() -> None:
    written, _ = run(["a"], 10.0, cost=1000)
    assert len(written) == 20


@settings(deadline=None)
@given(st.integers(1, 150), st.integers(0, 600_000))
def test_all_together_stay_within_the_budget_and_nobody_starves(count: int, cost: int) -> None:
    vms = [f"v{n}" for n in range(count)]
    seconds = 20.0
    written, stored = run(vms, seconds, cost)
    assert len(written) <= CONSOLE_WRITES * (seconds + WRITE_SECONDS)
    assert stored <= CONSOLES_BYTES * (seconds + WRITE_SECONDS) + CONSOLE_WRITES * cost
    counts = [len([one for _, one in written if one == vm]) for vm in vms]
    assert max(counts) - min(counts) <= 1
    for vm in vms:
        times = [at for at, one in written if one == vm]
        gaps = [b - a for a, b in pairwise(times)]
        assert all(gap >= WRITE_SECONDS - 1e-6 for gap in gaps)


def test_nobody_waits_for_nothing() -> None:
    seen = ConsolesSeen(followed=3)
    chosen, _, look_again = take_turns(seen, Turns(), Instant(5.0))
    assert not chosen
    assert look_again == 5.0 + LOOK_SECONDS
    assert take_turns(ConsolesSeen(), Turns(), Instant(5.0))[2] == float("inf")


def test_the_memory_does_not_grow() -> None:
    turns = Turns()
    for number in range(2000):
        seen = ConsolesSeen(followed=1, ready=frozenset({f"v{number}"}))
        _, turns, _ = take_turns(seen, turns, Instant(float(number)))
    assert len(turns.written_at) <= 61
