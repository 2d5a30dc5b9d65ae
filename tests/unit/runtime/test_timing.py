"""The inequalities between the times, each broken alone."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.config.timing import Timing


def test_the_defaults_are_the_designs() -> None:
    timing = Timing()
    assert timing.faults() == ()
    assert timing.dead_after_seconds == 5.0
    assert timing.self_fence_after_seconds == 10.0
    derived = Timing.derived(
        keepalive_interval_seconds=1.0, fence_intervals=5, suicide_intervals=10
    )
    assert derived == timing


@pytest.mark.parametrize(
    ("change", "left", "right"),
    [
        ({"fence_intervals": 2}, "3 * keepalive_interval (3 s)", "dead_after (2 s"),
        (
            {"session_timeout_seconds": 4.5},
            "session_timeout (4.5 s)",
            "dead_after - keepalive_interval (4 s)",
        ),
        (
            {"connect_timeout_seconds": 1.5},
            "connect_timeout (1.5 s)",
            "session_timeout / 3 (1.33 s)",
        ),
        ({"store_call_seconds": 4.1}, "store_call (4.1 s)", "session_timeout (4 s)"),
        ({"suicide_intervals": 4}, "self_fence_after (4 s", "dead_after (5 s"),
        (
            {"session_timeout_seconds": 9.0},
            "the end of a self-fence (22 s after the last beat)",
            "self_fence_assumed_after (20 s)",
        ),
    ],
)
def test_a_broken_inequality_names_both_sides(
    change: dict[str, float], left: str, right: str
) -> None:
    faults = replace(Timing(), **change).faults()  # type: ignore[arg-type]
    assert any(left in fault and right in fault for fault in faults), faults


def test_without_self_fencing_its_rules_do_not_apply() -> None:
    assert replace(Timing(), suicide_intervals=0).faults() == ()


@given(
    st.floats(0.2, 60, allow_nan=False),
    st.integers(3, 1000),
    st.integers(0, 1000),
)
def test_what_follows_from_the_settings_never_breaks_a_rule(
    interval: float, fence: int, suicide: int
) -> None:
    timing = Timing.derived(
        keepalive_interval_seconds=interval,
        fence_intervals=fence,
        suicide_intervals=0 if suicide < fence else suicide,
    )
    assert timing.faults() == ()


@given(st.floats(0.05, 60), st.integers(1, 1000), st.integers(1, 1000), st.floats(0.05, 100))
def test_accepted_timings_keep_the_central_promise(
    interval: float, fence: int, suicide: int, session: float
) -> None:
    """A peer never believes in a self-fence that may still be under way."""
    timing = Timing.derived(
        keepalive_interval_seconds=interval,
        fence_intervals=fence,
        suicide_intervals=suicide,
        session_timeout_seconds=session,
    )
    if not timing.faults():
        latest = interval + session + interval * suicide + timing.self_fence_seconds
        assert latest < timing.self_fence_assumed_after_seconds
        assert session <= timing.dead_after_seconds - interval + 1e-9
