"""A small real HTTP server that answers like the API: recorded bodies by verb and path."""

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a client sent."""

    verb: str
    path: str
    """Without the prefix of the API and without parameters."""
    parameters: dict[str, str]
    """Of the address and of the form; of several with one name the last."""
    headers: dict[str, str]
    repeated: dict[str, list[str]] = field(default_factory=dict)
    """The same with all values."""
    address: str = ""
    """As it was sent."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What it gets."""

    body: Any = None
    code: int = 200
    headers: dict[str, str] = field(default_factory=dict)


Answering = Callable[[Request], Reply]


@dataclass(slots=True)
class ApiServer:
    """The server; `replies` maps `GET /node` to a reply or to what makes one."""

    replies: dict[str, Reply | Answering] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    port: int = 0

    def answer(self, request: Request) -> Reply:
        """Return the reply to a request and remember it."""
        self.requests.append(request)
        found = self.replies.get(f"{request.verb} {request.path}")
        if found is None:
            return Reply({"message": f"there is no {request.path}"}, 404)
        return found if isinstance(found, Reply) else found(request)


@contextmanager
def serving(server: ApiServer, tls: ssl.SSLContext | None = None) -> Iterator[ApiServer]:
    """Serve on a free port of the loopback until the block ends."""
    http = _Server(("127.0.0.1", 0), _handler_of(server))
    if tls is not None:
        http.socket = tls.wrap_socket(http.socket, server_side=True)
    server.port = http.server_address[1]
    thread = threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that left."""


def _handler_of(server: ApiServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            parts = urlsplit(self.path)
            form = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            given = parse_qs(f"{parts.query}&{form}", keep_blank_values=True)
            reply = server.answer(
                Request(
                    verb=self.command,
                    path=unquote(parts.path).removeprefix("/api/v1"),
                    parameters={name: values[-1] for name, values in given.items()},
                    headers=dict(self.headers.items()),
                    repeated=given,
                    address=self.path,
                )
            )
            content = (
                reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            )
            self.send_response(reply.code)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815 - http.server names them

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    return Handler
