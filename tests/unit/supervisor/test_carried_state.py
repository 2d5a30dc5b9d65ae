"""What one image of the root leaves to the next, and what it must not believe."""

import json
import os

from runtime.config.plain import to_plain
from supervisor.carried import VARIABLE, Carried, take


def test_taken_once_by_the_same_process() -> None:
    carried = Carried(pid=os.getpid(), run_id="life", incarnations={"console": 4}, was_ready=True)
    environment = {VARIABLE: json.dumps(to_plain(carried))}
    assert take(environment) == carried
    assert environment == {}


def test_another_process_begins_a_new_life() -> None:
    carried = Carried(pid=os.getpid() + 1, run_id="life")
    taken = take({VARIABLE: json.dumps(to_plain(carried))})
    assert taken.run_id != "life"
    assert taken.pid == os.getpid()
    assert not taken.was_ready


def test_garbage_begins_a_new_life() -> None:
    for text in ("", "{", "[]", '{"pid": "x"}', '"text"'):
        assert take({VARIABLE: text}).pid == os.getpid()
