"""The headers by which a browser is given, shows and loses its session; pure."""

from typing import Final

from api.tokens import SESSION_SECONDS

NAME: Final = "pvc_session"


def shown(header: str | None) -> str | None:
    """Return the session that a Cookie header shows; the standard library's reader raises for what
    strangers may put there."""
    for pair in (header or "").split(";"):
        name, is_pair, value = pair.strip().partition("=")
        if is_pair and name == NAME:
            return value.strip('"')
    return None


def given(value: str, *, is_https: bool) -> tuple[str, str]:
    """Return the header that gives a session; no script and no other site ever gets it."""
    return _header(value, int(SESSION_SECONDS), is_https=is_https)


def taken(*, is_https: bool) -> tuple[str, str]:
    """Return the header that ends a session."""
    return _header("", 0, is_https=is_https)


def _header(value: str, seconds: int, *, is_https: bool) -> tuple[str, str]:
    secure = "; Secure" if is_https else ""
    text = f"{NAME}={value}; Path=/api; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"
    return "Set-Cookie", text
