"""One API over a tree of three nodes and six VMs."""

from collections.abc import Iterator

import pytest

from tests.fakes.api import FakeApi


@pytest.fixture
def api() -> Iterator[FakeApi]:
    fake = FakeApi()
    yield fake
    fake.close()
