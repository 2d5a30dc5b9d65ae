"""The whole API in this process: WSGI application, mirror, and a fake store underneath."""

import io
import json
import queue
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from api.application import build_application
from api.authentication import Authentication
from api.cluster_reader import ClusterReader
from api.console_reader import ConsoleReader
from api.housekeeping import Household, look
from api.liveness import BeatWatch
from api.parking import ENDED, PARK
from api.schema_gate import Verdict
from api.services import Services
from api.tokens import Tokens
from api.tree import MirroredTree
from api.v1.endpoint import Endpoint
from api.v1.table import endpoints
from api.v1.vm_preparing import VmPreparing
from api.waiting_room import Seat, WaitingRoom
from cluster.records.mirrored import is_kept
from cluster.schema.layout import layout
from cluster.schema.versions import NEWEST
from cluster.store.mirror import Mirror
from cluster.store.store import Change, Create, Delete, Write
from runtime.clock import SYSTEM_CLOCK, Clock, Instant
from runtime.config.api import Role, Token
from runtime.deadline import Deadline
from tests.fakes.ensemble import FakeEnsemble
from tests.fakes.store import FakeStore
from tests.fakes.synthetic_cluster import synthetic_tree

ADMIN: Final = "admin-token-0123456789"
READER: Final = "reader-token-0123456789"
TOKENS: Final = (
    Token(description="boss", token=ADMIN, role=Role.ADMIN),
    Token(description="auditor", token=READER, role=Role.READ_ONLY),
)
CALL_SECONDS: Final = 0.1
DEAD_AFTER: Final = 5.0


class ShiftedClock:
    """The system's clock, which a test may put forward."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def now(self) -> Instant:
        return Instant(SYSTEM_CLOCK.now() + self.ahead)

    def wall(self) -> datetime:
        return SYSTEM_CLOCK.wall() + timedelta(seconds=self.ahead)

    def sleep(self, seconds: float) -> None:
        SYSTEM_CLOCK.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back; names of headers in small letters."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def message(self) -> Any:
        return self.json["message"]


class FakeApi:
    """Calls the application as a WSGI server would."""

    def __init__(
        self,
        tree: Mapping[str, bytes] | None = None,
        *,
        is_enabled: bool = True,
        is_started: bool = True,
        extra: Iterable[Endpoint] = (),
        tokens: tuple[Token, ...] = TOKENS,
    ) -> None:
        self.clock = ShiftedClock()
        self.ensemble = FakeEnsemble()
        self.change(*_creations(synthetic_tree(3, 6) if tree is None else tree))
        self.store = FakeStore(self.ensemble, SYSTEM_CLOCK)
        self.mirror = Mirror(
            self.store, keep=is_kept, retry_seconds=0.02, call_seconds=CALL_SECONDS
        )
        self.beats = BeatWatch()
        self.room = WaitingRoom[Any](self.clock, seats=3)
        self.mirror.on_change(lambda _: self.room.look_again())
        self.room.open()
        self.tree = MirroredTree(self.mirror, NEWEST, SYSTEM_CLOCK)
        self.services = self._services(is_enabled=is_enabled, tokens=tokens)
        self.application = build_application(self.services, (*endpoints(), *extra))
        if is_started:
            self.start()

    def start(self) -> None:
        """Load the tree."""
        self.mirror.start()
        self.mirror.wait_applied(0, Deadline.after(10))
        assert self.mirror.loaded

    def close(self) -> None:
        """End the threads."""
        self.room.close(Deadline.after(10))
        self.mirror.close()

    def change(self, *changes: Change) -> None:
        """Let somebody else change the tree."""
        self.ensemble.change(changes, 0)

    def put(self, name: str, data: bytes, /, **objects: str) -> None:
        """Let somebody else write a key, and wait until the mirror shows it."""
        path = layout(NEWEST).path(name, **objects)
        there = self.ensemble.value(path) is not None
        self.change(Write(path, data) if there else Create(path, data))
        self.settle()

    def take(self, name: str, /, **objects: str) -> None:
        """Let somebody else remove a key, and wait until the mirror shows it."""
        self.change(Delete(layout(NEWEST).path(name, **objects)))
        self.settle()

    def take_all(self, name: str, /, **objects: str) -> None:
        """Let somebody else remove a key with all below it."""
        top = layout(NEWEST).path(name, **objects)
        found = [top]
        for path in found:
            found += [f"{path}/{below}" for below in self.ensemble.names(path) or ()]
        self.change(*(Delete(path) for path in reversed(found)))
        self.settle()

    def settle(self) -> None:
        """Wait until the mirror has caught up."""
        self.tree.catch_up()
        assert self.tree.age_seconds() == 0

    def look(self) -> Verdict:
        """Do one round of housekeeping."""
        return look(
            Household(
                tree=self.tree,
                cluster=self.services.cluster,
                beats=self.beats,
                clock=self.clock,
                notify=lambda *_: None,
                prepare=VmPreparing(self.services.cluster, self.clock).go_on,
                is_serving=lambda: True,
                answers=lambda _: True,
                watchdog_seconds=None,
            )
        )

    def get(self, path: str, token: str | None = ADMIN, **query: object) -> Reply:
        return self.call("GET", path, token=token, query=list(query.items()))

    def call(
        self,
        method: str,
        path: str,
        *,
        token: str | None = ADMIN,
        query: Iterable[tuple[str, object]] = (),
        form: Iterable[tuple[str, object]] | bytes = (),
        headers: Mapping[str, str] | None = None,
        prefix: str = "/api/v1",
    ) -> Reply:
        """Make one request."""
        body = form if isinstance(form, bytes) else urlencode(list(form)).encode()
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "PATH_INFO": prefix + path,
            "QUERY_STRING": urlencode(list(query)),
            "CONTENT_TYPE": "application/x-www-form-urlencoded" if body else "",
            "CONTENT_LENGTH": str(len(body)),
            "SERVER_NAME": "test",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            "wsgi.url_scheme": "http",
        }
        shown = {} if token is None else {"X-Api-Key": token}
        for name, value in (shown | dict(headers or {})).items():
            environ["HTTP_" + name.upper().replace("-", "_")] = value
        return self._send(environ)

    def deadline(self) -> Deadline:
        return Deadline.after(CALL_SECONDS)

    def _send(self, environ: dict[str, Any]) -> Reply:
        started: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], _info: Any = None) -> None:
            lowered = {name.lower(): value for name, value in headers}
            started[:] = [int(status.split()[0]), lowered]

        answers: queue.Queue[Any] = queue.Queue()

        def park(room: WaitingRoom[Any], seat: Seat[Any]) -> None:
            room.take(seat, answers.put)
            environ[ENDED] = answers.get(timeout=20)

        environ[PARK] = park
        body = b"".join(self.application(environ, start_response))
        if ENDED in environ:
            body = b"".join(self.application(environ, start_response))
        return Reply(started[0], started[1], body)

    def _services(self, *, is_enabled: bool, tokens: tuple[Token, ...]) -> Services:
        clock: Clock = self.clock
        return Services(
            authentication=Authentication(Tokens(tokens, "secret"), is_enabled),
            tree=self.tree,
            cluster=ClusterReader(
                self.mirror,
                layout(NEWEST),
                self.beats,
                clock,
                revision=lambda: self.mirror.applied,
                dead_after_seconds=DEAD_AFTER,
            ),
            consoles=ConsoleReader(self.store, layout(NEWEST), clock, call_seconds=CALL_SECONDS),
            store=self.store,
            layout=layout(NEWEST),
            clock=clock,
            waiting_room=self.room,
            call_seconds=CALL_SECONDS,
        )


def _creations(tree: Mapping[str, bytes]) -> list[Create]:
    return [Create(path, tree[path]) for path in sorted(tree)]
