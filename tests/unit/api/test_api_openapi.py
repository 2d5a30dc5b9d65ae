"""The description of the API agrees with what it does."""

import re
from typing import Any

import pytest

from api.v1.endpoint import PREFIX
from api.v1.openapi import ALL_SCHEMAS
from api.v1.table import endpoints
from cluster.model.task import TaskOrder
from cluster.records import fault_record, task_record
from cluster.schema.layout import layout
from cluster.schema.versions import NEWEST
from runtime.clock import SYSTEM_CLOCK
from tests.fakes.api import FakeApi
from tests.fakes.schema_check import faults

KEYS = layout(NEWEST)
CODES = {"200", "202", "204", "302", "400", "401", "403", "404", "409", "503"}


@pytest.fixture
def document(api: FakeApi) -> dict[str, Any]:
    reply = api.get("/openapi.json", token=None)
    assert reply.headers["content-type"].startswith("application/json")
    found: dict[str, Any] = reply.json
    return found


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(p, verb, o) for p, verbs in document["paths"].items() for verb, o in verbs.items()]


def test_structure(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    assert {"title", "version"} <= set(document["info"])
    tags = {tag["name"] for tag in document["tags"]}
    found = operations(document)
    assert len(found) == len(endpoints())
    assert len({o["operationId"] for _, _, o in found}) == len(found)
    for path, verb, operation in found:
        assert path.startswith(PREFIX)
        assert verb in {"get", "post", "put", "delete"}
        assert operation["summary"]
        assert set(operation["tags"]) <= tags
        assert set(operation["responses"]) <= CODES
        in_path = {p["name"] for p in operation.get("parameters", ()) if p["in"] == "path"}
        assert in_path == set(re.findall(r"{(\w+)}", path))
        assert all(p["required"] for p in operation.get("parameters", ()) if p["in"] == "path")


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    def references(value: Any) -> list[str]:
        if isinstance(value, dict):
            own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
            return own + [r for item in value.values() for r in references(item)]
        return [r for item in value for r in references(item)] if isinstance(value, list) else []

    known = {f"#/components/schemas/{name}" for name in ALL_SCHEMAS}
    used = set(references(document))
    assert used <= known
    answers = {entry.answer.strip("[]") for entry in endpoints()}
    assert answers <= set(ALL_SCHEMAS)


def test_every_answer_is_as_described(api: FakeApi, document: dict[str, Any]) -> None:
    at = SYSTEM_CLOCK.wall()
    api.change(
        *fault_record.report(KEYS, "X", is_new=True, at=at, health_delta=1, message="m"),
        *task_record.order(KEYS, "aaaaaaaa", TaskOrder(name="t", run_on="hv1")),
    )
    api.put("osd", b"", osd="0")
    for path, verb, operation in operations(document):
        if verb != "get" or path.endswith("/docs"):
            continue
        called = path.removeprefix(PREFIX).format(
            node="hv1", vm="vm0001", fault_id="X", task_id="aaaaaaaa"
        )
        reply = api.get(called)
        assert reply.status == 200, called
        schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        assert faults(document, schema, reply.json) == [], called


@pytest.mark.parametrize(
    ("path", "query"), [("/node/hv9", {}), ("/node", {"limit": "("}), ("/nothing", {})]
)
def test_every_refusal_is_as_described(
    api: FakeApi, document: dict[str, Any], path: str, query: dict[str, str]
) -> None:
    reply = api.get(path, **query)
    assert faults(document, {"$ref": "#/components/schemas/error"}, reply.json) == []


def test_the_page_needs_nothing_from_elsewhere(api: FakeApi) -> None:
    reply = api.get("/docs", token=None)
    assert reply.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in reply.headers["content-security-policy"]
    assert b"http://" not in reply.body
    assert b"https://" not in reply.body
