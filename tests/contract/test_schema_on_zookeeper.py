"""Trees of earlier versions are migrated on a real Zookeeper: killed, resumed, under the lock."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster.schema import backup
from cluster.schema.apply import migrate
from cluster.schema.migration import MigrationReport, unknown_keys
from cluster.schema.tree import VERSION_PATH, initialise, read_tree_version
from cluster.schema.versions import NEWEST
from cluster.store.store import Delete, Lock, Store
from cluster.store.zookeeper import ZookeeperStore
from runtime.config.node import StoreSection
from runtime.deadline import Deadline
from runtime.errors import Conflict
from tests.fakes.dying_store import DyingStore, Killed, fill, whole_tree
from tests.fakes.old_trees import old_tree
from tests.zookeeper import Ensemble, need_zookeeper, zookeeper

pytestmark = pytest.mark.zookeeper


@pytest.fixture(scope="module")
def member() -> Iterator[Ensemble]:
    """A Zookeeper whose whole tree is ours."""
    need_zookeeper()
    with zookeeper() as ensemble:
        yield ensemble


@pytest.fixture
def stores(member: Ensemble) -> Iterator[list[ZookeeperStore]]:
    """Two sessions with an empty tree."""
    section = StoreSection(hosts=(member.members[0].host,))
    both = [ZookeeperStore(section), ZookeeperStore(section)]
    for store in both:
        store.start(Deadline.after(10.0))
    _clear(both[0])
    yield both
    for store in both:
        store.close()


def deadline() -> Deadline:
    return Deadline.after(5.0)


def _clear(store: Store) -> None:
    paths = sorted(whole_tree(store), reverse=True)
    for start in range(0, len(paths), 200):
        store.apply([Delete(path) for path in paths[start : start + 200]], deadline())


def run(store: Store, dying: DyingStore, directory: Path) -> MigrationReport:
    lock: Lock = store.lock(VERSION_PATH)

    def check_held() -> None:
        if not lock.is_held():
            raise Conflict("the lock is lost")

    with lock.hold(deadline()):
        return migrate(
            dying,  # type: ignore[arg-type]
            backup_directory=directory,
            node="hv1",
            deadline_for_call=deadline,
            on_progress=lambda progress: None,
            check_held=check_held,
        )


@pytest.mark.parametrize("version", [0, 9, 15])
def test_killed_at_every_transaction_and_resumed_by_another_session(
    version: int, stores: list[ZookeeperStore], tmp_path: Path
) -> None:
    first, second = stores
    on_fake = DyingStore.holding(old_tree(version))
    whole = run(on_fake._store, on_fake, tmp_path)
    for fatal in range(1, whole.transactions + 1):
        _clear(first)
        fill(first, old_tree(version))
        dying = DyingStore(first)
        dying.die_at(fatal)
        with pytest.raises(Killed):
            run(first, dying, tmp_path / "first")
        run(second, DyingStore(second), tmp_path / "second")
        assert whole_tree(second) == on_fake.tree()


def test_a_big_tree_is_migrated_saved_and_restored(
    stores: list[ZookeeperStore], tmp_path: Path
) -> None:
    store = stores[0]
    tree = _with_many_vms(old_tree(15), 500)
    fill(store, tree)
    report = run(store, DyingStore(store), tmp_path)
    assert (report.unknown, unknown_keys(whole_tree(store), NEWEST)) == ((), ())
    _, saved = backup.load(Path(report.backup))
    assert saved == tree
    backup.restore(store, saved, deadline)
    assert whole_tree(store) == tree


def test_an_empty_ensemble_is_initialised_once(stores: list[ZookeeperStore]) -> None:
    first, second = stores
    assert read_tree_version(first, deadline()) is None
    assert (initialise(first, deadline()), initialise(second, deadline())) == (NEWEST, NEWEST)
    assert unknown_keys(whole_tree(first), NEWEST) == ()


def _with_many_vms(tree: dict[str, bytes], count: int) -> dict[str, bytes]:
    one = next(path for path in tree if path.count("/") == 2 and path.startswith("/domains/"))
    pattern = {path: data for path, data in tree.items() if path.startswith(f"{one}/")}
    for number in range(count):
        vm = f"/domains/00000000-0000-4000-8000-{number:012}"
        tree[vm] = f"vm{number}".encode()
        tree |= {vm + path[len(one) :]: data for path, data in pattern.items()}
        tree[f"{vm}/consolelog"] = b"line\n" * 1000
    return tree
