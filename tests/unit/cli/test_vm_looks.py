"""How far orders for VMs and nodes are: nothing counts as done before it is seen, nothing as failed
without a reason."""

from typing import Any

import pytest

from cli.flush_look import Before, flush_look
from cli.vm_orders import move_look, state_look
from tests.fakes.vm_bodies import vm

BEGUN = Before(domain_state="ready", serial=4)


def seen(state: str) -> dict[str, Any]:
    return {"state": state, "node": "hv1"}


@pytest.mark.parametrize(
    ("ordered", "shown", "is_done", "words"),
    [
        ("shutdown", vm(state="shutdown"), False, "is shutting down"),
        ("shutdown", vm(state="stop"), True, "is off"),
        ("restart", vm(state="restart"), False, "is restarting"),
        ("restart", vm(state="start", seen=seen("running")), True, "runs on hv1"),
        ("start", vm(state="start", seen=seen("off")), False, "is starting on hv1"),
        ("start", vm(state="start", seen=seen("starting"), reason="a lock"), False, "hv1: a lock"),
        ("start", vm(state="start", seen=seen("running")), True, "runs on hv1"),
        ("start", vm(state="start"), True, "runs on hv1"),  # an API that shows no more
    ],
)
def test_orders_of_a_state(ordered: str, shown: Any, is_done: bool, words: str) -> None:
    look = state_look(shown, "web1", ordered)
    assert (look.is_done, look.failure) == (is_done, "")
    assert words in look.text


@pytest.mark.parametrize(
    ("ordered", "shown", "words"),
    [
        ("start", vm(state="fail", failed_reason="no memory"), "failed: no memory"),
        ("start", vm(state="stop"), "another order came in between"),
        ("start", vm(seen=seen("paused"), reason="I/O error"), "paused on hv1: I/O error"),
        ("shutdown", vm(state="start"), "in state start: another order"),
        ("restart", vm(state="disable"), "in state disable"),
        ("restart", vm(state="fail"), "no reason is given"),
    ],
)
def test_orders_of_a_state_that_fail(ordered: str, shown: Any, words: str) -> None:
    look = state_look(shown, "web1", ordered)
    assert not look.is_done
    assert words in look.failure


def test_a_move_under_way() -> None:
    transfer = {"to": "hv2", "phase": "sending", "percent": 45, "reason": ""}
    look = move_look(vm(state="migrate", transfer=transfer), "web1", "hv1")
    assert (look.is_done, look.failure) == (False, "")
    assert (look.text, look.current, look.total) == ("VM 'web1' to hv2, sending", 45, 100)
    look = move_look(vm(state="unmigrate"), "web1", "hv1")
    assert (look.text, look.current) == ("VM 'web1' is about to leave hv1", None)
    held = {**transfer, "phase": "settling", "reason": "hv2 does not answer"}
    look = move_look(vm(state="start", transfer=held), "web1", "hv1")
    assert not look.is_done
    assert look.text.endswith("settling: hv2 does not answer")


def test_the_end_of_a_move() -> None:
    there = vm(node="hv2", last_node="hv1", seen=seen("running"))
    assert move_look(there, "web1", "hv1").is_done
    off = move_look(vm(node="hv2", state="stop"), "web1", "hv1")
    assert off.is_done
    assert "which is off" in off.text
    assert move_look(vm(), "web1", "hv1", "hv1").is_done  # it is to belong where it is
    starting = move_look(vm(node="hv2", seen=seen("off")), "web1", "hv1")
    assert not starting.is_done  # by the way of a shutdown: off there, not on yet here
    assert not starting.failure
    stays = vm(seen=seen("running"), reason="hv2 refused: no route")
    assert move_look(stays, "web1", "hv1").failure == (
        "VM 'web1' stays on hv1: hv2 refused: no route"
    )
    assert "failed: gone" in move_look(vm(state="fail", failed_reason="gone"), "w", "hv1").failure
    assert "another order" in move_look(vm(state="shutdown", node="hv2"), "w", "hv1").failure


def node(state: str, **changed: Any) -> dict[str, Any]:
    return {"name": "hv1", "domain_state": state, **changed}


def record(**changed: Any) -> dict[str, Any]:
    return {"serial": 5, "total": 3, "done": 1, "moving": ["a"], "stuck": {}, **changed}


def test_a_flush_under_way() -> None:
    silent = node("flush", wanted_domain_state=None)
    assert not flush_look(silent, "hv1", "flush", BEGUN).failure
    assert "still ready" in flush_look(node("ready"), "hv1", "flush", BEGUN).text
    old = record(serial=4, moving=[], stuck={"x": "old"}, done=2)
    looking = flush_look(node("flush", flush=old), "hv1", "flush", BEGUN)
    assert (looking.failure, looking.text) == ("", "Node 'hv1' looks for its VMs")
    look = flush_look(node("flush", flush=record()), "hv1", "flush", BEGUN)
    assert (look.text, look.current, look.total) == ("VMs of node 'hv1': a", 1, 3)
    held = record(stuck={"b": "no node has room"})
    look = flush_look(node("flush", flush=held), "hv1", "flush", BEGUN)
    assert look.failure == ""  # another is still moving
    assert "1 cannot move" in look.text


def test_the_end_of_a_flush() -> None:
    assert flush_look(node("flushed"), "hv1", "flush", BEGUN).is_done
    assert flush_look(node("ready"), "hv1", "ready", BEGUN).is_done
    assert not flush_look(node("unflush"), "hv1", "ready", BEGUN).is_done
    stuck = record(moving=[], done=1, stuck={"c": "paused", "b": "no node has room"})
    failed = flush_look(node("flush", flush=stuck), "hv1", "flush", BEGUN)
    assert failed.failure == (
        "2 VMs of node 'hv1' cannot move:\n  b: no node has room\n  c: paused\n"
        "The node goes on trying; `pvc node ready hv1` takes the order back."
    )
    opposite = node("flush", wanted_domain_state="ready")
    assert "opposite" in flush_look(opposite, "hv1", "flush", BEGUN).failure


def test_a_flush_that_was_under_way_before_is_judged_by_its_record() -> None:
    before = Before.of(node("flush", flush=record()))
    stuck = record(moving=[], done=2, stuck={"b": "no"})
    assert flush_look(node("flush", flush=stuck), "hv1", "flush", before).failure
