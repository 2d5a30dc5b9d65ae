"""The cluster that integration tests run on: one for the whole session, whole before each test."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed import down, settings, up
from testbed.bed_words import CHECKOUT
from testbed.cluster import Cluster

NAME = os.environ.get("PVC_TESTBED_NAME", "pvc")
PRODUCT = os.environ.get("PVC_TESTBED_NO_PRODUCT") != "1"


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """Return a cluster of three coordinators: the running one if it fits, else a new one.

    PVC_TESTBED_KEEP=1 keeps a new one running after the tests.
    """
    home = settings.home_directory()
    running = settings.load(NAME, home)
    if running is not None and _fits(running):
        yield up.up(running)
        return
    down.down(NAME, home)
    try:
        yield up.up(_wanted(home))
    finally:
        if os.environ.get("PVC_TESTBED_KEEP") != "1":
            down.down(NAME, home)


@pytest.fixture(autouse=True)
def _mended(request: pytest.FixtureRequest) -> Iterator[None]:
    """Undo the faults of a test, whether it passed or not, before the next one begins."""
    yield
    if "cluster" in request.fixturenames:
        up.mend(request.getfixturevalue("cluster"))


def _fits(running: settings.Settings) -> bool:
    size = (running.nodes, running.coordinators)
    fits = running.product == PRODUCT and running.checkout == str(CHECKOUT)
    return fits and size == (3, 3)


def _wanted(home: Path) -> settings.Settings:
    return settings.new(
        name=NAME,
        home=home,
        checkout=CHECKOUT,
        nodes=3,
        coordinators=3,
        net=os.environ.get("PVC_TESTBED_NET", settings.DEFAULT_NET),
        suite="bookworm",
        product=PRODUCT,
    )
