"""The HTTP server ends in order."""

import http.client
import threading
from collections.abc import Callable, Iterable
from typing import Any

from api import selfcheck
from api.serving import HttpServer
from runtime.deadline import Deadline


def test_an_answer_under_way_is_still_given() -> None:
    entered, leave = threading.Event(), threading.Event()

    def application(_environ: Any, start: Callable[..., Any]) -> Iterable[bytes]:
        entered.set()
        leave.wait(5)
        start("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "200000")])
        return [b"x" * 200000]

    server = HttpServer(application, "127.0.0.1", 0)
    server.start()
    answers: list[bytes] = []

    def ask() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
        connection.request("GET", "/")
        answers.append(connection.getresponse().read())
        connection.close()

    client = threading.Thread(target=ask)
    client.start()
    assert entered.wait(5)
    ending = threading.Thread(target=lambda: server.stop(Deadline.after(5)))
    ending.start()
    leave.set()
    ending.join(5)
    client.join(5)
    assert answers == [b"x" * 200000]
    assert not server.is_alive()


def test_it_ends_at_the_deadline_when_a_handler_hangs() -> None:
    hang, entered = threading.Event(), threading.Event()

    def application(_environ: Any, start: Callable[..., Any]) -> Iterable[bytes]:
        entered.set()
        hang.wait(10)
        start("200 OK", [])
        return [b""]

    server = HttpServer(application, "127.0.0.1", 0)
    server.start()
    client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    client.request("GET", "/")
    assert entered.wait(5)
    assert not selfcheck.answers("127.0.0.1", 1, Deadline.after(0.2))
    server.stop(Deadline.after(0.3))
    assert not server.is_alive()
    hang.set()
    client.close()


def test_self_check() -> None:
    def application(_environ: Any, start: Callable[..., Any]) -> Iterable[bytes]:
        start("200 OK", [])
        return [b"good"]

    server = HttpServer(application, "127.0.0.1", 0)
    server.start()
    assert selfcheck.answers("0.0.0.0", server.port, Deadline.after(2))
    server.stop(Deadline.after(1))
    assert not selfcheck.answers("127.0.0.1", server.port, Deadline.after(0.5))
