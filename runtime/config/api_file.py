"""`/etc/pvc/pvcapid.yaml` into an `ApiConfig`: all of it right, or every fault at once."""

import socket
from pathlib import Path

from runtime.config import api_keys as keys
from runtime.config.api import ApiConfig, Role, Token
from runtime.config.examination import Examination, examine_file
from runtime.config.key import Values
from runtime.config.reader import read_document
from runtime.config.secret_file import read_secret
from runtime.config.timing import SESSION_TIMEOUT_SECONDS, Timing
from runtime.config.zookeeper_keys import PASSWORD, SESSION_TIMEOUT, read_store


def examine(path: Path) -> Examination[ApiConfig]:
    """Read the file and say what is in it; raises nothing."""
    own = socket.gethostname().split(".")[0]
    return examine_file(path, lambda document: examine_document(document, own), _holds_secret)


def examine_document(document: object, own: str = "") -> Examination[ApiConfig]:
    """Say what is in the YAML values of a file; `own` is the host this API runs on."""
    reading = read_document(document, keys.API_FILE_KEYS)
    faults = list(reading.faults)
    config = _build(reading.values, own, faults)
    return Examination(
        config=config if not faults else None,
        faults=tuple(faults),
        notes=(*reading.notes, *_warnings(reading.values)),
    )


def _build(values: Values, own: str, faults: list[str]) -> ApiConfig:
    coordinators = values.get(keys.COORDINATORS) or ()
    if not coordinators and values.get(keys.COORDINATORS) is not None:
        faults.append(f"pvc.{keys.COORDINATORS.path}: is empty (at least one is needed)")
    enabled = values.get(keys.AUTHENTICATION) or False
    secret_key = read_secret(values, keys.SECRET_KEY, "pvc", faults)
    tokens = _tokens(values.get(keys.TOKENS) or (), faults)
    if enabled and not any("authentication" in fault for fault in faults):
        faults += _lacking(secret_key, tokens)
    return ApiConfig(
        debug=values.get(keys.DEBUG) or False,
        listen_address=values.get(keys.LISTEN_ADDRESS) or "127.0.0.1",
        listen_port=values.get(keys.LISTEN_PORT) or 7370,
        authentication_enabled=enabled,
        secret_key=secret_key,
        tokens=tokens,
        store=read_store(values, coordinators, own, _timing(values), faults),
    )


def _timing(values: Values) -> Timing:
    session = values.get(SESSION_TIMEOUT) or SESSION_TIMEOUT_SECONDS
    default = Timing()
    return Timing.derived(
        keepalive_interval_seconds=default.keepalive_interval_seconds,
        fence_intervals=default.fence_intervals,
        suicide_intervals=default.suicide_intervals,
        session_timeout_seconds=session,
    )


def _tokens(given: tuple[Values, ...], faults: list[str]) -> tuple[Token, ...]:
    tokens: list[Token] = []
    for number, row in enumerate(given):
        where = f"pvc.{keys.TOKENS.path}[{number}]"
        before = len(faults)
        secret = read_secret(row, keys.TOKEN, where, faults)
        if not secret and len(faults) == before:
            faults.append(f"{where}.token: is missing (expected {keys.TOKEN.inline.kind.expected})")
        if secret and secret in (token.token for token in tokens):
            faults.append(f"{where}.token: is the same as another entry's")
        description, role = row.get(keys.DESCRIPTION) or "", row.get(keys.ROLE) or Role.ADMIN
        tokens.append(Token(description=description, token=secret, role=role))
    return tuple(tokens)


def _lacking(secret_key: str, tokens: tuple[Token, ...]) -> list[str]:
    faults = []
    if not secret_key:
        faults.append(
            f"pvc.{keys.SECRET_KEY.inline.path}: is missing while authentication is enabled "
            f"(expected {keys.SECRET_KEY.inline.kind.expected})"
        )
    if not tokens:
        faults.append(
            f"pvc.{keys.TOKENS.path}: is empty while authentication is enabled: nobody could call"
        )
    return faults


def _warnings(values: Values) -> tuple[str, ...]:
    if values.get(keys.AUTHENTICATION):
        return ()
    return (
        f"pvc.{keys.AUTHENTICATION.path}: is off: everybody who reaches the API may do everything",
    )


def _holds_secret(document: object) -> bool:
    values = read_document(document, keys.API_FILE_KEYS).values
    rows = values.get(keys.TOKENS) or ()
    inline = (PASSWORD.inline, keys.SECRET_KEY.inline)
    return any(values.get(key) is not None for key in inline) or any(
        row.get(keys.TOKEN.inline) is not None for row in rows
    )
