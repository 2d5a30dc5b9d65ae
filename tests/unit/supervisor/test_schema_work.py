"""What the root does about the schema, on a fake store, round by round."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from cluster.schema.layout import layout
from cluster.schema.tree import read_tree
from cluster.schema.versions import NEWEST
from cluster.store.store import Create, Delete, Write
from runtime.config.node import FencingSection
from runtime.deadline import Deadline
from supervisor.recorded import recall
from supervisor.schema import SchemaWork
from supervisor.schema_plan import SchemaPatience, SchemaView
from tests.fakes.clock import FakeClock
from tests.fakes.ensemble import FakeEnsemble
from tests.fakes.node_config import node_config
from tests.fakes.old_trees import old_tree
from tests.fakes.store import FakeStore

VERSION = "/schema/version"


class Bench:
    """A root's schema work on a tree of its own."""

    def __init__(self, state: Path, tree: dict[str, bytes] | None = None) -> None:
        self.clock = FakeClock()
        self.ensemble = FakeEnsemble()
        self.store = FakeStore(self.ensemble, self.clock)
        self.views: list[SchemaView] = []
        self.state = state
        self.ends = False
        for path in sorted(tree or {}):
            self.put(path, (tree or {})[path])
        self.work = self.of("hv1")

    def of(self, node: str, report: Callable[[SchemaView], None] | None = None) -> SchemaWork:
        return SchemaWork(
            config=node_config(self.state, node),
            store=self.store,
            clock=self.clock,
            patience=SchemaPatience(),
            report=report or self.views.append,
            is_asked_to_end=lambda: self.ends,
        )

    def put(self, path: str, data: bytes) -> None:
        there = self.get(path)
        change = Create(path, data) if there is None else Write(path, data)
        self.store.apply([change], self.deadline())

    def get(self, path: str) -> bytes | None:
        value = self.store.read(path, self.deadline())
        return None if value is None else value.data

    def node_keys(self) -> dict[str, bytes]:
        tree = read_tree(self.store, self.deadline)
        return {path: data for path, data in tree.items() if path.startswith("/nodes/hv1")}

    def deadline(self) -> Deadline:
        return Deadline.after(2.0, self.clock)


def running_cluster() -> dict[str, bytes]:
    """A tree of the earlier implementation whose other nodes run and speak no more than it."""
    tree = old_tree(15)
    for node in ("hv2", "hv3"):
        tree[f"/nodes/{node}/daemonstate"] = b"run"
        tree[f"/nodes/{node}/latestschema"] = b"15"
    return tree


@pytest.fixture
def empty(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_an_empty_ensemble_becomes_a_tree_and_the_node_is_registered(empty: Bench) -> None:
    assert empty.work.round() == SchemaPatience().settled_seconds
    assert empty.get(VERSION) == str(NEWEST).encode()
    keys = layout(NEWEST)
    assert empty.get(keys.path("node", node="hv1")) == b"coordinator"
    assert empty.get(keys.path("node.latest_schema", node="hv1")) == str(NEWEST).encode()
    assert empty.get(keys.path("node.active_schema", node="hv1")) == str(NEWEST).encode()
    assert empty.get(keys.path("node.ipmi.host", node="hv1")) == b"bmc1"
    assert empty.get(keys.path("node.coordinator_state", node="hv1")) == b"secondary"
    assert empty.views == [SchemaView(tree=NEWEST, workers=NEWEST, may_run=True)]
    assert recall(empty.state) == NEWEST


def test_registering_again_changes_nothing_and_leaves_others_keys_alone(empty: Bench) -> None:
    empty.work.round()
    path = layout(NEWEST).path("node.domain_state", node="hv1")
    empty.put(path, b"ready")
    empty.of("hv1").round()
    assert empty.get(path) == b"ready"


def test_a_wrong_value_of_ours_is_put_right(empty: Bench) -> None:
    empty.work.round()
    path = layout(NEWEST).path("node.latest_schema", node="hv1")
    empty.put(path, b"3")
    empty.of("hv1").round()
    assert empty.get(path) == str(NEWEST).encode()


def test_a_node_that_was_deleted_while_it_runs_is_registered_again(empty: Bench) -> None:
    empty.work.round()
    before = empty.node_keys()
    empty.store.apply([Delete(path) for path in sorted(before, reverse=True)], empty.deadline())
    empty.work.round()
    assert empty.node_keys() == before


def test_away_is_no_news(empty: Bench) -> None:
    empty.store.suspend()
    assert empty.work.round() == SchemaPatience().waiting_seconds
    assert empty.views == []


def test_a_newer_tree_is_refused_with_both_numbers_and_left_alone(tmp_path: Path) -> None:
    bench = Bench(tmp_path, {"/schema": b"", VERSION: b"99"})
    before = bench.ensemble.requests
    bench.work.round()
    (view,) = bench.views
    assert not view.may_run
    assert "99" in view.note
    assert str(NEWEST) in view.note
    assert bench.get("/nodes/hv1") is None
    assert bench.ensemble.requests - before <= 2 + 1


def test_a_broken_version_is_refused(tmp_path: Path) -> None:
    bench = Bench(tmp_path, {"/schema": b"", VERSION: b"what"})
    bench.work.round()
    assert not bench.views[0].may_run


def test_an_old_tree_waits_for_every_node_and_is_then_migrated(tmp_path: Path) -> None:
    bench = Bench(tmp_path, running_cluster())
    bench.work.round()
    assert not bench.views[-1].may_run
    assert "node hv2" in bench.views[-1].note
    assert bench.get(VERSION) == b"15"
    for node in ("hv2", "hv3"):
        bench.put(f"/nodes/{node}/latestschema", str(NEWEST).encode())
    bench.work.round()
    assert bench.get(VERSION) == str(NEWEST).encode()
    assert bench.views[-1] == SchemaView(tree=NEWEST, workers=NEWEST, may_run=True)
    assert recall(tmp_path) == NEWEST
    assert list((tmp_path / "schema-backups").iterdir())


def test_silent_nodes_are_not_waited_for(tmp_path: Path) -> None:
    bench = Bench(tmp_path, running_cluster())
    bench.work.round()
    bench.clock.sleep(31.0)
    bench.work.round()
    assert bench.get(VERSION) == str(NEWEST).encode()


def test_another_holds_the_lock_so_this_one_waits(tmp_path: Path) -> None:
    bench = Bench(tmp_path, running_cluster())
    for node in ("hv2", "hv3"):
        bench.put(f"/nodes/{node}/latestschema", str(NEWEST).encode())
    other = FakeStore(bench.ensemble, bench.clock)
    with other.lock(VERSION).hold(bench.deadline()):
        assert bench.work.round() == SchemaPatience().waiting_seconds
        assert bench.get(VERSION) == b"15"
    bench.work.round()
    assert bench.get(VERSION) == str(NEWEST).encode()


def test_a_root_that_ends_leaves_the_migration_to_be_resumed(tmp_path: Path) -> None:
    bench = Bench(tmp_path, running_cluster())
    for node in ("hv2", "hv3"):
        bench.put(f"/nodes/{node}/latestschema", str(NEWEST).encode())
    bench.ends = True
    bench.work.round()
    assert bench.get(VERSION) == b"15"
    bench.ends = False
    bench.work.round()
    assert bench.get(VERSION) == str(NEWEST).encode()


def test_a_store_that_goes_away_in_the_middle_is_tried_again(empty: Bench) -> None:
    empty.ensemble.listen(lambda path: empty.store.suspend() if path == VERSION else None)
    assert empty.work.round() == SchemaPatience().waiting_seconds
    assert empty.views == []
    empty.store.resume()
    empty.work.round()
    assert empty.views[-1].tree == NEWEST
    assert empty.get(layout(NEWEST).path("node", node="hv1")) == b"coordinator"


def test_hypervisors_are_clients(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.of("hv9").round()
    keys = layout(NEWEST)
    assert bench.get(keys.path("node", node="hv9")) == b"hypervisor"
    assert bench.get(keys.path("node.coordinator_state", node="hv9")) == b"client"


def test_without_a_bmc_the_keys_are_empty(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    plain = replace(node_config(tmp_path), fencing=FencingSection())
    SchemaWork(
        config=plain,
        store=bench.store,
        clock=bench.clock,
        patience=SchemaPatience(),
        report=bench.views.append,
        is_asked_to_end=lambda: False,
    ).round()
    assert bench.get(layout(NEWEST).path("node.ipmi.host", node="hv1")) == b""
