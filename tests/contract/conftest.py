"""The worlds in which the store's contract is checked."""

from collections.abc import Iterator

import pytest

from tests.store_worlds import FakeWorld, World, ZookeeperWorld
from tests.zookeeper import Ensemble, need_zookeeper, zookeeper


@pytest.fixture(scope="session")
def one_member() -> Iterator[Ensemble]:
    """A real Zookeeper of one member, shared by all tests of the run."""
    need_zookeeper()
    with zookeeper() as ensemble:
        yield ensemble


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.zookeeper)])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """The fake ensemble, then a real one."""
    if request.param == "fake":
        yield FakeWorld()
        return
    real = ZookeeperWorld(request.getfixturevalue("one_member"))
    yield real
    real.close()
