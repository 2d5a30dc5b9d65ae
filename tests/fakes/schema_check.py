"""Holds a JSON value against the subset of JSON Schema that the OpenAPI document uses."""

from typing import Any

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


def faults(
    document: dict[str, Any], schema: dict[str, Any], value: Any, at: str = "$"
) -> list[str]:
    """Return where a value is not as its schema says; fields that no schema names are faults."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/components/schemas/")
        return faults(document, document["components"]["schemas"][name], value, at)
    if "anyOf" in schema:
        tried = [faults(document, one, value, at) for one in schema["anyOf"]]
        return [] if [] in tried else tried[0]
    kinds = schema.get("type", list(_TYPES))
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if not any(_is(kind, value) for kind in kinds):
        return [f"{at}: {value!r} is no {kinds}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{at}: {value!r} is none of {schema['enum']}"]
    if isinstance(value, list):
        items = schema.get("items", {})
        return [f for i, x in enumerate(value) for f in faults(document, items, x, f"{at}[{i}]")]
    return _fields(document, schema, value, at) if isinstance(value, dict) else []


def _is(kind: str, value: Any) -> bool:
    return isinstance(value, _TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))


def _fields(
    document: dict[str, Any], schema: dict[str, Any], value: dict[str, Any], at: str
) -> list[str]:
    known = schema.get("properties", {})
    other = schema.get("additionalProperties")
    found = [f"{at}.{name}: is missing" for name in schema.get("required", ()) if name not in value]
    for name, item in value.items():
        if name in known:
            found += faults(document, known[name], item, f"{at}.{name}")
        elif other is not None:
            found += faults(document, other, item, f"{at}.{name}")
        elif known and (at, name) != ("$", "result"):
            found.append(f"{at}.{name}: is not in the schema")
    return found
