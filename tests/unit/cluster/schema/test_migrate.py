"""Trees of every version are brought to ours, whatever happens in the middle."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from cluster.schema import backup
from cluster.schema.apply import migrate
from cluster.schema.layout import layout
from cluster.schema.migration import MAX_CHANGES, MigrationReport, unknown_keys, weight
from cluster.schema.tree import TreeBroken, TreeTooNew, initialise, read_tree_version
from cluster.schema.versions import NEWEST
from cluster.store.store import Change, Create, Store, Write
from runtime.clock import Instant
from runtime.deadline import Deadline
from runtime.errors import Conflict, Invalid, NotFound, StoreUnavailable
from tests.fakes.dying_store import DyingStore, Killed
from tests.fakes.old_trees import VM_FAILED, VM_MIGRATED, VM_RUNNING, old_tree

LEGACY = range(16)


class StillClock:
    def now(self) -> Instant:
        return Instant(0.0)

    def wall(self) -> datetime:
        return datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

    def sleep(self, seconds: float) -> None:
        raise AssertionError("nothing here sleeps")


CLOCK = StillClock()


def deadline() -> Deadline:
    return Deadline.after(60, CLOCK)


def run(store: DyingStore, directory: Path, check_held: Any = lambda: None) -> MigrationReport:
    return migrate(
        cast(Store, store),
        backup_directory=directory,
        node="hv1",
        deadline_for_call=deadline,
        on_progress=lambda progress: None,
        check_held=check_held,
        clock=CLOCK,
    )


def plain(tree: dict[str, bytes], path: str) -> Any:
    return json.loads(tree[path])


@pytest.mark.parametrize("version", LEGACY)
def test_each_version_becomes_a_tree_of_known_keys_only(version: int, tmp_path: Path) -> None:
    store = DyingStore.holding(old_tree(version))
    report = run(store, tmp_path)
    assert (report.from_version, report.to_version) == (version, NEWEST)
    assert (report.unknown, report.unconverted) == ((), ())
    assert store.tree()["/schema/version"] == b"16"
    assert store.tree()["/schema/progress"] == b""
    assert unknown_keys(store.tree(), NEWEST) == ()


@pytest.mark.parametrize("version", LEGACY)
def test_transactions_are_bounded(version: int, tmp_path: Path) -> None:
    store = DyingStore.holding(old_tree(version))
    run(store, tmp_path)
    assert max(len(changes) for changes in store.transactions) <= MAX_CHANGES + 1
    assert max(weight(changes) for changes in store.transactions) <= 600 * 1024


@pytest.mark.parametrize("version", LEGACY)
def test_killed_at_every_transaction_and_resumed_by_another(version: int, tmp_path: Path) -> None:
    whole = DyingStore.holding(old_tree(version))
    run(whole, tmp_path)
    for fatal in range(1, len(whole.transactions) + 1):
        store = DyingStore.holding(old_tree(version))
        store.die_at(fatal)
        with pytest.raises(Killed):
            run(store, tmp_path / "first")
        store.live()
        run(store, tmp_path / "second")
        assert store.tree() == whole.tree(), f"killed before transaction {fatal}"


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    store = DyingStore.holding(old_tree(15))
    run(store, tmp_path)
    before = len(store.transactions)
    report = run(store, tmp_path)
    assert (report.backup, len(store.transactions)) == ("", before)


def test_the_order_and_what_is_seen_of_a_vm_are_taken_apart(tmp_path: Path) -> None:
    store = DyingStore.holding(old_tree(15))
    run(store, tmp_path)
    tree = store.tree()
    assert plain(tree, f"/domains/{VM_MIGRATED}/wanted") == {
        "state": "start",
        "node": "hv2",
        "home": "hv1",
        "serial": 0,
        "move": "migrate",
        "is_live_only": False,
        "is_forced": False,
        "fence": "",
    }
    assert plain(tree, f"/domains/{VM_MIGRATED}/seen")["node"] == "hv1"
    failed = plain(tree, f"/domains/{VM_FAILED}/seen")
    assert (failed["state"], failed["reason"]) == ("failed", "volume is locked by hv3")
    assert plain(tree, f"/domains/{VM_RUNNING}/seen")["state"] == "running"
    assert plain(tree, f"/domains/{VM_RUNNING}/meta") == {
        "autostart": True,
        "migration_method": "live",
        "migration_max_downtime": 500,
        "node_selector": "none",
        "node_limit": ["hv1", "hv2"],
    }
    assert plain(tree, f"/domains/{VM_RUNNING}/tags") == {
        "backup": {"type": "system", "protected": True},
        "web": {"type": "system", "protected": True},
    }
    assert plain(tree, f"/domains/{VM_RUNNING}/snapshots/20240102030405") == {
        "timestamp": 1704164645,
        "rbd_snapshots": ["vms/root@20240102030405", "vms/data@20240102030405"],
    }
    assert tree[f"/domains/{VM_RUNNING}/console/000000000000"] == b"login:\nPassword:"
    assert tree["/vm_names/www"] == VM_RUNNING.encode()


def test_a_vm_said_to_run_nowhere_may_run_all_the_same(tmp_path: Path) -> None:
    old = old_tree(15)
    old["/nodes/hv1/runningdomains"] = b""
    store = DyingStore.holding(old)
    run(store, tmp_path)
    assert plain(store.tree(), f"/domains/{VM_RUNNING}/seen")["state"] == "unknown"


def test_nodes_keep_their_word_and_peers_their_verdict(tmp_path: Path) -> None:
    store = DyingStore.holding(old_tree(15))
    run(store, tmp_path)
    tree = store.tree()
    assert tree["/nodes/hv3/daemonstate"] == b"run"
    assert plain(tree, "/nodes/hv3/judgement") == {"state": "dead", "beat": "", "record": ""}
    assert "/nodes/hv1/judgement" not in tree
    assert (tree["/nodes/hv1/wanted_domainstate"], tree["/nodes/hv2/wanted_domainstate"]) == (
        b"ready",
        b"flushed",
    )
    facts = plain(tree, "/nodes/hv1/facts")
    assert (facts["cpu_count"], facts["arch"], facts["memory"]["total_mb"]) == (8, "x86_64", 64000)
    assert tree["/logs/hv1/000000000000"] == b"pvcnoded    >>> one\npvcnoded    >>> two"


def test_faults_and_maintenance(tmp_path: Path) -> None:
    old = old_tree(15)
    old["/faults/CEPH_HEALTH/status"] = b"ack"
    old["/faults/CEPH_HEALTH/ack_time"] = b"2024-01-04 00:00:00"
    store = DyingStore.holding(old)
    run(store, tmp_path)
    tree = store.tree()
    assert plain(tree, "/config/wanted_maintenance")["is_on"] is True
    assert plain(tree, "/faults/CEPH_HEALTH") == {"first_reported": "2024-01-02 03:04:05"}
    assert plain(tree, "/faults/CEPH_HEALTH/report")["health_delta"] == 25
    assert plain(tree, "/faults/CEPH_HEALTH/acknowledgement") == {
        "acknowledged_at": "2024-01-04 00:00:00"
    }
    assert "/faults/NODE_DEAD_hv3/acknowledgement" not in tree


def test_facts_that_keepalive_has_written_by_now_stay(tmp_path: Path) -> None:
    old = old_tree(15)
    old["/nodes/hv1/facts"] = b'{"cpu_count":99}'
    old["/nodes/hv1/beat"] = b"r 5"
    store = DyingStore.holding(old)
    report = run(store, tmp_path)
    assert report.unknown == ()
    assert store.tree()["/nodes/hv1/facts"] == b'{"cpu_count":99}'
    assert "/nodes/hv1/memtotal" not in store.tree()


def test_keepalive_writing_in_the_middle_is_no_hindrance(tmp_path: Path) -> None:
    store = DyingStore.holding(old_tree(15))
    done: list[int] = []

    def meanwhile(number: int) -> None:
        if number == 2 and not done:
            done.append(number)
            store.apply([Create("/nodes/hv1/facts", b"{}")], deadline())

    store.before_apply = meanwhile
    run(store, tmp_path)
    assert done
    assert store.tree()["/nodes/hv1/facts"] == b"{}"


def test_a_tree_that_never_rests_is_given_up(tmp_path: Path) -> None:
    store = DyingStore.holding(old_tree(15))

    def refuse(number: int) -> None:
        raise Conflict("as if somebody always were faster")

    store.before_apply = refuse
    with pytest.raises(Conflict):
        run(store, tmp_path)


def test_objects_that_the_earlier_update_left_incomplete_are_completed(tmp_path: Path) -> None:
    old = old_tree(15)
    for path in ("/ceph/osds/0/is_split", "/ceph/pools/vms/tier", "/networks/100/mtu"):
        del old[path]
    store = DyingStore.holding(old)
    run(store, tmp_path)
    assert store.tree()["/ceph/osds/0/is_split"] == b"False"
    assert store.tree()["/ceph/pools/vms/tier"] == b"default"


def test_a_vm_with_almost_nothing_is_converted(tmp_path: Path) -> None:
    old = old_tree(15)
    old["/domains/bare"] = b"bare"
    store = DyingStore.holding(old)
    report = run(store, tmp_path)
    assert plain(store.tree(), "/domains/bare/wanted")["state"] == "unknown"
    assert any("/domains/bare/state" in note for note in report.unconverted)


def test_values_that_mean_nothing_are_reported_and_kept_in_the_backup(tmp_path: Path) -> None:
    old = old_tree(15)
    old[f"/domains/{VM_RUNNING}/state"] = b"\xff\xfe dancing"
    old[f"/domains/{VM_MIGRATED}"] = b"www"
    old["/faults/CEPH_HEALTH/delta"] = b"much"
    old["/nodes/hv1/staticdata"] = b""
    store = DyingStore.holding(old)
    report = run(store, tmp_path)
    notes = "\n".join(report.unconverted)
    for path in (f"/domains/{VM_RUNNING}/state", f"/domains/{VM_MIGRATED}", "/faults/CEPH_HEALTH"):
        assert path in notes
    _, saved = backup.load(Path(report.backup))
    assert saved == old


def test_unknown_keys_are_reported_and_stay(tmp_path: Path) -> None:
    old = old_tree(9)
    strange = {
        "/sriov": b"",
        "/sriov/x": b"left by an update",
        "/nodes/hv1/mine": b"1",
        "/nodes/hv1/mine/below": b"2",
        "/cmd/domains/odd": b"3",
        f"/domains/{VM_RUNNING}/tags/web/odd": b"4",
        f"/domains/{VM_RUNNING}/state/odd": b"5",
        "/patroni": b"",
        "/patroni/x": b"of others",
    }
    store = DyingStore.holding(old | strange)
    report = run(store, tmp_path)
    assert set(report.unknown) == {
        "/sriov",
        "/nodes/hv1/mine",
        "/cmd/domains/odd",
        f"/domains/{VM_RUNNING}/tags/web/odd",
        f"/domains/{VM_RUNNING}/state/odd",
    }
    assert strange.items() <= store.tree().items()
    assert any("/cmd/domains stays" in note for note in report.unconverted)
    assert any(f"/domains/{VM_RUNNING}/state stays" in note for note in report.unconverted)


@pytest.mark.parametrize("version", [b"17", b"100"])
def test_a_newer_tree_is_refused_with_both_numbers(version: bytes, tmp_path: Path) -> None:
    store = DyingStore.holding({"/schema": b"", "/schema/version": version, "/future": b"x"})
    before = store.tree()
    with pytest.raises(TreeTooNew) as refusal:
        run(store, tmp_path)
    assert version.decode() in refusal.value.message and str(NEWEST) in refusal.value.message
    assert store.tree() == before
    with pytest.raises(TreeTooNew):
        read_tree_version(cast(Store, store), deadline())


@pytest.mark.parametrize(
    "version", [b"", b"None", b"-1", b"1.5", b"\xff", b"9" * 5000, "³".encode()]
)
def test_a_version_that_is_no_number_is_a_clear_error(version: bytes, tmp_path: Path) -> None:
    store = DyingStore.holding({"/schema": b"", "/schema/version": version})
    with pytest.raises(TreeBroken):
        run(store, tmp_path)


def test_the_lock_is_looked_at_before_every_transaction(tmp_path: Path) -> None:
    store = DyingStore.holding(old_tree(0))
    left = 3

    def check_held() -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise StoreUnavailable("the lock is no longer certain")

    with pytest.raises(StoreUnavailable):
        run(store, tmp_path, check_held)
    assert len(store.transactions) == 3


def test_a_migrator_that_wakes_up_late_changes_nothing(tmp_path: Path) -> None:
    store = DyingStore.holding(old_tree(15))

    def meanwhile(number: int) -> None:
        if number == 2:
            store.before_apply = lambda number: None
            run(store, tmp_path / "other")

    store.before_apply = meanwhile
    with pytest.raises(Conflict, match="another process"):
        run(store, tmp_path)
    fresh = DyingStore.holding(old_tree(15))
    run(fresh, tmp_path / "fresh")
    assert store.tree() == fresh.tree()


def test_an_empty_ensemble_gets_the_newest_version_once() -> None:
    store = DyingStore.holding({})
    assert read_tree_version(cast(Store, store), deadline()) is None
    assert initialise(cast(Store, store), deadline()) == NEWEST
    assert initialise(cast(Store, store), deadline()) == NEWEST
    assert len(store.transactions) == 1
    roots = {key.path for key in layout(NEWEST).rows() if "{" not in key.path}
    assert store.tree().keys() == roots


def test_two_first_nodes_make_one_tree() -> None:
    store = DyingStore.holding({})

    def other_is_faster(number: int) -> None:
        store.before_apply = lambda number: None
        initialise(cast(Store, store), deadline())

    store.before_apply = other_is_faster
    assert initialise(cast(Store, store), deadline()) == NEWEST
    assert len(store.transactions) == 1


def test_a_tree_from_before_versions_were_counted_gets_number_zero(tmp_path: Path) -> None:
    old = old_tree(0)
    del old["/schema/version"], old["/schema"]
    store = DyingStore.holding(old)
    with pytest.raises(NotFound):
        run(store, tmp_path)
    assert initialise(cast(Store, store), deadline()) == 0
    run(store, tmp_path)
    whole = DyingStore.holding(old_tree(0))
    run(whole, tmp_path)
    assert store.tree() == whole.tree()


def test_a_tree_that_lost_its_version_is_refused_and_left_alone() -> None:
    fresh = DyingStore.holding({})
    initialise(cast(Store, fresh), deadline())
    lost = fresh.tree()
    del lost["/schema/version"]
    store = DyingStore.holding(lost)
    with pytest.raises(TreeBroken, match="write the number back"):
        initialise(cast(Store, store), deadline())
    assert store.transactions == []
    assert store.tree() == lost


def test_a_fresh_tree_and_a_migrated_one_have_the_same_roots(tmp_path: Path) -> None:
    fresh, old = DyingStore.holding({}), DyingStore.holding(old_tree(0))
    initialise(cast(Store, fresh), deadline())
    run(old, tmp_path)
    assert fresh.tree().keys() <= old.tree().keys()


def test_a_backup_is_restored(tmp_path: Path) -> None:
    old = old_tree(15) | {"/binary": b"\xff\x00", "/patroni": b"1"}
    store = DyingStore.holding(old)
    report = run(store, tmp_path)
    version, saved = backup.load(Path(report.backup))
    assert version == 15
    store.apply([Write("/patroni", b"2")], deadline())
    backup.restore(cast(Store, store), saved, deadline)
    assert store.tree() == old | {"/patroni": b"2"}


def test_a_backup_is_for_nobody_else_and_never_overwritten(tmp_path: Path) -> None:
    directory = tmp_path / "state"
    names = [backup.save({"/a": b"x"}, 3, directory, CLOCK) for _ in range(3)]
    assert len(set(names)) == 3
    assert names[0].name == "schema-3-20260102T030405Z.jsonl"
    assert {name.stat().st_mode & 0o777 for name in names} == {0o600}
    assert directory.stat().st_mode & 0o777 == 0o700
    assert not list(directory.glob("*.part"))


def test_only_so_many_backups_are_kept_and_always_the_first(tmp_path: Path) -> None:
    first = backup.save({"/a": b"0"}, 3, tmp_path, CLOCK)
    for number in range(1, 30):
        last = backup.save({"/a": str(number).encode()}, 3, tmp_path, CLOCK)
    files = list(tmp_path.glob("*.jsonl"))
    assert len(files) == 10
    assert {first, last} <= set(files)


@pytest.mark.parametrize("spoil", [lambda s: s[:-20], lambda s: "", lambda s: "x" + s])
def test_a_backup_that_is_not_whole_is_refused(spoil: Any, tmp_path: Path) -> None:
    path = backup.save(old_tree(15), 15, tmp_path, CLOCK)
    path.write_text(spoil(path.read_text()))
    with pytest.raises(Invalid):
        backup.load(path)


def test_a_long_console_log_becomes_many_small_keys(tmp_path: Path) -> None:
    old = old_tree(15)
    lines = [f"line {number} " + "x" * 200 for number in range(4000)]
    old[f"/domains/{VM_RUNNING}/consolelog"] = "\n".join(lines).encode()
    store = DyingStore.holding(old)
    run(store, tmp_path)
    top = f"/domains/{VM_RUNNING}/console/"
    chunks = {path: data for path, data in store.tree().items() if path.startswith(top)}
    assert "\n".join(chunks[path].decode() for path in sorted(chunks)).split("\n") == lines
    assert max(map(len, chunks.values())) <= 16 * 1024


def test_every_written_path_is_of_our_layout(tmp_path: Path) -> None:
    store = DyingStore.holding(old_tree(0))
    run(store, tmp_path)
    last: list[Change] = [c for changes in store.transactions for c in changes]
    made = {c.path for c in last if isinstance(c, Create | Write)} & store.tree().keys()
    assert unknown_keys(made, NEWEST) == ()
