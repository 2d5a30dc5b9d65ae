"""A client that a test freezes: holds a lock and an ephemeral key, says what it saw afterwards."""

import os
import sys

from cluster.store.store import Create, Session, SessionState
from cluster.store.zookeeper import ZookeeperStore
from runtime.config.node import StoreSection
from runtime.deadline import Deadline
from tests.zookeeper import wait_until


def main() -> None:
    """Print the key; be frozen; print what became of session and lock."""
    host, seconds = sys.argv[1], float(sys.argv[2])
    store = ZookeeperStore(StoreSection(hosts=(host,), session_timeout_seconds=seconds))
    seen: list[Session] = []
    store.on_session(seen.append)
    store.start(Deadline.after(10.0))
    number = store.session().number
    key = f"/frozen-client-{os.getpid()}"
    store.apply([Create(key, b""), Create(f"{key}/ephemeral", b"", True)], Deadline.after(5.0))
    lock = store.lock(key)
    with lock.hold(Deadline.after(5.0)):
        print(f"{key}/ephemeral", flush=True)
        wait_until(lambda: any(s.state is SessionState.ENDED for s in seen), 30.0)
        belief = "held" if lock.is_held() else "lock-lost"
    wait_until(lambda: seen[-1].state is SessionState.CONNECTED, 10.0)
    novelty = "new" if store.session().number != number else "old"
    print("ended", belief, seen[-1].state.value, novelty, flush=True)
    store.close()


if __name__ == "__main__":
    main()
