"""What follows from both sides of a migration: every combination."""

import pytest

from workers.vm.child.settling import ENDS, Side, Step, next_step

G, R, H, A, L, U = Side.GONE, Side.RUNNING, Side.HELD, Side.ARRIVING, Side.LEAVING, Side.UNKNOWN

EXPECTED = {
    # source: (target gone, running, held, arriving, leaving, unknown)
    G: ("lost", "left", "let_go", "look_again", "look_again", "uncertain"),
    R: ("stayed", "drop", "drop", "drop", "look_again", "stayed"),
    H: ("go_on", "yield", "drop", "drop", "look_again", "uncertain"),
    A: ("look_again",) * 6,
    L: ("look_again",) * 6,
    U: ("uncertain",) * 6,
}
CASES = [
    (source, target, Step(word))
    for source, words in EXPECTED.items()
    for target, word in zip((G, R, H, A, L, U), words, strict=True)
]


def test_all_combinations_are_listed() -> None:
    assert len(CASES) == len(Side) ** 2


@pytest.mark.parametrize(("source", "target", "step"), CASES)
def test_without_a_migration_under_way(source: Side, target: Side, step: Step) -> None:
    assert next_step(source, target, is_moving=False) is step


@pytest.mark.parametrize(("source", "target", "step"), CASES)
def test_a_migration_under_way_is_followed_while_its_source_is_there(
    source: Side, target: Side, step: Step
) -> None:
    expected = step if source in (G, U) else Step.FOLLOW
    assert next_step(source, target, is_moving=True) is expected


@pytest.mark.parametrize("is_moving", [True, False])
@pytest.mark.parametrize("target", Side)
@pytest.mark.parametrize("source", Side)
def test_the_targets_copy_is_let_go_only_when_the_sources_is_gone(
    source: Side, target: Side, is_moving: bool
) -> None:
    if next_step(source, target, is_moving=is_moving) is Step.LET_GO:
        assert (source, target) == (Side.GONE, Side.HELD)


@pytest.mark.parametrize("target", Side)
@pytest.mark.parametrize("source", Side)
def test_nothing_that_runs_alone_is_ever_ended(source: Side, target: Side) -> None:
    step = next_step(source, target, is_moving=False)
    if step is Step.DROP:
        assert source in (Side.RUNNING, Side.HELD)
    if step is Step.YIELD:
        assert target is Side.RUNNING
    if step in ENDS and step is not Step.UNCERTAIN:
        assert source is not Side.UNKNOWN


@pytest.mark.parametrize("target", Side)
@pytest.mark.parametrize("source", Side)
def test_only_whether_a_held_copy_is_let_go_depends_on_whether_the_source_ran_on(
    source: Side, target: Side
) -> None:
    step = next_step(source, target, is_moving=False)
    stale = next_step(source, target, is_moving=False, is_stale=True)
    assert stale is (Step.DROP if step is Step.LET_GO else step)
