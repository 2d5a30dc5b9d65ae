"""Calls that wait at the real HTTP server: no threads, no lost answers, no lost clients."""

import http.client
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from api.parking import ENDED, PARK
from api.pieces import Pieces
from api.serving import HttpServer
from api.waiting_room import Visit, WaitingRoom
from runtime.clock import SYSTEM_CLOCK
from runtime.deadline import Deadline

BODY = [b"piece %d" % number * 1000 for number in range(3000)]


class World:
    """A server whose `/wait` answers after `release`."""

    def __init__(self) -> None:
        self.room = WaitingRoom[bytes](SYSTEM_CLOCK, seats=80)
        self.room.open()
        self.released = threading.Event()
        self.calls = 0
        self.server = HttpServer(self.application, "127.0.0.1", 0)
        self.server.start()

    def application(self, environ: Any, start: Callable[..., Any]) -> Iterable[bytes]:
        self.calls += 1
        answer = environ[ENDED]
        if answer is None and environ["PATH_INFO"] == "/wait":
            seat = self.room.reserve(
                Visit(look=self._look, refuse=lambda _: b"refused", seconds=60, what="it")
            )
            environ[PARK](self.room, seat)
            start("200 OK", [("Content-Length", "0")])
            return []
        if environ["PATH_INFO"] == "/large":
            pieces = Pieces(BODY)
            start("200 OK", [("Content-Length", str(len(pieces)))])
            wrapped: Iterable[bytes] = environ["wsgi.file_wrapper"](pieces)
            return wrapped
        body = answer or environ["PATH_INFO"].encode()
        start("200 OK", [("Content-Length", str(len(body)))])
        return [body]

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=20)

    def waiting(self, count: int) -> list[http.client.HTTPConnection]:
        """Return connections whose call waits."""
        clients = [self.connect() for _ in range(count)]
        before = len(self.room)
        for client in clients:
            client.request("GET", "/wait")
        self.until(lambda: len(self.room) == before + count)
        return clients

    def until(self, holds: Callable[[], bool]) -> None:
        pause = threading.Event()
        deadline = Deadline.after(20)
        while not holds():
            assert not deadline.is_over
            pause.wait(0.01)

    def release(self) -> None:
        self.released.set()
        self.room.look_again()

    def end(self) -> None:
        self.room.close(Deadline.after(5))
        self.server.stop(Deadline.after(5))

    def _look(self) -> bytes | None:
        return b"known" if self.released.is_set() else None


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.end()


def ask(client: http.client.HTTPConnection, path: str) -> bytes:
    client.request("GET", path)
    return client.getresponse().read()


def test_sixty_that_wait_leave_the_others_alone(world: World) -> None:
    clients = world.waiting(60)
    other = world.connect()
    for _ in range(100):
        assert ask(other, "/other") == b"/other"
    world.release()
    assert [client.getresponse().read() for client in clients] == [b"known"] * 60
    assert ask(clients[0], "/again") == b"/again"
    assert len(world.room) == 0
    for client in (*clients, other):
        client.close()


def test_a_client_that_goes_away_is_noticed(world: World) -> None:
    stays, *gone = world.waiting(5)
    for client in gone:
        client.close()
    world.until(lambda: len(world.room) == 1)
    world.release()
    assert stays.getresponse().read() == b"known"
    stays.close()


def test_a_client_that_is_reset_is_noticed(world: World) -> None:
    (client,) = world.waiting(1)
    client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    client.close()
    world.until(lambda: len(world.room) == 0)


def test_what_is_asked_while_waiting_is_answered_after_it(world: World) -> None:
    (client,) = world.waiting(1)
    client.sock.sendall(b"GET /second HTTP/1.1\r\nHost: x\r\n\r\n")
    world.until(lambda: any(c.requests[1:] for c in world.server.connections()))
    assert world.calls == 1
    stream = client.sock.makefile("rb")
    world.release()
    for expected in (b"known", b"/second"):
        while stream.readline() != b"\r\n":
            pass
        assert stream.read(len(expected)) == expected
    stream.close()
    client.close()


def test_the_end_of_the_server_answers_those_who_wait(world: World) -> None:
    clients = world.waiting(20)
    world.end()
    assert [client.getresponse().read() for client in clients] == [b"refused"] * 20
    assert not world.server.is_alive()


def test_a_large_answer_in_pieces(world: World) -> None:
    client = world.connect()
    for _ in range(3):
        assert ask(client, "/large") == b"".join(BODY)
    client.close()


def test_slow_readers_of_large_answers_hold_no_thread(world: World) -> None:
    slow = [socket.create_connection(("127.0.0.1", world.server.port)) for _ in range(20)]
    for one in slow:
        one.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
    world.until(lambda: world.calls == 20)
    other = world.connect()
    assert ask(other, "/other") == b"/other"
    rest = len(b"".join(BODY))
    stream = slow[0].makefile("rb")
    while stream.readline() != b"\r\n":
        pass
    assert stream.read(rest) == b"".join(BODY)
    other.close()
    stream.close()
    for one in slow:
        one.close()
