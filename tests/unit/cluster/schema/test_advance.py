"""The tree waits for every node that is not down."""

from dataclasses import replace

import pytest

from cluster.model.node import DaemonState
from cluster.schema.advance import Advance, NodeSchemaSeen, Wait, may_advance
from runtime.clock import Instant

NOW = Instant(1000.0)
NEW = NodeSchemaSeen(
    daemon_state=DaemonState.RUN, latest_schema=16, is_present=True, last_moved=NOW
)
OLD = replace(NEW, latest_schema=15)
SILENT = Instant(NOW - 30.0)


def test_all_speak_it() -> None:
    assert may_advance({"hv1": NEW, "hv2": NEW}, NOW, 16) == Advance()
    assert may_advance({"hv1": replace(NEW, latest_schema=17)}, NOW, 16) == Advance()
    assert may_advance({}, NOW, 16) == Advance()


def test_each_that_does_not_is_named() -> None:
    found = may_advance({"hv3": OLD, "hv1": NEW, "hv2": replace(OLD, latest_schema=None)}, NOW, 16)
    assert isinstance(found, Wait)
    assert len(found.reasons) == 2
    assert "hv2" in found.reasons[0] and "hv3" in found.reasons[1] and "15" in found.reasons[1]


@pytest.mark.parametrize("state", [DaemonState.STOP, DaemonState.DEAD, DaemonState.FENCED])
def test_a_node_that_is_down_is_not_waited_for(state: DaemonState) -> None:
    down = replace(OLD, daemon_state=state, is_present=False)
    assert may_advance({"hv1": down}, NOW, 16) == Advance()


def test_a_node_that_says_it_is_down_but_is_present_is_waited_for() -> None:
    odd = replace(OLD, daemon_state=DaemonState.STOP)
    assert isinstance(may_advance({"hv1": odd}, NOW, 16), Wait)


def test_silence_counts_only_when_long_and_without_presence() -> None:
    silent = replace(OLD, is_present=False, last_moved=SILENT)
    assert may_advance({"hv1": silent}, NOW, 16) == Advance()
    almost = replace(silent, last_moved=Instant(SILENT + 0.1))
    assert isinstance(may_advance({"hv1": almost}, NOW, 16), Wait)
    present = replace(silent, is_present=True)
    assert isinstance(may_advance({"hv1": present}, NOW, 16), Wait)
