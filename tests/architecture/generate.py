"""Writes the documents that are generated from code: `python -m tests.architecture.generate`.

Each document is a function that returns its text; `test_generated_docs.py` compares them with the
files, so nobody forgets to run this.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from runtime.config.reference import render as config_document
from tests.architecture.keys_document import keys_document
from tests.architecture.openapi_document import openapi_text
from tests.architecture.states_document import states_document

ROOT: Final = Path(__file__).resolve().parents[2]

DOCUMENTS: Final[dict[str, Callable[[], str]]] = {
    "docs/config.md": config_document,
    "docs/keys.md": keys_document,
    "docs/openapi.json": openapi_text,
    "docs/states.md": states_document,
}


def main() -> None:
    """Write all documents that are not current."""
    for name, document in DOCUMENTS.items():
        path, text = ROOT / name, document()
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            print(f"written: {name}")


if __name__ == "__main__":
    main()
