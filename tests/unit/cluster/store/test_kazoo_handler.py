"""What kazoo waits with: a connect has its own cap, and an answer that is owed ends a wait."""

import contextlib
import socket
import time
from collections.abc import Iterator

import pytest
from kazoo.exceptions import ConnectionDropped

from cluster.store.kazoo_client import Handler
from cluster.store.silence import Silence
from runtime.clock import SYSTEM_CLOCK


@pytest.fixture
def black_hole() -> Iterator[tuple[str, int]]:
    """An address whose queue is full: a connect neither succeeds nor fails."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(socket.socket())
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for _ in range(3):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(server.getsockname())
        yield server.getsockname()


def test_a_connect_takes_its_own_cap_and_not_the_session_timeout(
    black_hole: tuple[str, int],
) -> None:
    handler = Handler(0.2, Silence())
    started = time.monotonic()
    with pytest.raises((OSError, handler.timeout_exception)):
        handler.create_connection(black_hole, timeout=10.0)
    assert time.monotonic() - started < 1.0


def test_waiting_ends_when_an_answer_is_owed_for_too_long() -> None:
    silence = Silence()
    handler = Handler(0.2, silence)
    silence.begin(0.1)
    with contextlib.ExitStack() as stack:
        server, far_server, wake, caller = (
            stack.enter_context(end) for _ in range(2) for end in socket.socketpair()
        )
        reading = [server, wake]
        assert handler.select(reading, [], [], 0.05) == ([], [], [])
        silence.asked(SYSTEM_CLOCK.now())
        caller.send(b"1")  # new requests keep coming: they are no answer
        time.sleep(0.12)
        with pytest.raises(ConnectionDropped):
            handler.select(reading, [], [], 5.0)
        far_server.send(b"x")
        assert server in handler.select(reading, [], [], 5.0)[0]
