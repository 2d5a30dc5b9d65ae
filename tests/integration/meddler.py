"""Somebody who changes the tree behind the daemons' back."""

from collections.abc import Iterator
from contextlib import contextmanager

from cluster.schema.tree import read_tree
from cluster.store.store import Create, Delete, Write
from cluster.store.zookeeper import ZookeeperStore
from runtime.clock import SYSTEM_CLOCK
from runtime.config.node import StoreSection
from runtime.deadline import Deadline
from testbed.cluster import Cluster
from testbed.node import ZOOKEEPER_PORT

VERSION = "/schema/version"


class Meddler:
    """Writes what it likes, key by key."""

    def __init__(self, store: ZookeeperStore) -> None:
        self._store = store

    def get(self, path: str) -> bytes | None:
        """Return what a key holds, None when it does not exist."""
        value = self._store.read(path, _soon())
        return None if value is None else value.data

    def put(self, path: str, data: bytes) -> None:
        """Write a key, whether it exists or not."""
        change = Create(path, data) if self.get(path) is None else Write(path, data)
        self._store.apply([change], _soon())

    def delete(self, path: str) -> None:
        """Delete a key and everything below it."""
        for name in self._store.children(path, _soon()) or ():
            self.delete(f"{path}/{name}")
        if self.get(path) is not None:
            self._store.apply([Delete(path)], _soon())

    def below(self, path: str) -> dict[str, bytes]:
        """Return a key and everything below it that is no ephemeral."""
        tree = read_tree(self._store, _soon)
        return {key: data for key, data in tree.items() if f"{key}/".startswith(f"{path}/")}

    def names(self, path: str) -> set[str]:
        """Return the names below a key."""
        return set(self._store.children(path, _soon()) or ())


@contextmanager
def meddling(cluster: Cluster, credential: tuple[str, str] = ("", "")) -> Iterator[Meddler]:
    """Open a session for somebody who changes the tree, by default a stranger."""
    hosts = tuple(f"{n.addresses['upl']}:{ZOOKEEPER_PORT}" for n in cluster.coordinators)
    username, password = credential
    section = StoreSection(hosts=hosts, username=username, password=password)
    store = ZookeeperStore(section, SYSTEM_CLOCK)
    store.start(Deadline.after(10))
    try:
        yield Meddler(store)
    finally:
        store.close()


def _soon() -> Deadline:
    return Deadline.after(10)
