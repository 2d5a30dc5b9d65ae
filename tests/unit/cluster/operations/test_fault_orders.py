"""Orders about faults while their reporters go on."""

from datetime import UTC, datetime
from typing import cast

from cluster.operations import fault_orders
from cluster.records import fault_record
from cluster.schema.layout import layout
from cluster.schema.tree import initialise
from cluster.store.store import Delete, Store
from runtime.deadline import Deadline
from tests.fakes.dying_store import DyingStore
from tests.fakes.ensemble import FakeEnsemble
from tests.fakes.store import FakeStore

LAYOUT = layout(16)
AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def soon() -> Deadline:
    return Deadline.after(5.0)


def with_faults(count: int) -> DyingStore:
    store = FakeStore(FakeEnsemble())
    initialise(store, soon())
    for number in range(count):
        changes = fault_record.report(
            LAYOUT, f"F{number:03}", is_new=True, at=AT, health_delta=1, message="m"
        )
        store.apply(changes, soon())
    return DyingStore(store)


def left(store: DyingStore) -> tuple[str, ...] | None:
    return store.children("/faults", soon())


def test_many_faults_take_few_transactions() -> None:
    store = with_faults(120)
    fault_orders.acknowledge_all(cast(Store, store), LAYOUT, at=AT, deadline=soon())
    fault_orders.remove_all(cast(Store, store), LAYOUT, deadline=soon())
    assert (left(store), len(store.transactions)) == ((), 6)


def test_a_fault_acknowledged_while_all_are_removed() -> None:
    store = with_faults(5)

    def meanwhile(number: int) -> None:
        store.before_apply = lambda number: None
        fault_orders.acknowledge(cast(Store, store), LAYOUT, "F003", at=AT, deadline=soon())

    store.before_apply = meanwhile
    fault_orders.remove_all(cast(Store, store), LAYOUT, deadline=soon())
    assert left(store) == ()


def test_a_fault_that_is_gone_while_all_are_acknowledged() -> None:
    store = with_faults(3)

    def meanwhile(number: int) -> None:
        store.before_apply = lambda number: None
        store.apply([Delete("/faults/F001/report"), Delete("/faults/F001")], soon())

    store.before_apply = meanwhile
    fault_orders.acknowledge_all(cast(Store, store), LAYOUT, at=AT, deadline=soon())
    assert left(store) == ("F000", "F002")
    for name in ("F000", "F002"):
        assert store.read(f"/faults/{name}/acknowledgement", soon()) is not None
