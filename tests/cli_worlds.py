"""The two worlds in which `pvc vm` meets the API: the application on a fake store in this process,
and as a process on a real Zookeeper.

No vm worker runs in them: a `Worker` plays it, by writing what one would have seen.
"""

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from api.serving import HttpServer
from cluster.model.task import TaskProgress, TaskState
from cluster.model.vm import Seen, SeenState, Transfer, TransferPhase, Wanted
from cluster.records import move_record, task_record, vm_record
from cluster.schema import codec
from cluster.schema.layout import Layout, layout
from cluster.schema.versions import NEWEST
from cluster.store.store import Create, Delete, Store, Write
from cluster.store.zookeeper import ZookeeperStore
from runtime.config.node import StoreSection
from runtime.deadline import Deadline
from tests.api_process import TOKEN, api_process, fill
from tests.fakes.api import ADMIN, FakeApi
from tests.fakes.synthetic_cluster import synthetic_tree
from tests.zookeeper import need_zookeeper, wait_until, zookeeper

Pvc = Callable[..., tuple[int, str, str]]
KEYS: Layout = layout(NEWEST)
UUID = "1c2f64a0-0000-4c0e-9c5a-000000000001"
"""Of the VM in `tests.fakes.vm_bodies.XML`, which the worker of these worlds cares for."""


def soon() -> Deadline:
    return Deadline.after(10.0)


@dataclass(frozen=True, slots=True)
class ApiWorld:
    """An API, and the store behind it."""

    port: int
    token: str
    store: Store


@contextlib.contextmanager
def fake_world() -> Iterator[ApiWorld]:
    api = FakeApi(synthetic_tree(3, 0))
    server = HttpServer(api.application, "127.0.0.1", 0)
    server.start()
    try:
        yield ApiWorld(server.port, ADMIN, api.store)
    finally:
        server.stop(Deadline.after(5.0))
        api.close()


@contextlib.contextmanager
def real_world() -> Iterator[ApiWorld]:
    need_zookeeper()
    with zookeeper() as ensemble:
        member = ensemble.members[0]
        store = ZookeeperStore(StoreSection(hosts=(member.host,), call_seconds=10))
        store.start(Deadline.after(20))
        try:
            fill(store, synthetic_tree(3, 0))
            with api_process(member.port) as api:
                wait_until(lambda: api.get("/node")[0] == 200, 20)
                yield ApiWorld(api.port, TOKEN, store)
        finally:
            store.close()


class Worker:
    """What the vm workers of all nodes would do, one step at a time."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def wanted(self) -> Wanted:
        return vm_record.read_wanted(self._read("vm.wanted"))

    def see(self, state: SeenState, node: str = "", reason: str = "") -> None:
        """Say that the order in force has come to this."""
        wanted = self.wanted()
        seen = Seen(state=state, node=node or wanted.node, serial=wanted.serial, reason=reason)
        self._put("vm.seen", vm_record.seen_data(seen))

    def send(self, percent: int) -> None:
        """Say how far a move is."""
        wanted = self.wanted()
        moving = Transfer(
            serial=wanted.serial, to=wanted.node, phase=TransferPhase.SENDING, percent=percent
        )
        self._put("vm.transfer", move_record.transfer_data(moving))

    def arrive(self) -> None:
        """End a move well."""
        self.see(SeenState.RUNNING)
        self._take("vm.transfer")

    def end_tasks(self, state: TaskState, status: str) -> None:
        """End all tasks."""
        for task in self._store.children(KEYS.path("tasks"), soon()) or ():
            if self._store.read(KEYS.path("task.progress", task=task), soon()) is None:
                ended = TaskProgress(state=state, current=1, total=1, status=status)
                changes = task_record.progress(KEYS, task, ended, is_first=True)
                self._store.apply(changes, soon())

    def flush(self, node: str, state: bytes, **record: Any) -> None:
        """Say how a flush goes."""
        for key, data in (("node.domain_state", state), ("node.flush", codec.to_json(record))):
            self._put(key, data, node=node)

    def remove(self) -> None:
        """Remove the VM as a worker does that was ordered to."""
        for name in ("web1", "web2"):
            self._take("vm_name", name=name)
        self._remove_below(KEYS.path("vm", vm=UUID))

    def _remove_below(self, path: str) -> None:
        for name in self._store.children(path, soon()) or ():
            self._remove_below(f"{path}/{name}")
        if self._store.read(path, soon()) is not None:
            self._store.apply([Delete(path)], soon())

    def _read(self, key: str) -> bytes | None:
        found = self._store.read(KEYS.path(key, vm=UUID), soon())
        return None if found is None else found.data

    def _put(self, key: str, data: bytes, **names: str) -> None:
        path = KEYS.path(key, **(names or {"vm": UUID}))
        there = self._store.read(path, soon())
        self._store.apply([Create(path, data) if there is None else Write(path, data)], soon())

    def _take(self, key: str, **names: str) -> None:
        path = KEYS.path(key, **(names or {"vm": UUID}))
        if self._store.read(path, soon()) is not None:
            self._store.apply([Delete(path)], soon())


@contextlib.contextmanager
def meanwhile(step: Callable[[], object]) -> Iterator[None]:
    """Do something again and again beside a block."""
    is_over = threading.Event()
    failed: list[Exception] = []

    def run() -> None:
        while not is_over.wait(0.05):
            try:
                step()
            except AssertionError as error:
                failed.append(error)
                return

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
    assert not failed, failed


def shown(pvc: Pvc, name: str = "web1") -> dict[str, Any]:
    """Return a VM."""
    code, out, err = pvc("vm", "info", name, "-f", "json")
    assert (code, err) == (0, ""), err
    found: dict[str, Any] = json.loads(out)
    return found


def ordered(pvc: Pvc, *words: str) -> str:
    """Run what must succeed; return what it printed."""
    code, out, err = pvc(*words)
    assert (code, err) == (0, ""), (words, err)
    assert out.strip()
    return out


def runs(pvc: Pvc, worker: Worker) -> None:
    """Have the VM run."""
    ordered(pvc, "vm", "start", "web1")
    worker.see(SeenState.RUNNING)
    wait_until(lambda: shown(pvc)["seen"]["state"] == "running")
