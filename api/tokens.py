"""Which token is shown, and the signed cookie that stands for one; pure.

Invariants: a token is compared whole, in a time that depends neither on its text nor on which of
the tokens it is, so neither a part nor a beginning of one passes. A session names a token by
its fingerprint and is worth nothing once that token has left the configuration.
"""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from typing import Final

from api.identity import Identity
from runtime.config.api import Token

SESSION_SECONDS: Final = 12 * 3600.0


class Tokens:
    """The tokens of the configuration and the sessions made from them."""

    def __init__(self, tokens: Iterable[Token], secret_key: str) -> None:
        # A key of its own, so that the same secret used elsewhere signs nothing for us.
        self._key = hashlib.sha256(b"pvc session\0" + secret_key.encode()).digest()
        self._known = tuple(
            (self._fingerprint(token.token), Identity(token.description, token.role))
            for token in tokens
            if token.token
        )

    def holder(self, shown: str) -> Identity | None:
        """Return whose token this is, None when it is nobody's."""
        return self._holder_of(self._fingerprint(shown)) if shown else None

    def start_session(self, shown: str, now: float) -> str | None:
        """Return the cookie for the holder of a token, valid from the epoch second `now`."""
        if self.holder(shown) is None:
            return None
        payload = b"%d:" % int(now + SESSION_SECONDS) + self._fingerprint(shown)
        return _text(payload) + "." + _text(self._sign(payload))

    def session(self, cookie: str, now: float) -> Identity | None:
        """Return whose session a cookie stands for; None when forged, ended or withdrawn."""
        payload, signature = _parts(cookie)
        if not hmac.compare_digest(self._sign(payload), signature):
            return None
        ends, _, fingerprint = payload.partition(b":")
        return self._holder_of(fingerprint) if now < int(ends) else None

    def _holder_of(self, fingerprint: bytes) -> Identity | None:
        found = None
        for known, identity in self._known:
            if hmac.compare_digest(known, fingerprint):
                found = identity
        return found

    def _fingerprint(self, token: str) -> bytes:
        return hmac.digest(self._key, b"token\0" + token.encode(errors="replace"), "sha256")

    def _sign(self, payload: bytes) -> bytes:
        return hmac.digest(self._key, b"session\0" + payload, "sha256")


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode()


def _parts(cookie: str) -> tuple[bytes, bytes]:
    payload, _, signature = cookie.partition(".")
    try:
        return urlsafe_b64decode(payload), urlsafe_b64decode(signature)
    except ValueError:
        return b"", b""
