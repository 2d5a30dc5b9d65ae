"""docs/openapi.json from the endpoint table."""

import json

from api.v1.openapi import openapi_document
from api.v1.table import endpoints


def openapi_text() -> str:
    """Return the OpenAPI document as people compare it: indented, one field a line."""
    return json.dumps(openapi_document(endpoints()), indent=1, ensure_ascii=False) + "\n"
