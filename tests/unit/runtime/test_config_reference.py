"""docs/config.md says what the reader accepts."""

from pathlib import Path

from runtime.config.api_keys import API_FILE_KEYS
from runtime.config.node_keys import NODE_FILE_KEYS
from runtime.config.reference import render

DOCUMENT = Path(__file__).parents[3] / "docs/config.md"


def test_the_document_is_up_to_date() -> None:
    assert DOCUMENT.read_text() == render(), (
        "run: python -m runtime.config.reference > docs/config.md"
    )


def test_every_key_is_in_it() -> None:
    text = render()
    for key in (*NODE_FILE_KEYS, *API_FILE_KEYS):
        assert f"| `{key.path}` |" in text
