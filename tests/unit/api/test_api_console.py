"""The consoles of VMs through the API: numbered lines, read on demand, never in the mirror."""

import threading
from collections.abc import Mapping, Sequence

import pytest

from api.console_reader import AT_ONCE
from cluster.schema.layout import layout
from cluster.schema.logchunk import chunk_name
from cluster.schema.versions import NEWEST
from cluster.store.store import Create, Delete, Value, Write
from runtime.deadline import Deadline
from runtime.errors import DeadlineExceeded
from tests.fakes.api import READER, FakeApi
from tests.zookeeper import wait_until

KEYS = layout(NEWEST)
UUID = "1c2f64a0-0000-4c0e-9c5a-000000000001"
PATH = "/vm/vm0001/console"


def write(api: FakeApi, *chunks: tuple[int, str], vm: str = UUID) -> None:
    for first, text in chunks:
        path = KEYS.path("vm.console.chunk", vm=vm, chunk=chunk_name(first))
        kind = Create if api.ensemble.value(path) is None else Write
        api.change(kind(path, text.encode()))


def test_an_empty_console(api: FakeApi) -> None:
    assert api.get(PATH, token=READER).json == {
        "name": "vm0001", "data": "", "first": 0, "next": 0, "oldest": 0,
    }  # fmt: skip


@pytest.mark.parametrize("name", ["vm0001", UUID])
def test_the_last_lines_by_name_and_uuid(api: FakeApi, name: str) -> None:
    write(api, (100, "\n".join(f"a{i}" for i in range(8))), (108, "b0\nb1\nb2\nb3"))
    log = api.get(f"/vm/{name}/console").json
    assert log["data"].split("\n") == [*(f"a{i}" for i in range(2, 8)), "b0", "b1", "b2", "b3"]
    assert (log["name"], log["first"], log["next"]) == ("vm0001", 102, 112)
    assert log["oldest"] == 100
    assert api.get(PATH, lines=1).json["data"] == "b3"
    assert api.get(PATH, lines=0).json["data"] == ""
    assert len(api.get(PATH, lines=1000).json["data"].split("\n")) == 12


def test_following(api: FakeApi) -> None:
    write(api, (0, "a\nb"))
    following = api.get(PATH, lines=1).json["next"]
    assert following == 2
    assert api.get(PATH, since=following).json["data"] == ""
    write(api, (0, "a\nb\nc"), (3, "d\ne"))
    assert api.get(PATH, since=following).json["data"] == "c\nd\ne"
    part = api.get(PATH, since=following, lines=2).json
    assert (part["data"], part["next"]) == ("c\nd", 4)


def test_following_when_more_came_than_are_kept(api: FakeApi) -> None:
    write(api, (7000, "x\ny"))
    log = api.get(PATH, since=2).json
    assert (log["first"], log["next"], log["data"]) == (7000, 7002, "x\ny")


@pytest.mark.parametrize("name", ["vm9", "..", ".", "\x01", "VM0001"])
def test_an_unknown_vm_is_400(api: FakeApi, name: str) -> None:
    reply = api.get(f"/vm/{name}/console")
    assert reply.status == 400
    assert isinstance(reply.message, str)


@pytest.mark.parametrize("query", [{"lines": "x"}, {"lines": "-1"}, {"since": "-1"}, {"since": ""}])
def test_bad_parameters(api: FakeApi, query: dict[str, str]) -> None:
    reply = api.get(PATH, **query)
    assert reply.status == 400
    assert set(reply.message) == set(query)


def test_a_vm_without_the_key_has_an_empty_console(api: FakeApi) -> None:
    api.change(Delete(KEYS.path("vm.console", vm=UUID)))
    assert api.get(PATH).json["data"] == ""


def test_the_mirror_holds_no_lines_and_they_are_no_news(api: FakeApi) -> None:
    write(api, (0, "a"))
    api.change(Create(KEYS.path("vm.console.place", vm=UUID), b"{}"))
    api.settle()
    before, size = api.mirror.applied, len(api.mirror)
    for number in range(50):
        write(api, (0, f"line {number}"), (100 + number, "x"))
    api.settle()
    assert (api.mirror.applied, len(api.mirror)) == (before, size)
    assert api.get(PATH, lines=1).json["data"] == "x"


def test_the_mirror_leaves_out_lines_that_are_there_at_its_start() -> None:
    fake = FakeApi(is_started=False)
    write(fake, *((n * 100, "x") for n in range(10)))
    fake.start()
    assert fake.mirror.get(KEYS.path("vm.console", vm=UUID)) == b""
    assert fake.mirror.children(KEYS.path("vm.console", vm=UUID)) == ()
    assert fake.get(PATH, lines=1).json["data"] == "x"
    fake.close()


def test_without_a_connection_it_is_refused_at_once_and_the_rest_answers(api: FakeApi) -> None:
    api.store.suspend()
    reply = api.get(PATH)
    assert reply.status == 503
    assert "Zookeeper" in reply.message
    assert reply.headers["retry-after"] == "1"
    assert api.get("/node").status == 200
    api.store.resume()
    assert api.get(PATH).status == 200


def test_a_store_that_hangs_occupies_few_threads(
    api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging, let_go = threading.Semaphore(0), threading.Event()

    def hang(paths: Sequence[str], deadline: Deadline) -> Mapping[str, Value | None]:
        hanging.release()
        let_go.wait(10)
        raise DeadlineExceeded("the store does not answer")

    monkeypatch.setattr(api.store, "read_many", hang)
    write(api, (0, "a"))
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda: statuses.append(api.get(PATH).status))
        for _ in range(AT_ONCE)
    ]
    for thread in threads:
        thread.start()
        assert hanging.acquire(timeout=10)
    refused = api.get(PATH)
    assert (refused.status, refused.json["code"]) == (503, "too_many_readers")
    let_go.set()
    for thread in threads:
        thread.join(10)
    assert statuses == [503] * AT_ONCE
    monkeypatch.undo()
    wait_until(lambda: api.get(PATH).status == 200)
