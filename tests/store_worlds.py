"""The two worlds the store's contract suite runs in: the fake ensemble, a real Zookeeper."""

import itertools
import os
from typing import Protocol

from cluster.store.store import Create, SessionState, Store
from cluster.store.zookeeper import ZookeeperStore
from runtime.config.node import StoreSection
from runtime.deadline import Deadline
from tests.fakes.ensemble import FakeEnsemble
from tests.fakes.store import FakeStore
from tests.relay import Relay
from tests.zookeeper import Ensemble, wait_until

_numbers = itertools.count(1)

SESSION_SECONDS = 1.0


class World(Protocol):
    """What a test may do to stores."""

    root: str
    """A key of this test alone."""

    def store(self) -> Store:
        """Return a new connected store with a session of its own."""

    def suspend(self, store: Store) -> None:
        """Cut a store's connection."""

    def resume(self, store: Store) -> None:
        """Let a store connect again, and wait until it has."""

    def expire(self, store: Store) -> None:
        """Cut a store's connection until its session has ended."""


def soon() -> Deadline:
    """Return the deadline of an ordinary call."""
    return Deadline.after(3.0)


class FakeWorld:
    """The fake ensemble."""

    def __init__(self) -> None:
        self.root = "/test"
        self._ensemble = FakeEnsemble()
        self._ensemble.change([Create(self.root, b"")], 0)

    def store(self) -> Store:
        return FakeStore(self._ensemble)

    def suspend(self, store: Store) -> None:
        assert isinstance(store, FakeStore)
        store.suspend()

    def resume(self, store: Store) -> None:
        assert isinstance(store, FakeStore)
        store.resume()

    def expire(self, store: Store) -> None:
        assert isinstance(store, FakeStore)
        store.expire()

    def close(self) -> None:
        """Nothing is left."""


class ZookeeperWorld:
    """A real server, each store behind a relay of its own."""

    def __init__(self, ensemble: Ensemble) -> None:
        self._port = ensemble.members[0].port
        self._relays: dict[int, Relay] = {}
        self._stores: list[ZookeeperStore] = []
        self.root = f"/test-{os.getpid()}-{next(_numbers)}"
        self._observer = self.store()
        self._observer.apply([Create(self.root, b"")], soon())

    def store(self) -> Store:
        relay = Relay(self._port)
        store = ZookeeperStore(
            StoreSection(hosts=(relay.host,), session_timeout_seconds=SESSION_SECONDS)
        )
        store.start(Deadline.after(10.0))
        self._relays[id(store)] = relay
        self._stores.append(store)
        return store

    def suspend(self, store: Store) -> None:
        self._relays[id(store)].cut()
        wait_until(lambda: store.session().state is not SessionState.CONNECTED)

    def resume(self, store: Store) -> None:
        self._relays[id(store)].heal()
        wait_until(lambda: store.session().state is SessionState.CONNECTED)

    def expire(self, store: Store) -> None:
        mark = f"{self.root}-session"
        store.apply([Create(mark, b"", ephemeral=True)], soon())
        self.suspend(store)
        wait_until(lambda: self._observer.read(mark, soon()) is None)

    def close(self) -> None:
        """Close all stores."""
        for store in self._stores:
            store.close()
        for relay in self._relays.values():
            relay.close()
