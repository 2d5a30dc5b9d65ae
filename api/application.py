"""The WSGI application: one Bottle route per endpoint of the table, errors as JSON.

The plug-in is the one place of the API where any exception is caught: whatever a handler raises
becomes an answer that clients can read, and our own bugs are logged with their traceback.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

import bottle

from api import session_cookie
from api.access import Access
from api.as_json import as_json
from api.authentication import Shown
from api.errors import CRASH, body_of, plain, status_of
from api.parking import ENDED, PARK
from api.pieces import Pieces
from api.services import Services
from api.v1.arguments import BadArguments, Pairs, read_arguments
from api.v1.endpoint import PREFIX, Answer, Call, Endpoint, Wait
from api.waiting_room import Visit
from runtime.clock import Instant
from runtime.errors import PvcError, Unavailable
from runtime.log import get_logger

_FORM_TYPES: Final = ("application/x-www-form-urlencoded", "multipart/form-data")
_LARGEST_FORM: Final = 1 << 20
_JSON: Final = "application/json; charset=utf-8"
_PARKED: Final = b""
"""What the server gets of a call that waits: it does not answer yet."""

log = get_logger(__name__)


def build_application(services: Services, endpoints: Iterable[Endpoint]) -> bottle.Bottle:
    """Return the application that serves the endpoints."""
    bottle.BaseRequest.MEMFILE_MAX = _LARGEST_FORM
    app = bottle.Bottle()
    app.default_error_handler = _answer_of_framework
    app.install(_CallPlugin(services))
    for entry in endpoints:
        app.route(PREFIX + entry.path, method=entry.method, callback=entry.handler, pvc=entry)
    app.route("/", callback=lambda: _redirect(f"{PREFIX}/docs"), skip=True)
    app.route(PREFIX, callback=lambda: _redirect(f"{PREFIX}/"), skip=True)
    return app


class _CallPlugin:
    """Turns a request into a `Call` and what comes of it into a response."""

    name = "call"
    api = 2

    def __init__(self, services: Services) -> None:
        self._services = services

    def apply(self, callback: Callable[[Call], Answer], route: Any) -> Callable[..., Any]:
        """Wrap a handler (bottle's plug-in interface)."""
        entry: Endpoint = route.config["pvc"]

        def serve(**path: str) -> bottle.HTTPResponse:
            started = self._services.clock.now()
            response = bottle.request.environ.get(ENDED)
            if response is None:
                response = _guarded(entry, lambda: self._call(entry, callback, path))
            if response is not _PARKED:
                self._finish(entry, response, started)
            return response

        return serve

    def _call(
        self, entry: Endpoint, callback: Callable[[Call], Answer], path: dict[str, str]
    ) -> Any:
        services = self._services
        shown = Shown(key=_header("X_API_KEY"), cookie=session_cookie.shown(_header("COOKIE")))
        now = services.clock.wall().timestamp()
        identity = services.authentication.admit(shown, entry.access, now)
        arguments = read_arguments(entry.parameters, path=path, query=_query(), form=_form(entry))
        if entry.needs_tree:
            services.tree.check_served()
        scheme = _header("X_FORWARDED_PROTO") or bottle.request.environ["wsgi.url_scheme"]
        answer = callback(
            Call(
                arguments=arguments,
                services=services,
                identity=identity,
                is_https=scheme == "https",
            )
        )
        if entry.access is Access.CHANGE:
            services.tree.catch_up()
        return _response(answer) if answer.wait is None else self._wait(entry, answer.wait)

    def _wait(self, entry: Endpoint, wait: Wait) -> Any:
        """Return the answer if it is known already, or else let the call wait without a thread."""

        def look() -> Any:
            self._services.tree.check_served()
            answer = wait.outcome()
            return None if answer is None else _response(answer)

        if (known := look()) is not None:
            return known
        room = self._services.waiting_room
        seat = room.reserve(
            Visit(
                look=lambda: _guarded(entry, look),
                refuse=lambda error: _response(_answer_of(error)),
                seconds=wait.seconds,
                what=wait.what,
            )
        )
        bottle.request.environ[PARK](room, seat)
        return _PARKED

    def _finish(self, entry: Endpoint, response: bottle.HTTPResponse, started: Instant) -> None:
        services = self._services
        age = services.tree.age_seconds() if entry.needs_tree else None
        if age is not None:
            response.set_header("X-PVC-Data-Age", f"{age:.3f}")
        report = log.warning if response.status_code >= 500 else log.debug
        report(
            "call_answered",
            method=bottle.request.method,
            path=bottle.request.path,
            status=response.status_code,
            client=_header("X_REAL_IP") or bottle.request.remote_addr,
            milliseconds=round((services.clock.now() - started) * 1000, 1),
        )


def _guarded(entry: Endpoint, work: Callable[[], Any]) -> Any:
    """Return what work returns, or the answer that says why it has raised."""
    try:
        return work()
    except PvcError as error:
        return _response(_answer_of(error))
    except bottle.HTTPResponse as refused:
        return _readable(refused)
    except Exception as error:
        log.exception("call_crashed", error=error, endpoint=entry.path, method=entry.method)
        return _response(Answer(CRASH, 500))


def _header(name: str) -> str | None:
    """Return a header, whatever bytes a stranger has put into it; Bottle's way raises for some."""
    value = bottle.request.environ.get(f"HTTP_{name}")
    return None if value is None else value.encode("latin1", "replace").decode("utf8", "replace")


def _query() -> Pairs:
    return _decoded(bottle.request.query)


def _form(entry: Endpoint) -> Pairs:
    is_form = bottle.request.content_type.lower().startswith(_FORM_TYPES)
    return _decoded(bottle.request.forms) if entry.parameters and is_form else ()


def _decoded(pairs: Any) -> Pairs:
    try:
        return [(str(name), str(value)) for name, value in pairs.decode().allitems()]
    except UnicodeError as error:
        raise BadArguments({"query": "Text must be UTF-8."}) from error


def _answer_of(error: PvcError) -> Answer:
    status = status_of(error)
    if status >= 500 and not isinstance(error, Unavailable):
        log.exception("call_failed", error=error, code=error.code)
    headers = (("Retry-After", "1"),) if status == 503 else ()
    return Answer(body_of(error), status, headers)


def _response(answer: Answer) -> bottle.HTTPResponse:
    body, kind = answer.body, answer.content_type
    if isinstance(body, Pieces):
        kind = _JSON
    elif not isinstance(body, bytes):
        body, kind = as_json(body), _JSON
    response = bottle.HTTPResponse(body if answer.status != 204 else b"", answer.status)
    if isinstance(body, Pieces):
        response.set_header("Content-Length", str(len(body)))
    response.set_header("Content-Type", kind)
    response.set_header("Cache-Control", "no-store")
    for name, value in answer.headers:
        response.add_header(name, value)
    return response


def _readable(refused: Any) -> bottle.HTTPResponse:
    return _response(Answer({"message": plain(str(refused.body))}, refused.status_code))


def _redirect(path: str) -> bottle.HTTPResponse:
    return _response(Answer({"message": f"Go to {path}"}, 302, (("Location", path),)))


def _answer_of_framework(refused: Any) -> bytes:
    """Say in JSON what Bottle itself refuses: no such path, wrong method, a bad request."""
    bottle.response.content_type = _JSON
    if refused.status_code == 404:
        return as_json({"message": "There is nothing at this address."})
    if refused.status_code >= 500:
        return as_json(CRASH)
    return as_json({"message": plain(str(refused.body))})
