"""Consoles of real guests: every line once, whatever happens to worker, file, node and VM."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from runtime.clock import SYSTEM_CLOCK
from testbed import guests
from testbed.cluster import Cluster
from testbed.node import Node
from tests.integration.beats import observer
from tests.integration.flushing import make_ready
from tests.integration.processes import WHOLE, all_run, is_renewed, tree_of
from tests.integration.vms import Vms, vms_of

pytestmark = pytest.mark.integration

BOOT_SECONDS = 120.0
SOON_SECONDS = 30.0
LONGEST_GAP_SECONDS = 2.0


class Follower:
    """Follows a console as `pvc vm log -f` does, asking one coordinator after the other."""

    def __init__(self, cluster: Cluster, name: str) -> None:
        self._cluster = cluster
        self._name = name
        self._asked = 0
        self.lines: list[str] = []
        self.missed = 0
        self.next: int | None = None

    def ask(self) -> list[str]:
        """Ask once; returns all lines so far."""
        node = self._cluster.coordinators[self._asked % len(self._cluster.coordinators)]
        self._asked += 1
        query = "lines=1000" if self.next is None else f"since={self.next}"
        answer = console(self._cluster, self._name, query, node=node.name)
        if answer is None:
            return self.lines
        if answer["next"] > answer["first"]:
            self.lines += answer["data"].split("\n")
        if self.next is not None:
            self.missed += answer["first"] - self.next
        self.next = answer["next"]
        return self.lines

    def await_tick(self, number: int, seconds: float = SOON_SECONDS) -> None:
        """Wait until the guest was heard to count so far."""
        self._cluster.wait_until(
            lambda: f"write {number} ok" in self.ask()[-3000:],
            seconds,
            f"write {number} ok on the console of {self._name}",
        )

    @property
    def ticks(self) -> list[int]:
        """The guest's own numbers, as they were heard."""
        return numbers(self.lines, "tick")


def numbers(lines: list[str], word: str) -> list[int]:
    found = (re.match(rf"{word} (\d+)", line) for line in lines)
    return [int(match[1]) for match in found if match]


def console(cluster: Cluster, name: str, query: str, *, node: str = "hv1") -> Any:
    """Return an answer about a console; None while the API cannot give one."""
    status, answer = cluster.api(f"/vm/{name}/console?{query}", node=node)
    assert status in (200, 503), answer
    return answer if status == 200 else None


@pytest.fixture
def vms(cluster: Cluster) -> Iterator[Vms]:
    cluster.wait_until(lambda: all_run(cluster), 60, "all nodes to run")
    make_ready(cluster)
    with vms_of(cluster) as vms:
        yield vms


def boot(vms: Vms, cluster: Cluster, name: str, node: str, **options: Any) -> Follower:
    """Start a VM and wait for its guest on the console."""
    vms.define(name, node, **options)
    vms.start(name)
    follower = Follower(cluster, name)
    follower.await_tick(1, BOOT_SECONDS)
    return follower


def check(follower: Follower) -> None:
    """See that no line came twice, none is missing and all are in order."""
    ticks = follower.ticks
    assert ticks == list(range(1, len(ticks) + 1))
    assert numbers(follower.lines, "write") == ticks[: len(numbers(follower.lines, "write"))]
    assert not follower.missed


def test_a_guest_is_seen_booting_and_counting(cluster: Cluster, vms: Vms) -> None:
    follower = boot(vms, cluster, "con1", "hv1")
    follower.await_tick(5)
    check(follower)
    assert any(line.startswith("GUEST-UP") for line in follower.lines)
    in_file = guests.console_log(cluster, "hv1", "con1").replace("\r", "").split("\n")
    shown = [line for line in follower.lines if line.strip()]
    assert [line for line in in_file if line.startswith("tick")][: len(follower.ticks)] == [
        line for line in shown if line.startswith("tick")
    ]
    assert all(c.isprintable() or c == "\t" for line in follower.lines for c in line)
    by_uuid = vms.get("con1")["uuid"]
    assert console(cluster, by_uuid, "lines=1")["name"] == "con1"


@pytest.mark.parametrize("kind", ["kill", "stop"])
def test_the_worker_dies_and_hangs(cluster: Cluster, vms: Vms, kind: str) -> None:
    follower = boot(vms, cluster, "con2", "hv1")
    node = cluster.node("hv1")
    for _ in range(2):
        before = tree_of(node)["console"]
        cluster.fault("hv1", kind, "console")
        cluster.wait_until(
            lambda before=before: is_renewed(node, "console", before),  # type: ignore[misc]
            30,
            "another console worker",
        )
        follower.await_tick(max(follower.ticks) + 3)
    check(follower)


def test_it_moves_with_its_lines(cluster: Cluster, vms: Vms) -> None:
    follower = boot(vms, cluster, "con3", "hv1")
    for target in ("hv2", "hv1"):
        vms.move("con3", "move", node=target)
        vms.await_running("con3", target)
        follower.await_tick(max(follower.ticks) + 3)
    ticks = follower.ticks
    # The last line at the old node may be stored after the first ones at the new.
    assert sorted(ticks) == list(range(1, len(ticks) + 1))
    assert not follower.missed


def test_ten_thousand_lines_a_second(cluster: Cluster, vms: Vms) -> None:
    before = {node.name: _lasting(node) for node in cluster.nodes}
    with observer(cluster, "hv1") as beats:
        vms.define("con4", "hv1", options="pvc.lines=10000")
        vms.start("con4")
        cluster.wait_until(lambda: _next(cluster, "con4") > 5000, BOOT_SECONDS, "lines of con4")
        quiet = boot(vms, cluster, "con5", "hv1")
        begin, first = SYSTEM_CLOCK.now(), _next(cluster, "con4")
        quiet.await_tick(max(quiet.ticks) + 10, BOOT_SECONDS)
        took, came = SYSTEM_CLOCK.now() - begin, _next(cluster, "con4") - first
        gaps = beats.gaps()
    check(quiet)
    assert came / took > 500
    lines = console(cluster, "con4", "lines=1000")["data"].split("\n")
    printed = numbers(lines, "line")
    assert printed == list(range(printed[0], printed[0] + len(printed)))
    kept = console(cluster, "con4", "lines=100000")
    assert 1000 <= kept["next"] - kept["first"] < 1200
    assert kept["next"] > printed[-1]
    assert max(gaps) < LONGEST_GAP_SECONDS
    print(f"{came / took:.0f} lines/s, longest gap between beats {max(gaps):.2f} s")
    assert {node.name: _lasting(node) for node in cluster.nodes} == before


def test_the_disk_of_the_logs_is_full(cluster: Cluster, vms: Vms) -> None:
    node = cluster.node("hv1")
    before = _lasting(node)
    with _small_log_directory(node), observer(cluster, "hv1") as beats:
        follower = boot(vms, cluster, "con6", "hv1", options="pvc.lines=300")
        cluster.wait_until(lambda: _free_bytes(node) < 4096, 60, "the disk of the logs to be full")
        shown = follower.ask()[:]
        begin = SYSTEM_CLOCK.now()
        cluster.wait_until(lambda: beats.has_beaten(5, begin), 15, "beats with a full disk")
        assert vms.nodes_running("con6") == ["hv1"]
        printed = numbers(follower.ask(), "line")
        assert printed[:100] == list(range(1, 101))
        assert len(printed) == len(set(printed))
        assert len(follower.lines) >= len(shown)
        assert max(beats.gaps()) < LONGEST_GAP_SECONDS
        vms.order("con6", "stop")
        vms.await_off("con6")
    assert _lasting(node) == before
    again = boot(vms, cluster, "con7", "hv1")
    check(again)


def test_what_stands_in_the_place_of_the_file(cluster: Cluster, vms: Vms) -> None:
    follower = boot(vms, cluster, "con8", "hv1")
    node = cluster.node("hv1")
    log = f"{guests.LOGS}/con8.log"
    follower.await_tick(3)
    before = tree_of(node)["console"]
    node.run(["truncate", "--size=0", log])
    follower.await_tick(max(follower.ticks) + 3)
    node.run(["mv", log, f"{log}.0"])
    node.run(["mkfifo", log])
    # The guest's log goes on in the renamed file, which is held.
    follower.await_tick(max(follower.ticks) + 3)
    cluster.wait_until(lambda: _logged(cluster, "console_not_read"), 20, "a word about it")
    node.run(["rm", log])
    cluster.wait_until(
        lambda: _logged(cluster, "console_readable_again"), 20, "a word that it went"
    )
    follower.await_tick(max(follower.ticks) + 3)
    assert tree_of(node)["console"] == before
    ticks = follower.ticks
    assert len(ticks) == len(set(ticks))
    # What was printed in the moment before the file was truncated is gone with it.
    assert max(ticks) - len(ticks) <= 2


def _next(cluster: Cluster, name: str) -> int:
    """Return the number of the next line."""
    answer = console(cluster, name, "lines=1")
    return 0 if answer is None else int(answer["next"])


def _logged(cluster: Cluster, event: str) -> bool:
    """Whether the node's log tells this of the VM con8."""
    status, log = cluster.api("/node/hv1/log?lines=500")
    assert status == 200
    assert isinstance(log, dict)
    return any(event in line and "vm=con8" in line for line in log["data"].split("\n"))


def _lasting(node: Node) -> dict[str, int]:
    """Return the processes of the tree that are there all the time."""
    return {name: pid for name, pid in tree_of(node).items() if name in WHOLE}


def _free_bytes(node: Node) -> int:
    shown = node.run(["df", "--output=avail", "--block-size=1", guests.LOGS]).stdout
    return int(shown.split()[-1])


@contextmanager
def _small_log_directory(node: Node) -> Iterator[None]:
    node.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", guests.LOGS])
    try:
        node.run(["mkdir", "-p", f"{guests.LOGS}/qemu"])
        yield
    finally:
        node.run(["umount", "--lazy", guests.LOGS])
