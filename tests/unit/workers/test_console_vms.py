"""The consoles of VMs in the store: once, in order, numbered over restarts and moves."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cluster.records.console_record import read_places
from cluster.store.store import Create, Delete
from runtime.deadline import Deadline
from runtime.errors import DeadlineExceeded, Unavailable
from tests.fakes.console_stage import ConsoleNode, ConsoleStage
from workers.console.spec import AGAIN_SECONDS, CONSOLE_BYTES, CONSOLE_WRITES, OPEN_AT_ONCE


def numbers(*texts: str) -> dict[int, str]:
    return dict(enumerate(texts))


@pytest.fixture
def stage(tmp_path: Path) -> ConsoleStage:
    return ConsoleStage(tmp_path, "a", "b")


def test_lines_of_a_guest_are_stored_with_numbers(stage: ConsoleStage) -> None:
    node = stage.node()
    node.tell("a")
    node.prints("a", "one", "two")
    node.run(1.0)
    node.prints("a", "three")
    node.run(1.0)
    assert stage.stored() == numbers("one", "two", "three")


def test_a_quiet_console_costs_no_write_and_a_loud_one_two_a_second(stage: ConsoleStage) -> None:
    node = stage.node()
    node.tell("a", "b")
    node.prints("b", "once")
    for second in range(5):
        for step in range(20):
            node.prints("a", f"{second}.{step}")
            node.round()
            node.clock.sleep(0.05)
    assert len([vm for _, vm in node.writes if vm == "b"]) == 1
    assert 8 <= len([vm for _, vm in node.writes if vm == "a"]) <= 11


def test_a_restart_goes_on(stage: ConsoleStage) -> None:
    node = stage.node()
    node.tell("a")
    node.prints("a", "one")
    node.run(1.0)
    node.prints("a", "two")
    node.begin()
    node.tell("a")
    node.run(1.0)
    assert stage.stored() == numbers("one", "two")


@pytest.mark.parametrize("is_made", [True, False])
@pytest.mark.parametrize("is_killed", [True, False])
def test_a_write_with_an_unknown_end_is_stored_once(
    stage: ConsoleStage, is_made: bool, is_killed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = stage.node()
    node.tell("a")
    node.prints("a", "one")
    node.run(1.0)
    apply = node.store.apply

    def broken(changes: object, deadline: Deadline) -> None:
        if is_made:
            apply(changes, deadline)  # type: ignore[arg-type]
        raise DeadlineExceeded("not known")

    monkeypatch.setattr(node.store, "apply", broken)
    node.prints("a", "two", "three")
    with pytest.raises(DeadlineExceeded):
        node.run(1.0)
    monkeypatch.undo()
    if is_killed:
        node.begin()
        node.tell("a")
    node.prints("a", "four")
    node.run(2.0)
    assert stage.stored() == numbers("one", "two", "three", "four")


def test_an_outage_of_the_store_loses_nothing_that_is_kept(stage: ConsoleStage) -> None:
    node = stage.node()
    node.tell("a")
    node.prints("a", "one")
    node.run(1.0)
    node.store.suspend()
    for number in range(20):
        node.prints("a", f"away {number}")
        node.clock.sleep(0.1)
        if number % 5 == 4:
            with pytest.raises(Unavailable):
                node.round()
                node.clock.sleep(0.5)
                node.round()
    node.store.resume()
    node.run(3.0)
    assert stage.stored() == numbers("one", *(f"away {n}" for n in range(20)))


def test_two_nodes_write_one_log_while_a_vm_moves(stage: ConsoleStage) -> None:
    source, target = stage.node("hv1"), stage.node("hv2")
    source.tell("a")
    source.prints("a", "at home")
    source.run(1.0)
    source.prints("a", "last words")
    target.tell("a")
    target.prints("a", "arrived")
    source.tell()
    for _ in range(60):
        source.round()
        target.round()
        stage.clock.sleep(0.05)
    target.prints("a", "settled")
    target.run(1.0)
    found = stage.stored()
    assert list(found) == [0, 1, 2, 3]
    assert set(found.values()) == {"at home", "last words", "arrived", "settled"}
    assert found[0] == "at home"
    assert found[3] == "settled"
    assert not source.round().consoles.followed


def test_it_comes_back_to_a_file_it_has_read_before(stage: ConsoleStage) -> None:
    first, second = stage.node("hv1"), stage.node("hv2")
    for turn in range(4):
        here, there = (first, second) if turn % 2 == 0 else (second, first)
        here.prints("a", f"turn {turn}")
        here.tell("a")
        there.tell()
        for _ in range(40):
            there.round()
            here.round()
            stage.clock.sleep(0.05)
    assert stage.stored() == numbers(*(f"turn {n}" for n in range(4)))


def test_a_vm_that_is_gone_is_read_once_more_and_let_go(stage: ConsoleStage) -> None:
    node = stage.node()
    node.tell("a")
    node.prints("a", "one")
    node.run(1.0)
    with node.log_of("a").open("a") as file:
        file.write("panic")
    node.log_of("a").unlink()
    node.tell()
    node.run(1.0)
    assert stage.stored() == numbers("one", "panic")
    assert node.round().consoles.followed == 0
    assert not any(name.startswith(str(node.folder)) for name in open_files())


def test_many_that_leave_in_silence_hold_up_nobody(tmp_path: Path) -> None:
    vms = [f"v{number}" for number in range(100)]
    stage = ConsoleStage(tmp_path, *vms, "loud")
    node = stage.node()
    node.tell(*vms)
    for vm in vms:
        node.prints(vm, "x")
    node.run(8.0)
    node.tell("loud")
    node.prints("loud", "hello")
    node.run(1.0)
    assert stage.stored("loud") == numbers("hello")
    assert node.round().consoles.followed == 1


def test_the_death_of_the_vm_worker_ends_nothing(stage: ConsoleStage) -> None:
    node = stage.node()
    node.tell("a")
    node.run(10.0)
    node.prints("a", "one")
    node.hear({"consoles": {}}, worker="keepalive")
    node.run(1.0)
    assert stage.stored() == numbers("one")


def test_a_renamed_vm_has_another_file(stage: ConsoleStage) -> None:
    node = stage.node()
    node.tell("a")
    node.prints("a", "one")
    node.run(1.0)
    node.prints("a", "two")
    node.prints("new", "three")
    node.tell("a", a=node.log_of("new"))
    node.run(2.0)
    assert stage.stored() == numbers("one", "two", "three")


def test_the_parent_is_made_when_it_is_missing(stage: ConsoleStage) -> None:
    stage.make("c", has_parent=False)
    node = stage.node()
    node.tell("c")
    node.prints("c", "one")
    node.run(1.0)
    assert stage.stored("c") == numbers("one")


def test_a_vm_that_is_not_in_the_tree_yet(stage: ConsoleStage) -> None:
    node = stage.node()
    node.tell("c", "a")
    node.prints("c", "one")
    node.prints("a", "one")
    node.run(1.0)
    assert stage.stored() == numbers("one")
    stage.make("c")
    node.run(AGAIN_SECONDS + 1)
    assert stage.stored("c") == numbers("one")


def test_a_vm_that_was_removed_is_let_go(stage: ConsoleStage) -> None:
    node = stage.node()
    node.tell("a")
    node.prints("a", "one")
    node.run(1.0)
    node.prints("a", "two")
    below = [f"/domains/a/console/{name}" for name in ("000000000000", "place")]
    stage.ensemble.change([Delete(p) for p in (*below, "/domains/a/console", "/domains/a")], 0)
    node.tell()
    node.run(1.0)
    assert node.round().consoles.followed == 0
    assert stage.ensemble.value("/domains/a") is None


def test_a_log_that_somebody_emptied_goes_on(stage: ConsoleStage) -> None:
    node = stage.node()
    node.tell("a")
    node.prints("a", "one")
    node.run(1.0)
    stage.ensemble.change([Delete("/domains/a/console/000000000000")], 0)
    node.prints("a", "two")
    node.run(2.0)
    assert stage.stored() == numbers("two")


@pytest.mark.parametrize("junk", [b"", b"[]", b'{"hv1":{"inode":"x"}}', b"\xff"])
def test_a_broken_place_is_no_place(stage: ConsoleStage, junk: bytes) -> None:
    stage.ensemble.change([Create("/domains/a/console/place", junk)], 0)
    node = stage.node()
    node.tell("a")
    node.prints("a", "one")
    node.run(1.0)
    assert stage.stored() == numbers("one")
    value = stage.ensemble.value("/domains/a/console/place")
    assert value is not None
    assert read_places(value.data)["hv1"].offset == 4


def test_ten_thousand_lines_a_second_keep_true_numbers(tmp_path: Path) -> None:
    stage = ConsoleStage(tmp_path, "a", keep_lines=1000)
    node = stage.node()
    node.tell("a")
    written = 0
    for _ in range(30):
        node.prints("a", *(str(written + n) for n in range(1000)))
        written += 1000
        node.run(0.1)
    node.run(1.0)
    found = stage.stored()
    assert all(str(number) == text for number, text in found.items())
    assert max(found) == written - 1
    assert 1000 <= len(found) < 1100
    assert len(node.writes) <= 9


def test_long_lines_fit_into_the_store(tmp_path: Path) -> None:
    stage = ConsoleStage(tmp_path, "a", keep_lines=100_000)
    node = stage.node()
    node.tell("a")
    node.prints("a", "first")
    node.run(0.5)
    for _ in range(10):
        node.prints("a", *("ä" * 2000 for _ in range(1000)))
        node.run(0.5)
    found = stage.log()
    assert found.next_number == 1 + 10 * 1000
    assert sum(len(line.text.encode()) for line in found.lines) <= 2 * CONSOLE_BYTES


def test_a_hundred_loud_vms_share_the_budget(tmp_path: Path) -> None:
    vms = [f"v{number}" for number in range(100)]
    stage = ConsoleStage(tmp_path, *vms)
    node = stage.node()
    node.tell(*vms)
    for number in range(100):
        for vm in vms:
            node.prints(vm, f"{number}")
        node.run(0.1)
    seconds = 10.0
    assert len(node.writes) <= CONSOLE_WRITES * (seconds + 0.5)
    counts = [len([one for _, one in node.writes if one == vm]) for vm in vms]
    assert max(counts) - min(counts) <= 1
    node.run(6.0)
    assert all(stage.stored(vm) == numbers(*map(str, range(100))) for vm in vms)


def test_a_loud_vm_holds_up_no_quiet_one(tmp_path: Path) -> None:
    vms = [f"v{number}" for number in range(30)]
    stage = ConsoleStage(tmp_path, *vms, "quiet")
    node = stage.node()
    node.tell(*vms, "quiet")
    for number in range(20):
        for vm in vms:
            node.prints(vm, *("x" * 1000 for _ in range(200)))
        if number == 10:
            node.prints("quiet", "hello")
            began = stage.clock.now()
        node.run(0.25)
    first = next(at for at, vm in node.writes if vm == "quiet")
    assert first - began < 1.0


def test_many_consoles_are_opened_in_bursts(tmp_path: Path) -> None:
    vms = [f"v{number}" for number in range(3 * OPEN_AT_ONCE)]
    stage = ConsoleStage(tmp_path, *vms)
    node = stage.node()
    node.tell(*vms)
    before = stage.ensemble.requests
    node.run(1.0)
    assert stage.ensemble.requests - before <= 6


def test_what_the_facts_say_may_be_junk(stage: ConsoleStage) -> None:
    node = stage.node()
    junks: tuple[object, ...] = (
        None,
        7,
        ["a"],
        {"a": 1},
        {"a": {}},
        {"a": {"name": 1, "path": "/x"}},
        {"a": {"name": "n", "path": ""}},
        {"": {"name": "n", "path": "/x"}},
        {"a/b": {"name": "n", "path": "/x"}},
        {"..": {"name": "n", "path": "/x"}},
        {7: {"name": "n", "path": "/x"}},
    )
    for junk in junks:
        node.hear({"consoles": junk})
        assert node.round().consoles.followed == 0


def test_what_cannot_be_read_is_named(stage: ConsoleStage) -> None:
    node = stage.node()
    os.mkfifo(node.log_of("a"))
    node.tell("a", "b")
    node.prints("b", "fine")
    node.run(1.0)
    seen = node.round()
    assert "no regular file" in seen.consoles.troubles["name-a"]
    assert stage.stored("b") == numbers("fine")


def open_files() -> list[str]:
    return [
        str(entry.readlink()) for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()
    ]


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(
        st.tuples(st.integers(0, 1), st.sampled_from(["print", "kill", "move", "run", "outage"])),
        max_size=25,
    )
)
def test_over_kills_moves_and_outages_every_line_is_stored_once(
    tmp_path: Path, done: list[tuple[int, str]]
) -> None:
    folder = tmp_path / os.urandom(8).hex()
    folder.mkdir()
    stage = ConsoleStage(folder, "a")
    nodes = [stage.node("hv1"), stage.node("hv2")]
    home, written = 0, 0
    nodes[home].tell("a")
    for which, what in done:
        node = nodes[which]
        match what:
            case "print":
                nodes[home].prints("a", f"line {written}")
                written += 1
            case "kill":
                node.begin()
                # One that died while a VM left looks once more when the VM is back.
                node.tell("a") if which == home else node.tell()
            case "move":
                _settle(nodes)
                nodes[home].tell()
                home = 1 - home
                nodes[home].tell("a")
            case "outage":
                node.store.suspend()
                with pytest.raises(Unavailable):
                    for _ in range(40):
                        node.prints("a", f"line {written}") if which == home else None
                        written += which == home
                        node.round()
                        if not node.round().consoles.ready:
                            raise Unavailable("nothing to store")
                        stage.clock.sleep(0.1)
                node.store.resume()
            case _:
                node.run(0.5)
    _settle(nodes)
    assert stage.stored() == numbers(*(f"line {n}" for n in range(written)))


def _settle(nodes: list[ConsoleNode]) -> None:
    for node in nodes:
        node.run(2.0)
