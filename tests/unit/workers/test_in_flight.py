"""What keepalive hears of what it has sent, and what it says about it."""

import pytest

from cluster.store.store import Session, SessionState, Write
from runtime.clock import Instant
from runtime.errors import StoreUnavailable
from tests.fakes.clock import FakeClock
from tests.fakes.ensemble import FakeEnsemble
from tests.fakes.store import FakeStore
from workers.keepalive.in_flight import InFlight
from workers.keepalive.writing import Answer


class Refusing:
    """A transaction that Zookeeper refuses."""

    def is_done(self) -> bool:
        return True

    def check(self) -> None:
        raise StoreUnavailable("Zookeeper refuses our credential for /beat")


def test_the_same_trouble_is_logged_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    store = FakeStore(FakeEnsemble(), FakeClock())
    monkeypatch.setattr(store, "begin", lambda _: Refusing())
    in_flight = InFlight(store)
    session = Session(state=SessionState.CONNECTED, since=Instant(0.0), number=1)
    for _ in range(5):
        in_flight.send("beat", [Write("/beat", b"")])
        assert in_flight.answers(session) == {"beat": Answer.FAILED}
    assert caplog.messages == ["write_failed"]
