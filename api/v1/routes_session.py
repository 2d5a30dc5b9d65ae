"""The API's root, logging in and out."""

from typing import Final

from api import session_cookie
from api.access import Access
from api.authentication import Unauthenticated
from api.v1.endpoint import PREFIX, Answer, Call, endpoint
from api.v1.parameter import Parameter, Place

GROUP: Final = "session"
_SWITCHED_OFF: Final = {302: "authentication is switched off; goes to the API's root"}


@endpoint("GET", "/", group=GROUP, access=Access.OPEN, answer="message", needs_tree=False)
def get_root(_call: Call) -> Answer:
    """Say that this is the PVC API, and its version."""
    return Answer({"message": "PVC API version 1.0"})


@endpoint(
    "POST",
    "/login",
    Parameter(name="token", about="A token.", place=Place.FORM, is_required=True),
    group=GROUP,
    access=Access.OPEN,
    answer="message",
    codes=_SWITCHED_OFF | {401: "the token is wrong"},
    needs_tree=False,
)
def post_login(call: Call) -> Answer:
    """Exchange a token for a session cookie."""
    authentication = call.services.authentication
    if not authentication.is_enabled:
        return _to_root()
    now = call.services.clock.wall().timestamp()
    cookie = authentication.tokens.start_session(call.arguments.required("token"), now)
    if cookie is None:
        raise Unauthenticated("Authentication failed.")
    header = session_cookie.given(cookie, is_https=call.is_https)
    return Answer({"message": "Authentication successful."}, headers=(header,))


@endpoint(
    "POST",
    "/logout",
    group=GROUP,
    access=Access.OPEN,
    answer="message",
    codes=_SWITCHED_OFF,
    needs_tree=False,
)
def post_logout(call: Call) -> Answer:
    """End the session of the cookie shown."""
    if not call.services.authentication.is_enabled:
        return _to_root()
    header = session_cookie.taken(is_https=call.is_https)
    return Answer({"message": "Logged out."}, headers=(header,))


def _to_root() -> Answer:
    return Answer(
        {"message": "Authentication is switched off."}, 302, (("Location", f"{PREFIX}/"),)
    )
