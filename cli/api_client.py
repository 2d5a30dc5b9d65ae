"""Calls of the REST API over HTTP: an answer, or an error of ours that says what to do.

http.client, not a richer library: its import is a fifth of the time a command may take.
"""

import http.client
import json
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

from cli import timing
from cli.errors import CallFailed
from cli.target import Target
from runtime.clock import SYSTEM_CLOCK, Clock
from runtime.errors import ConfigError, DeadlineExceeded, NotFound, PvcError, Refused, Unavailable
from runtime.version import VERSION

PREFIX: Final = "/api/v1"
AGE_HEADER: Final = "X-PVC-Data-Age"
_TRY_AGAIN: Final = frozenset((429, 500, 502, 503, 504))
_OF_A_PROXY: Final = frozenset((502, 504))
_UNREACHED: Final = (OSError, http.client.HTTPException)

Form = Mapping[str, object]
"""Parameters by name: a list or tuple is sent as several, None is not sent. What is long goes as
the form of a call, which has room for it, and not into its address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the API said."""

    code: int
    body: Any
    age_seconds: float | None
    """How old the data in it is; None when the API does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One call and its reply, for --debug."""

    line: str
    code: int
    headers: tuple[tuple[str, str], ...]


class ApiClient:
    """One API."""

    def __init__(
        self,
        target: Target,
        *,
        tries: int = timing.TRIES,
        answer_seconds: float | None = None,
        on_exchange: Callable[[Exchange], None] | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._target = target
        self._tries = tries
        self._answer_seconds = answer_seconds or timing.ANSWER_SECONDS
        self._on_exchange = on_exchange
        self._clock = clock

    def get(self, *parts: str, **parameters: object) -> Answer:
        """Read; tried again when the API cannot be reached or asks for it, not when it hangs."""
        failed: PvcError | None = None
        for number in range(self._tries):
            if number:
                self._clock.sleep(timing.PAUSES_SECONDS[number - 1])
            try:
                answer = self._once("GET", parts, parameters)
            except DeadlineExceeded:
                raise
            except Unavailable as error:
                failed = error
                continue
            failed = None
            if answer.code not in _TRY_AGAIN:
                break
        if failed is not None:
            raise failed
        return self._checked(answer)

    def post(self, *parts: str, form: Form | None = None, **parameters: object) -> Answer:
        """Order something; never repeated by itself."""
        return self._checked(self._once("POST", parts, parameters, form))

    def put(self, *parts: str, form: Form | None = None, **parameters: object) -> Answer:
        """Change something; never repeated by itself."""
        return self._checked(self._once("PUT", parts, parameters, form))

    def delete(self, *parts: str, form: Form | None = None, **parameters: object) -> Answer:
        """Remove something; never repeated by itself."""
        return self._checked(self._once("DELETE", parts, parameters, form))

    def _once(
        self, verb: str, parts: tuple[str, ...], parameters: Form, form: Form | None = None
    ) -> Answer:
        path = PREFIX + "".join(f"/{quote(part, safe='')}" for part in parts)
        given = _encoded(parameters)
        path += f"?{given}" if given else ""
        body = None if form is None else _encoded(form)
        try:
            connection = self._connect()
            try:
                connection.request(verb, path, body, self._headers(verb, body))
                reply = connection.getresponse()
                content = reply.read()
            finally:
                connection.close()
        except TimeoutError as error:
            raise DeadlineExceeded(
                f"the API at {self._target.url} (connection '{self._target.name}') accepted the "
                f"call but did not answer within {self._answer_seconds:g} s"
            ) from error
        except _UNREACHED as error:
            raise self._unreachable(error) from error
        if self._on_exchange:
            line = f"{verb} {self._target.url}{path}"
            headers = tuple(reply.getheaders())
            self._on_exchange(Exchange(line=line, code=reply.status, headers=headers))
        age = _age(reply.getheader(AGE_HEADER))
        return Answer(code=reply.status, body=_decoded(content), age_seconds=age)

    def _connect(self) -> http.client.HTTPConnection:
        target = self._target
        if target.scheme == "https":
            context = ssl.create_default_context()
            if not target.verify:
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                target.host, target.port, timeout=timing.CONNECT_SECONDS, context=context
            )
        else:
            connection = http.client.HTTPConnection(
                target.host, target.port, timeout=timing.CONNECT_SECONDS
            )
        try:
            connection.connect()
        except _UNREACHED as error:
            connection.close()
            raise self._unreachable(error) from error
        connection.sock.settimeout(self._answer_seconds)
        return connection

    def _headers(self, verb: str, body: str | None) -> dict[str, str]:
        headers = {"User-Agent": f"pvc-client-cli/{VERSION}", "Accept": "application/json"}
        key = self._target.api_key
        if not (key.isascii() and key.isprintable()):
            raise ConfigError(f"the API key of connection '{self._target.name}' is no plain text")
        if key:
            headers["X-Api-Key"] = key
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        elif verb != "GET":
            headers["Content-Length"] = "0"
        return headers

    def _unreachable(self, error: Exception) -> Unavailable:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        cure = (
            "its certificate is not trusted: install its authority's, or set "
            "PVC_CLIENT_VERIFY_SSL=False"
            if isinstance(error, ssl.SSLCertVerificationError)
            else "look whether pvcapid runs there (systemctl status pvcapid), or name another "
            "connection with --connection"
        )
        return Unavailable(
            f"the API at {self._target.url} (connection '{self._target.name}') cannot be reached: "
            f"{reason}; {cure}"
        )

    def _checked(self, answer: Answer) -> Answer:
        if 200 <= answer.code < 300:
            return answer
        message = _message(answer) or _without_words(answer.code)
        match answer.code:
            case 401:
                raise Refused(
                    f"{message} (connection '{self._target.name}' has "
                    f"{'a wrong' if self._target.api_key else 'no'} key; store the right one: "
                    f"pvc connection add {self._target.name} ... --api-key KEY)"
                )
            case 404:
                raise NotFound(message)
            case 429 | 502 | 503 | 504:
                raise Unavailable(f"{message} ({self._target.url})")
            case code if 300 <= code < 500:
                raise Refused(message)
            case _:
                raise CallFailed(f"{message} ({self._target.url})")


def _encoded(parameters: Form) -> str:
    pairs = []
    for name, value in parameters.items():
        values = value if isinstance(value, list | tuple) else (value,)
        pairs += [(name, _as_text(each)) for each in values if each is not None]
    return urlencode(pairs)


def _as_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _age(header: str | None) -> float | None:
    try:
        return float(header) if header is not None else None
    except ValueError:
        return None


def _decoded(content: bytes) -> Any:
    try:
        return json.loads(content) if content else None
    except ValueError:
        return None


def _without_words(code: int) -> str:
    if code in _OF_A_PROXY:
        return (
            f"nothing answers behind the web server there (code {code}): look whether pvcapid runs "
            "(systemctl status pvcapid), or name another connection with --connection"
        )
    return f"the API answered with code {code}"


def _message(answer: Answer) -> str:
    message = answer.body.get("message") if isinstance(answer.body, dict) else None
    if isinstance(message, dict):  # one explanation per parameter
        return "; ".join(f"{name}: {text}" for name, text in message.items())
    return str(message) if message else ""
