"""What people say about a VM; orders about nodes and tasks."""

from datetime import UTC, datetime

import pytest

from cluster.model.node import WantedDomainState
from cluster.model.task import TaskOrder, TaskProgress, TaskState
from cluster.model.vm import MigrationMethod, Selector, Tag, VmMeta
from cluster.operations.node_orders import order_domain_state
from cluster.operations.task_orders import cancel_task, order_task
from cluster.operations.vm_labels import MetaEdit, add_tag, remove_tag, set_meta
from cluster.records import task_record
from cluster.records.view import snapshot
from cluster.records.vm_label_record import read_meta, read_tags, tags_data
from cluster.store.store import Delete, Store
from runtime.errors import Conflict, Invalid, NotFound
from tests.fakes.vm_tree import LAYOUT, UUID, new_tree, soon, with_vm
from tests.fakes.watched_store import WatchedStore


def data(store: Store, key: str) -> bytes:
    value = store.read(LAYOUT.path(key, vm=UUID), soon())
    assert value is not None
    return value.data


def test_meta_data_is_changed_as_far_as_it_is_named() -> None:
    store = with_vm()

    def meta(edit: MetaEdit) -> VmMeta:
        after = set_meta(store, LAYOUT, UUID, edit, deadline=soon())
        assert read_meta(data(store, "vm.meta")) == after
        return after

    meta(MetaEdit(autostart=True, migration_method=MigrationMethod.SHUTDOWN, profile="small"))
    meta(MetaEdit(node_limit=("hv1", "hv2"), migration_max_downtime_ms=5))
    assert meta(MetaEdit(node_selector=Selector.LOAD)) == VmMeta(
        autostart=True,
        migration_method=MigrationMethod.SHUTDOWN,
        migration_max_downtime_ms=5,
        node_selector=Selector.LOAD,
        node_limit=("hv1", "hv2"),
    )
    assert data(store, "vm.profile") == b"small"
    assert meta(MetaEdit(autostart=False, node_limit=())).node_limit == ()


def test_meta_data_that_is_refused() -> None:
    store = with_vm()
    for edit, error in (
        (MetaEdit(node_limit=("hv9",)), NotFound),
        (MetaEdit(node_limit=("a/b",)), NotFound),
        (MetaEdit(migration_max_downtime_ms=0), Invalid),
    ):
        with pytest.raises(error):
            set_meta(store, LAYOUT, UUID, edit, deadline=soon())
    assert data(store, "vm.meta") == b"{}"


def test_tags_come_and_go_but_for_protected_ones() -> None:
    store = with_vm()
    for tag in (Tag(name="b", is_protected=True), Tag(name="a")):
        add_tag(store, LAYOUT, UUID, tag, deadline=soon())
    remove_tag(store, LAYOUT, UUID, "a", deadline=soon())
    with pytest.raises(Conflict, match="the tag b of the VM www is protected"):
        remove_tag(store, LAYOUT, UUID, "b", deadline=soon())
    with pytest.raises(NotFound, match="www has no tag c"):
        remove_tag(store, LAYOUT, UUID, "c", deadline=soon())
    add_tag(store, LAYOUT, UUID, Tag(name="b"), deadline=soon())
    remove_tag(store, LAYOUT, UUID, "b", deadline=soon())
    assert read_tags(data(store, "vm.tags")) == ()


def test_two_tags_at_once_are_both_there() -> None:
    store = with_vm()

    def another() -> None:
        add_tag(store, LAYOUT, UUID, Tag(name="a"), deadline=soon())

    add_tag(WatchedStore(store, another), LAYOUT, UUID, Tag(name="b"), deadline=soon())
    assert [tag.name for tag in read_tags(data(store, "vm.tags"))] == ["a", "b"]
    assert data(store, "vm.tags") == tags_data([Tag(name="b"), Tag(name="a")])


def test_a_node_is_flushed_and_ready_again() -> None:
    store = new_tree()
    path = LAYOUT.path("node.wanted_domain_state", node="hv1")
    for wanted in (WantedDomainState.FLUSHED, WantedDomainState.FLUSHED, WantedDomainState.READY):
        order_domain_state(store, LAYOUT, "hv1", wanted, deadline=soon())
    value = store.read(path, soon())
    assert value is not None
    assert (value.data, value.version) == (b"ready", 2)
    store.apply([Delete(path)], soon())
    order_domain_state(store, LAYOUT, "hv1", WantedDomainState.READY, deadline=soon())
    for name in ("hv9", "a/b"):
        with pytest.raises(NotFound, match="there is no node"):
            order_domain_state(store, LAYOUT, name, WantedDomainState.READY, deadline=soon())


def test_a_task_is_ordered_once_and_asked_to_end() -> None:
    store, ids = new_tree(), iter(["a1", "a1", "b2"])
    ordered = TaskOrder(name="vm.flush_locks", run_on="hv1", arguments={"vm": UUID})
    at = datetime(2026, 1, 2, tzinfo=UTC)

    def order() -> str:
        return order_task(store, LAYOUT, ordered, new_id=lambda: next(ids), deadline=soon())

    def cancel(task: str) -> None:
        cancel_task(store, LAYOUT, task, by="me", at=at, deadline=soon())

    assert [order(), order()] == ["a1", "b2"]
    cancel("a1")
    cancel("a1")
    found = task_record.read(snapshot(store, ["/tasks"], soon()), LAYOUT, "a1")
    assert found is not None
    assert (found.order, found.is_cancelled) == (ordered, True)
    over = TaskProgress(state=TaskState.SUCCESS)
    store.apply(task_record.progress(LAYOUT, "b2", over, is_first=True), soon())
    with pytest.raises(Conflict, match="b2 is over already"):
        cancel("b2")
    for task in ("none", "a/b"):
        with pytest.raises(NotFound, match="there is no task"):
            cancel(task)
