"""How soon after a death, and when it is enough."""

import pytest

from runtime.clock import Instant
from supervisor.child import Child, Phase
from supervisor.intensity import Death, bury, how_ended, is_given_up
from supervisor.patience import Patience
from tests.fakes.tree import CONSOLE, KEEPALIVE

PATIENCE = Patience()


def death(at: float, code: int = -9, chance: float = 0.5) -> Death:
    return Death(code=code, at=Instant(at), chance=chance, config="first")


def running(**values: object) -> Child:
    return Child(spec=CONSOLE, phase=Phase.RUNNING, has_beaten=True, **values)  # type: ignore[arg-type]


def test_the_first_restart_of_one_that_was_ready_is_immediate() -> None:
    child = bury(running(), death(100.0), PATIENCE)
    assert child.phase is Phase.WAITING
    assert child.start_at == 100.0


def test_one_that_was_not_ready_waits() -> None:
    child = bury(Child(spec=CONSOLE, phase=Phase.STARTING), death(100.0), PATIENCE)
    assert child.start_at == pytest.approx(101.0)


def test_each_further_restart_in_the_window_waits_twice_as_long() -> None:
    waits = []
    child = running()
    for at in (100.0, 101.0, 102.0, 103.0, 104.0):
        buried = bury(child, death(at), PATIENCE)
        waits.append(buried.start_at - at)
        child = running(deaths=buried.deaths, restarts=buried.restarts)
    assert waits == pytest.approx([0.0, 0.25, 0.5, 1.0, 2.0])
    assert child.restarts == 5


def test_the_wait_is_spread_by_chance() -> None:
    child = Child(spec=CONSOLE, phase=Phase.STARTING)
    waits = [bury(child, death(0.0, chance=c), PATIENCE).start_at for c in (0.0, 1.0)]
    assert waits == pytest.approx([0.8, 1.2])


def test_old_deaths_are_forgotten() -> None:
    child = running(deaths=tuple(Instant(float(x)) for x in range(5)))
    assert bury(child, death(65.0), PATIENCE).phase is Phase.WAITING
    assert bury(child, death(30.0), PATIENCE).phase is Phase.PARKED


def test_parked_ever_longer_but_not_for_ever() -> None:
    waits = []
    child = running(deaths=tuple(Instant(float(x)) for x in range(5)))
    at = 30.0
    for _ in range(6):
        child = bury(child, death(at), PATIENCE)
        waits.append(child.start_at - at)
        at = child.start_at + 1.0
        child = Child(spec=CONSOLE, phase=Phase.STARTING, parks=child.parks)
    assert waits == pytest.approx([60.0, 120.0, 240.0, 480.0, 600.0, 600.0])


def test_a_refused_configuration_is_not_tried_again() -> None:
    child = bury(running(), death(1.0, code=78), PATIENCE)
    assert child.phase is Phase.PARKED
    assert child.bad_config == "first"
    assert not is_given_up(child)


def test_keepalive_parked_is_given_up() -> None:
    child = Child(spec=KEEPALIVE, phase=Phase.RUNNING, parks=1)
    assert is_given_up(bury(child, death(1.0), PATIENCE))


def test_words_for_the_end() -> None:
    assert how_ended(-9) == "killed by signal 9"
    assert how_ended(3) == "exited with 3"
    assert how_ended(127) == "cannot be started"
