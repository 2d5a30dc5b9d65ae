"""JSON as every answer has it; pure."""

import json
from typing import Any


def as_json(value: Any) -> bytes:
    """Return the bytes of a JSON document."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode(errors="replace")
