"""The OpenAPI 3.1 document, made from the endpoint table; pure."""

from collections.abc import Iterable
from typing import Any, Final

from api.access import Access
from api.v1.endpoint import PREFIX, Endpoint
from api.v1.parameter import Parameter, Place
from api.v1.schemas import SCHEMAS, ref
from api.v1.schemas_vm import VM_SCHEMAS
from runtime.version import VERSION

ALL_SCHEMAS: Final = SCHEMAS | VM_SCHEMAS
_GROUPS: Final = {
    "session": "The API's root, logging in and out.",
    "cluster": "The cluster as a whole.",
    "node": "Nodes: the hosts of the cluster.",
    "vm": "Virtual machines.",
    "fault": "Faults: conditions that people should look at.",
    "task": "Tasks: long work ordered through the API.",
    "docs": "This description.",
}
_ABOUT: Final = (
    "Every parameter is text, in the query or in a form. A regular expression given as `limit` "
    "may match anywhere in a name unless anchored. `GET` of one element answers a list of one. "
    "Answers made from the cluster's data carry their age in seconds in the header "
    "`X-PVC-Data-Age`: 0 while the store is followed, more while it cannot be reached."
)


def openapi_document(endpoints: Iterable[Endpoint]) -> dict[str, Any]:
    """Return the document that describes these endpoints."""
    paths: dict[str, dict[str, Any]] = {}
    for entry in endpoints:
        path = paths.setdefault(PREFIX + entry.path.replace("<", "{").replace(">", "}"), {})
        path[entry.method.lower()] = _operation(entry)
    return {
        "openapi": "3.1.0",
        "info": {"title": "PVC API", "version": VERSION, "description": _ABOUT},
        "tags": [{"name": name, "description": about} for name, about in _GROUPS.items()],
        "paths": paths,
        "components": {
            "schemas": ALL_SCHEMAS,
            "securitySchemes": {
                "token": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
                "session": {"type": "apiKey", "in": "cookie", "name": "pvc_session"},
            },
        },
    }


def _operation(entry: Endpoint) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": entry.operation,
        "summary": entry.summary,
        "tags": [entry.group],
        "responses": _responses(entry),
        "security": [] if entry.access is Access.OPEN else [{"token": []}, {"session": []}],
    }
    if parameters := [_parameter(p) for p in entry.parameters if p.place is not Place.FORM]:
        operation["parameters"] = parameters
    if fields := [p for p in entry.parameters if p.place is Place.FORM]:
        operation["requestBody"] = _form(fields)
    return operation


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": "path" if parameter.place is Place.PATH else "query",
        "required": parameter.is_required,
        "description": parameter.about,
        "schema": _schema(parameter),
    }


def _form(fields: list[Parameter]) -> dict[str, Any]:
    schema = {
        "type": "object",
        "properties": {f.name: {**_schema(f), "description": f.about} for f in fields},
        "required": [f.name for f in fields if f.is_required],
    }
    return {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": schema}}}


def _schema(parameter: Parameter) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": parameter.kind.value}
    limits = {
        "default": parameter.default,
        "minimum": parameter.minimum,
        "maximum": parameter.maximum,
    }
    schema |= {name: value for name, value in limits.items() if value is not None}
    if parameter.choices and schema["type"] == "string":
        schema["enum"] = list(parameter.choices)
    return {"type": "array", "items": schema} if parameter.is_repeated else schema


def _responses(entry: Endpoint) -> dict[str, Any]:
    codes: dict[int, str] = {}
    if entry.parameters:
        codes[400] = "a bad parameter"
    if entry.access is not Access.OPEN:
        codes[401] = "no token, or a wrong one"
    if entry.access is Access.CHANGE:
        codes[403] = "the token is read-only"
        codes[409] = "the order does not fit what is there now"
    if entry.needs_tree:
        codes[503] = "the cluster's data cannot be read or written at the moment"
    codes |= entry.codes
    responses = {str(entry.good): _good(entry)}
    for code in sorted(codes):
        responses[str(code)] = {"description": codes[code]}
        if code >= 400:
            responses[str(code)]["content"] = {"application/json": {"schema": ref("error")}}
    return responses


def _good(entry: Endpoint) -> dict[str, Any]:
    is_list = entry.answer.startswith("[")
    schema = ref(entry.answer.strip("[]"))
    body = {"type": "array", "items": schema} if is_list else schema
    kind = "text/html" if entry.answer == "page" else "application/json"
    what = "good" if entry.good == 200 else "ordered; `Location` is where to ask how it is"
    good: dict[str, Any] = {"description": what, "content": {kind: {"schema": body}}}
    if entry.needs_tree:
        good["headers"] = {
            "X-PVC-Data-Age": {
                "description": "Age of the data in seconds.",
                "schema": {"type": "number"},
            }
        }
    return good
