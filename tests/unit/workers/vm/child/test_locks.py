"""Which locks go before a start, and which keep a VM from starting."""

import pytest

from workers.vm.child.locks import Lock, judge, read_blocklist
from workers.vm.child.own_hosts import read_ipv4, read_ipv6

OWN = {"10.0.2.1", "fd00::1"}


def lock(address: str, volume: str = "vms/a") -> Lock:
    return Lock(volume=volume, id="auto 1", locker="client.7", address=address)


MINE, OTHERS = lock("10.0.2.1:0/11"), lock("10.0.2.2:0/22")


def test_no_lock_no_question() -> None:
    verdict = judge([], own_hosts=OWN, runs_here=False, users={}, blocklist=None)
    assert (verdict.remove, verdict.refusal) == ((), "")


@pytest.mark.parametrize("address", ["10.0.2.1:0/11", "[fd00::1]:0/3"])
def test_a_dead_process_of_this_node_loses_its_lock(address: str) -> None:
    verdict = judge([lock(address)], own_hosts=OWN, runs_here=False, users={}, blocklist=None)
    assert (verdict.remove, verdict.refusal) == ((lock(address),), "")


def test_a_living_process_of_this_node_keeps_it() -> None:
    verdict = judge([MINE], own_hosts=OWN, runs_here=True, users={}, blocklist=None)
    assert verdict.remove == ()
    assert "runs here already" in verdict.refusal


def test_another_vm_of_this_node_keeps_the_lock_of_a_volume_that_both_have() -> None:
    # To remove it would shut that VM out of its own disk for good.
    verdict = judge(
        [MINE], own_hosts=OWN, runs_here=False, users={"vms/a": "other"}, blocklist=None
    )
    assert verdict.remove == ()
    assert "the VM other, which runs here" in verdict.refusal
    unshared = {"vms/b": "other"}
    assert judge([MINE], own_hosts=OWN, runs_here=False, users=unshared, blocklist=None).remove


def test_another_nodes_lock_is_named_with_the_evidence() -> None:
    verdict = judge([OTHERS], own_hosts=OWN, runs_here=False, users={}, blocklist=None)
    assert verdict.remove == ()
    for part in ("vms/a", "client.7", "10.0.2.2:0/22"):
        assert part in verdict.refusal


@pytest.mark.parametrize("entry", ["10.0.2.2:0/22", "10.0.2.2:0/0"])
def test_a_fenced_nodes_lock_goes_when_ceph_has_shut_it_out(entry: str) -> None:
    verdict = judge([OTHERS], own_hosts=OWN, runs_here=False, users={}, blocklist={entry})
    assert (verdict.remove, verdict.refusal) == ((OTHERS,), "")


@pytest.mark.parametrize("entry", ["10.0.2.2:0/23", "10.0.2.20:0/0", "10.0.2.2:0/2"])
def test_a_fenced_nodes_lock_stays_while_ceph_has_not(entry: str) -> None:
    verdict = judge([OTHERS], own_hosts=OWN, runs_here=False, users={}, blocklist={entry})
    assert verdict.remove == ()
    assert "not on Ceph's blocklist" in verdict.refusal


def test_without_a_fence_the_blocklist_says_nothing() -> None:
    assert judge([OTHERS], own_hosts=OWN, runs_here=False, users={}, blocklist=None).refusal


def test_one_lock_that_stays_keeps_all() -> None:
    verdict = judge([MINE, OTHERS], own_hosts=OWN, runs_here=False, users={}, blocklist=None)
    assert verdict.remove == ()
    assert verdict.refusal


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", set()),
        ("\n[][]", set()),
        ('\n[{"addr":"10.0.2.2:0/22","until":"2030-01-01"}][]', {"10.0.2.2:0/22"}),
        ('[{"addr":"10.0.2.2:0/0"}]\n[{"range":"10.0.3.0/24"}]\n', {"10.0.2.2:0/0"}),
    ],
)
def test_the_blocklist_is_read_as_ceph_prints_it(text: str, found: set[str]) -> None:
    assert read_blocklist(text) == found


def test_own_addresses_are_those_the_kernel_delivers_here() -> None:
    trie = """Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 10.0.2.0/24 2 0 2
        |-- 10.0.2.0
           /24 link UNICAST
        |-- 10.0.2.1
           /32 host LOCAL
        |-- 10.0.2.255
           /32 link BROADCAST
Local:
     |-- 127.0.0.1
        /32 host LOCAL
"""
    assert read_ipv4(trie) == {"10.0.2.1", "127.0.0.1"}


def test_own_ipv6_addresses_are_written_as_ceph_writes_them() -> None:
    table = "fd000000000000000000000000000001 02 40 00 80     eth0\n"
    assert read_ipv6(table) == {"fd00::1"}
