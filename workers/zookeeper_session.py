"""The session of a worker with Zookeeper; the only line by which workers choose this store."""

from cluster.store.zookeeper import ZookeeperStore
from runtime.clock import SYSTEM_CLOCK
from runtime.config.node import StoreSection


def open_session(section: StoreSection) -> ZookeeperStore:
    """Begin to connect and return at once; nothing waits for Zookeeper."""
    store = ZookeeperStore(section, SYSTEM_CLOCK)
    store.start()
    return store
