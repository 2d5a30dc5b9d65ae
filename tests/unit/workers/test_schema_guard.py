"""A worker acts only on the layout it was started for."""

import pytest

from cluster.store.store import Create, Write
from runtime.deadline import Deadline
from runtime.errors import StoreUnavailable
from tests.fakes.clock import FakeClock
from tests.fakes.ensemble import FakeEnsemble
from tests.fakes.store import FakeStore
from workers.schema_guard import SchemaGuard


class Stage:
    def __init__(self, version: bytes = b"16") -> None:
        self.clock = FakeClock()
        ensemble = FakeEnsemble()
        self.admin = FakeStore(ensemble, self.clock)
        self.apply(Create("/schema", b""), Create("/schema/version", version))
        self.store = FakeStore(ensemble, self.clock)
        self.reads = self.wakes = 0
        read = self.store.read

        def counted(path: str, deadline: Deadline) -> object:
            self.reads += 1
            return read(path, deadline)

        self.store.read = counted  # type: ignore[assignment, method-assign]
        self.guard = SchemaGuard(
            self.store, 16, call_seconds=1.0, clock=self.clock, wake=self._woken
        )

    def _woken(self) -> None:
        self.wakes += 1

    def apply(self, *changes: Create | Write) -> None:
        self.admin.apply(changes, Deadline.after(1.0, self.clock))


def test_the_version_is_read_once_a_session() -> None:
    stage = Stage()
    assert [stage.guard.why_not() for _ in range(3)] == [""] * 3
    assert stage.reads == 1
    stage.store.suspend()
    stage.store.resume()
    assert stage.guard.why_not() == ""
    assert stage.reads == 2


@pytest.mark.parametrize("version", [b"15", b"17", b"", b"\xff", b"sixteen"])
def test_another_version_holds_the_worker(version: bytes) -> None:
    assert "started for 16" in Stage(version).guard.why_not()


def test_a_version_that_changes_under_it_holds_it_at_once() -> None:
    stage = Stage()
    assert stage.guard.why_not() == ""
    stage.apply(Write("/schema/version", b"17"))
    assert stage.guard.why_not() == "schema is 17, started for 16"
    stage.apply(Write("/schema/version", b"16"))
    assert stage.guard.why_not() == ""


def test_without_a_session_it_is_held_and_nothing_is_waited_for() -> None:
    stage = Stage()
    start = stage.clock.now()
    stage.store.suspend()
    assert stage.guard.why_not() == "store suspended"
    assert stage.clock.now() == start
    wakes = stage.wakes
    stage.store.resume()
    assert stage.wakes > wakes
    assert stage.guard.why_not() == ""


def test_a_version_that_could_not_be_read_is_read_again() -> None:
    stage = Stage()
    read = stage.store.read

    def failing(path: str, deadline: Deadline) -> object:
        raise StoreUnavailable("gone in this moment")

    stage.store.read = failing  # type: ignore[assignment, method-assign]
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            stage.guard.why_not()
    stage.store.read = read  # type: ignore[method-assign]
    assert stage.guard.why_not() == ""
