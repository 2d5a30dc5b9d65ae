"""How long a server may be silent: only while it owes an answer."""

import pytest

from cluster.store.silence import Silence
from runtime.clock import Instant


def at(seconds: float) -> Instant:
    return Instant(seconds)


def begun() -> Silence:
    silence = Silence()
    silence.begin(2.0)
    return silence


def test_a_server_that_owes_nothing_may_be_silent() -> None:
    silence = begun()
    assert silence.left(at(100.0)) is None
    silence.heard(at(100.0))
    assert silence.left(at(200.0)) is None


def test_the_oldest_request_counts_however_many_follow() -> None:
    silence = begun()
    silence.asked(at(10.0))
    silence.asked(at(11.5))
    assert silence.left(at(11.5)) == pytest.approx(0.5)
    assert silence.left(at(13.0)) == 0.0


def test_any_bytes_start_the_time_afresh() -> None:
    silence = begun()
    silence.asked(at(10.0))
    silence.heard(at(11.5))
    assert silence.left(at(12.0)) == pytest.approx(1.5)


def test_nothing_is_owed_after_the_last_answer() -> None:
    silence = begun()
    silence.asked(at(10.0))
    silence.settled()
    assert silence.left(at(100.0)) is None
    silence.asked(at(100.0))
    assert silence.left(at(101.0)) == pytest.approx(1.0)


def test_a_new_connection_owes_nothing() -> None:
    silence = begun()
    silence.asked(at(10.0))
    silence.begin(5.0)
    assert silence.left(at(100.0)) is None
