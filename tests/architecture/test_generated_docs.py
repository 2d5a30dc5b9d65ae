"""Documents made from code are current."""

import pytest

from tests.architecture.generate import DOCUMENTS, ROOT


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_generated_document_is_current(name: str) -> None:
    assert (ROOT / name).read_text() == DOCUMENTS[name](), "run ./dev docs"
