"""Who may call what: tokens, sessions, roles."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest

from api.access import Access
from api.tokens import SESSION_SECONDS, Tokens
from api.v1.table import endpoints
from runtime.config.api import Role, Token
from tests.fakes.api import ADMIN, READER, TOKENS, FakeApi

FAILED, REQUIRED = "X-Api-Key Authentication failed.", "X-Api-Key Authentication required."
GUARDED = [
    ("GET", "/status"),
    ("POST", "/status"),
    ("GET", "/node"),
    ("GET", "/node/hv1"),
    ("GET", "/node/hv1/log"),
    ("GET", "/faults"),
    ("PUT", "/faults"),
    ("DELETE", "/faults/X"),
    ("GET", "/tasks"),
    ("GET", "/tasks/1"),
]
NO_TOKENS = [
    "",
    " ",
    "wrong",
    ADMIN[:-1],
    ADMIN[1:],
    ADMIN[3:9],
    ADMIN + " x",
    ADMIN + ADMIN,
    ADMIN.upper(),
    f"{ADMIN},{READER}",
    "é",
    "\udcff",
]


@pytest.mark.parametrize("token", NO_TOKENS)
def test_what_is_no_token_is_refused(api: FakeApi, token: str) -> None:
    reply = api.get("/node", token=token)
    assert (reply.status, reply.message) == (401, FAILED)


@pytest.mark.parametrize(("method", "path"), GUARDED)
def test_without_a_key_nothing_is_answered(api: FakeApi, method: str, path: str) -> None:
    reply = api.call(method, path, token=None)
    assert (reply.status, reply.message) == (401, REQUIRED)


@pytest.mark.parametrize("path", ["/", "/status/primary_node", "/openapi.json", "/docs"])
def test_open_endpoints_need_no_key(api: FakeApi, path: str) -> None:
    assert api.get(path, token=None).status == 200


def test_the_key_is_checked_before_the_parameters(api: FakeApi) -> None:
    assert api.get("/node", token="wrong", limit="(").status == 401
    assert api.get("/node", limit="(").status == 400


def test_a_read_only_token_reads(api: FakeApi) -> None:
    assert api.get("/status", token=READER).status == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/status"), ("PUT", "/faults"), ("DELETE", "/faults"), ("DELETE", "/faults/X")],
)
def test_a_read_only_token_changes_nothing(api: FakeApi, method: str, path: str) -> None:
    requests = api.ensemble.requests
    reply = api.call(method, path, token=READER, query=[("state", "true")])
    assert reply.status == 403
    assert "auditor" in reply.message
    assert api.ensemble.requests == requests


def of_every_endpoint(access: Access) -> list[tuple[str, str]]:
    """Return method and path of all endpoints of this access, with names that lead nowhere."""
    found = [(e.method, e.path) for e in endpoints() if e.access is access]
    return [(method, re.sub("<[^>]+>", "nobody", path)) for method, path in found]


@pytest.mark.parametrize(
    ("method", "path"), [*of_every_endpoint(Access.READ), *of_every_endpoint(Access.CHANGE)]
)
def test_no_endpoint_but_the_open_ones_answers_strangers(
    api: FakeApi, method: str, path: str
) -> None:
    requests = api.ensemble.requests
    for token, message in ((None, REQUIRED), ("wrong", FAILED)):
        reply = api.call(method, path, token=token)
        assert (reply.status, reply.message) == (401, message)
    assert api.ensemble.requests == requests


@pytest.mark.parametrize(("method", "path"), of_every_endpoint(Access.CHANGE))
def test_no_order_is_taken_from_a_reader(api: FakeApi, method: str, path: str) -> None:
    requests = api.ensemble.requests
    assert api.call(method, path, token=READER).status == 403
    assert api.ensemble.requests == requests


def test_whatever_changes_something_asks_for_an_operator() -> None:
    changing = {(e.method, e.path) for e in endpoints() if e.access is Access.CHANGE}
    writing = {(e.method, e.path) for e in endpoints() if e.method != "GET"}
    assert changing == writing - {("POST", "/login"), ("POST", "/logout")}


def test_without_authentication_everybody_may(api: FakeApi) -> None:
    fake = FakeApi(is_enabled=False)
    assert fake.get("/node", token=None).status == 200
    assert fake.call("POST", "/status", token=None, query=[("state", "true")]).status == 200
    for path in ("/login", "/logout"):
        reply = fake.call("POST", path, token=None, form=[("token", "x")])
        assert (reply.status, reply.headers["location"]) == (302, "/api/v1/")
    fake.close()


def test_no_configured_tokens_let_nobody_in() -> None:
    fake = FakeApi(tokens=())
    assert fake.get("/node", token="").status == 401
    assert fake.get("/node", token="x").status == 401
    fake.close()


def _login(api: FakeApi, token: str) -> str:
    reply = api.call("POST", "/login", token=None, form=[("token", token)])
    assert reply.status == 200
    cookie = reply.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert token not in cookie
    return cookie.split(";")[0]


def test_login_gives_a_session_with_the_role_of_its_token(api: FakeApi) -> None:
    cookie = {"Cookie": _login(api, READER)}
    assert api.call("GET", "/node", token=None, headers=cookie).status == 200
    assert api.call("PUT", "/faults", token=None, headers=cookie).status == 403


@pytest.mark.parametrize("token", [*NO_TOKENS[1:-1]])
def test_login_with_what_is_no_token_fails(api: FakeApi, token: str) -> None:
    reply = api.call("POST", "/login", token=None, form=[("token", token)])
    assert reply.status == 401
    assert "set-cookie" not in reply.headers


@pytest.mark.parametrize("form", [[], [("token", "")]])
def test_login_without_a_token_is_a_bad_request(
    api: FakeApi, form: list[tuple[str, object]]
) -> None:
    reply = api.call("POST", "/login", token=None, form=form)
    assert reply.status == 400
    assert "token" in reply.message


def test_login_takes_no_token_from_the_address(api: FakeApi) -> None:
    assert api.call("POST", "/login", token=None, query=[("token", ADMIN)]).status == 400


def test_logout_takes_the_cookie(api: FakeApi) -> None:
    assert "Max-Age=0" in api.call("POST", "/logout", token=None).headers["set-cookie"]


def test_a_wrong_key_is_not_saved_by_a_session(api: FakeApi) -> None:
    cookie = {"Cookie": _login(api, ADMIN)}
    assert api.call("GET", "/node", token="wrong", headers=cookie).status == 401


def test_a_session_ends(api: FakeApi) -> None:
    cookie = {"Cookie": _login(api, ADMIN)}
    api.clock.ahead = SESSION_SECONDS + 1
    assert api.call("GET", "/node", token=None, headers=cookie).status == 401


def test_over_tls_the_cookie_is_for_tls_only(api: FakeApi) -> None:
    reply = api.call(
        "POST",
        "/login",
        token=None,
        form=[("token", ADMIN)],
        headers={"X-Forwarded-Proto": "https"},
    )
    assert reply.headers["set-cookie"].endswith("; Secure")


def test_a_session_of_a_withdrawn_token_is_worth_nothing() -> None:
    cookie = Tokens(TOKENS, "key").start_session(ADMIN, 0.0)
    assert cookie is not None
    assert Tokens(TOKENS, "key").session(cookie, 1.0) is not None
    assert Tokens(TOKENS[1:], "key").session(cookie, 1.0) is None
    assert Tokens(TOKENS, "another key").session(cookie, 1.0) is None


def test_a_session_follows_the_role_of_its_token() -> None:
    cookie = Tokens(TOKENS, "key").start_session(ADMIN, 0.0)
    lowered = Tokens([Token(description="boss", token=ADMIN, role=Role.READ_ONLY)], "key")
    identity = lowered.session(cookie or "", 1.0)
    assert identity is not None
    assert not identity.may_change


@pytest.mark.parametrize("cookie", ["", ".", "a", "a.b", "é.é", "=.=", "AAAA.AAAA", "." * 50])
def test_a_forged_cookie_is_refused(cookie: str) -> None:
    assert Tokens(TOKENS, "key").session(cookie, 1.0) is None


def test_a_prolonged_cookie_is_refused() -> None:
    cookie = Tokens(TOKENS, "key").start_session(ADMIN, 0.0) or ""
    payload, _, signature = cookie.partition(".")
    ends, _, fingerprint = urlsafe_b64decode(payload).partition(b":")
    longer = urlsafe_b64encode(b"%d:" % (int(ends) + 10**6) + fingerprint).decode()
    assert Tokens(TOKENS, "key").session(f"{longer}.{signature}", 1.0) is None


@pytest.mark.parametrize(
    "header",
    ["", ";", "=", "a:b=c", "pvc_session", "pvc_session=", "pvc_session=x.y", "\xe9=\xff", "(=)"],
)
def test_broken_cookies_are_no_session(api: FakeApi, header: str) -> None:
    assert api.call("GET", "/node", token=None, headers={"Cookie": header}).status == 401


def test_a_session_among_other_cookies(api: FakeApi) -> None:
    cookies = f"a:b=c; {_login(api, ADMIN)}; other=1"
    assert api.call("GET", "/node", token=None, headers={"Cookie": cookies}).status == 200


def test_a_token_in_other_letters() -> None:
    fake = FakeApi(tokens=(Token(description="", token="schlüssel", role=Role.ADMIN),))
    assert fake.get("/node", token="schlüssel".encode().decode("latin1")).status == 200
    fake.close()
