"""The description of this API, for programs and for people."""

from functools import cache
from importlib.resources import files
from typing import Any, Final

from api.access import Access
from api.v1.endpoint import ENDPOINTS, Answer, Call, endpoint
from api.v1.openapi import openapi_document

GROUP: Final = "docs"
_POLICY: Final = (
    "Content-Security-Policy",
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
)


@endpoint(
    "GET", "/openapi.json", group=GROUP, access=Access.OPEN, answer="openapi", needs_tree=False
)
def get_openapi(_call: Call) -> Answer:
    """Describe this API as an OpenAPI document."""
    return Answer(_document())


@endpoint("GET", "/docs", group=GROUP, access=Access.OPEN, answer="page", needs_tree=False)
def get_docs(_call: Call) -> Answer:
    """Show a page to read about this API and to try it."""
    return Answer(_page(), headers=(_POLICY,), content_type="text/html; charset=utf-8")


@cache
def _document() -> dict[str, Any]:
    return openapi_document(ENDPOINTS)


@cache
def _page() -> bytes:
    return (files("api.v1") / "docs.html").read_bytes()
