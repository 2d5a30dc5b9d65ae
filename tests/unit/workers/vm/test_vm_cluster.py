"""VMs of several nodes with their real decisions and actions, each path once."""

from dataclasses import replace

import pytest

from cluster.model.vm import (
    MigrationMethod,
    Move,
    SeenState,
    TransferPhase,
    VmMeta,
    Wanted,
    WantedState,
)
from cluster.records.vm_record import wanted_data
from cluster.store.store import Write
from tests.fakes.vm_cluster import Cluster, not_twice
from tests.fakes.vm_hosts import Fate, Libvirt
from tests.fakes.vm_tree import LAYOUT, soon
from workers.vm.jobs import Destroy, Start
from workers.vm.local import LocalState, Pause

A, B, C = "hv1", "hv2", "hv3"
VM = "one"


def cluster_with(state: WantedState = WantedState.START, meta: VmMeta | None = None) -> Cluster:
    cluster = Cluster(A, B, C)
    cluster.define(VM, Wanted(state=state, node=A, serial=1), meta)
    return cluster


def running(meta: VmMeta | None = None) -> Cluster:
    cluster = cluster_with(meta=meta)
    cluster.run_until(lambda: is_running(cluster, A))
    return cluster


def is_running(cluster: Cluster, node: str) -> bool:
    keys = cluster.keys(VM)
    seen = keys.seen
    return (
        (seen.state, seen.node, seen.serial) == (SeenState.RUNNING, node, keys.wanted.serial)
        and cluster.world.runs_on(VM) == (node,)
        and keys.transfer is None
        and keys.arrival is None
    )


def is_off(cluster: Cluster, node: str = A) -> bool:
    keys = cluster.keys(VM)
    is_said = (keys.seen.state, keys.seen.node) == (SeenState.OFF, node)
    return is_said and keys.seen.serial == keys.wanted.serial and not cluster.world.runs_on(VM)


def migrate(cluster: Cluster, to: str = B, **more: object) -> None:
    seen = cluster.seen(VM)
    home = cluster.keys(VM).wanted.home
    cluster.order(VM, node=to, move=Move.MIGRATE, home=home or seen.node, home_before=home, **more)


def test_start_stop_start() -> None:
    cluster = running()
    cluster.order(VM, state=WantedState.STOP)
    cluster.run_until(lambda: is_off(cluster), 5.0)
    cluster.order(VM, state=WantedState.START)
    cluster.run_until(lambda: is_running(cluster, A), 5.0)


def test_shutdown_asks_the_guest_and_then_does_not() -> None:
    cluster = running()
    cluster.order(VM, state=WantedState.SHUTDOWN)
    cluster.run_until(lambda: is_off(cluster), 5.0)
    cluster.order(VM, state=WantedState.START)
    cluster.run_until(lambda: is_running(cluster, A))
    cluster.world.host(A).domains[VM].ignores_shutdown = True
    asked_at = cluster.clock.now()
    cluster.order(VM, state=WantedState.SHUTDOWN)
    cluster.run_until(lambda: is_off(cluster))
    assert 20.0 <= cluster.clock.now() - asked_at < 23.0


def test_restart_is_down_once() -> None:
    cluster = running()
    cluster.order(VM, state=WantedState.RESTART)
    cluster.run_until(lambda: cluster.seen(VM).state is SeenState.OFF)
    cluster.run_until(lambda: is_running(cluster, A), 5.0)
    begun = len(cluster.nodes[A].hypervisor.begun)
    cluster.run(10.0)
    assert len(cluster.nodes[A].hypervisor.begun) == begun


def test_disable_and_delete() -> None:
    cluster = running()
    cluster.order(VM, state=WantedState.DISABLE)
    cluster.run_until(lambda: is_off(cluster), 5.0)
    cluster.order(VM, state=WantedState.DELETE, removes_volumes=False)
    cluster.run_until(lambda: cluster.ensemble.value(f"/domains/{VM}") is None, 5.0)


def test_a_running_vm_is_deleted() -> None:
    cluster = running()
    cluster.order(VM, state=WantedState.DELETE, removes_volumes=True)
    cluster.run_until(lambda: cluster.ensemble.value(f"/domains/{VM}") is None, 5.0)
    assert cluster.world.runs_on(VM) == ()


def test_a_crash_is_followed_by_a_start_until_it_is_given_up() -> None:
    cluster = running()
    for ends in range(1, 6):
        cluster.world.crash(A, VM)
        began = cluster.clock.now()
        cluster.run_until(lambda: is_running(cluster, A), 30.0)
        assert cluster.clock.now() - began >= 2.0 ** (ends - 1)
    cluster.world.crash(A, VM)
    cluster.run_until(lambda: cluster.seen(VM).state is SeenState.FAILED, 5.0)
    assert "6 times" in cluster.seen(VM).reason
    cluster.run(60.0)
    assert cluster.world.runs_on(VM) == ()
    cluster.order(VM, state=WantedState.START)
    cluster.run_until(lambda: is_running(cluster, A), 5.0)


def test_an_io_error_is_no_crash() -> None:
    cluster = running()
    cluster.world.pause_by_io_error(A, VM)
    cluster.run_until(lambda: cluster.seen(VM).state is SeenState.PAUSED, 3.0)
    begun = len(cluster.nodes[A].hypervisor.begun)
    cluster.run(30.0)
    assert len(cluster.nodes[A].hypervisor.begun) == begun
    migrate(cluster)
    cluster.run_until(lambda: cluster.keys(VM).wanted.node == A, 5.0)
    assert "io-error" in cluster.seen(VM).reason


def test_live_migration_there_and_back() -> None:
    cluster = running()
    migrate(cluster)
    cluster.run_until(lambda: is_running(cluster, B), 10.0)
    assert cluster.keys(VM).wanted.home == A
    cluster.order(VM, node=A, move=Move.UNMIGRATE, home="", home_before=A)
    cluster.run_until(lambda: is_running(cluster, A), 10.0)
    not_twice(cluster)


def test_a_failed_live_migration_is_given_up_or_done_by_shutdown() -> None:
    cluster = running(VmMeta(migration_method=MigrationMethod.LIVE))
    cluster.world.fates[VM] = Fate.FAILS
    migrate(cluster)
    cluster.run_until(lambda: cluster.keys(VM).wanted.node == A, 20.0)
    cluster.run_until(lambda: is_running(cluster, A), 5.0)
    assert cluster.keys(VM).wanted.home == ""
    assert cluster.seen(VM).reason
    cluster = running()
    cluster.world.fates[VM] = Fate.FAILS
    migrate(cluster)
    cluster.run_until(
        lambda: getattr(cluster.keys(VM).transfer, "phase", None) is TransferPhase.SHUTDOWN, 20.0
    )
    cluster.run_until(lambda: is_running(cluster, B), 20.0)
    not_twice(cluster)


def test_method_shutdown() -> None:
    cluster = running(VmMeta(migration_method=MigrationMethod.SHUTDOWN))
    migrate(cluster)
    cluster.run_until(lambda: is_running(cluster, B), 10.0)
    names = [type(job).__name__ for _, job in cluster.nodes[A].hypervisor.begun]
    assert names == ["Start", "Shutdown"]


@pytest.mark.parametrize("fate", Fate)
def test_each_way_a_live_migration_ends_leaves_one_copy(fate: Fate) -> None:
    cluster = running()
    cluster.world.fates[VM] = fate
    migrate(cluster)
    # Method none: what does not arrive live is shut down and started there.
    cluster.run_until(lambda: is_running(cluster, B), 300.0)
    not_twice(cluster)


@pytest.mark.parametrize("to", [A, C])
def test_the_target_changes_in_the_middle_of_a_move(to: str) -> None:
    cluster = running()
    cluster.world.move_seconds = 10.0
    migrate(cluster)
    cluster.run(3.0)
    cluster.order(VM, node=to)
    cluster.run_until(lambda: is_running(cluster, to), 30.0)
    not_twice(cluster)


def test_a_vm_is_stopped_in_the_middle_of_a_move() -> None:
    cluster = running()
    cluster.world.move_seconds = 10.0
    migrate(cluster)
    cluster.run(3.0)
    cluster.order(VM, state=WantedState.STOP)
    cluster.run_until(lambda: is_off(cluster, B) or is_off(cluster, A), 30.0)
    not_twice(cluster)


@pytest.mark.parametrize("node", [A, B])
@pytest.mark.parametrize("after", [0.3, 1.0, 2.2, 2.5])
def test_a_worker_killed_in_the_middle_of_a_move_settles_it(node: str, after: float) -> None:
    cluster = running()
    migrate(cluster)
    cluster.run(after)
    cluster.nodes[node].kill()
    cluster.run(1.0)
    cluster.nodes[node].start()
    cluster.run_until(lambda: is_running(cluster, B), 60.0)
    not_twice(cluster)


def test_a_move_that_failed_unseen_is_begun_again_and_nothing_shut_down() -> None:
    cluster = running()
    cluster.world.move_seconds = 3.0
    cluster.world.fates[VM] = Fate.FAILS
    migrate(cluster)
    cluster.run(1.0)
    cluster.nodes[A].kill()
    cluster.run(5.0)
    cluster.nodes[A].start()
    cluster.run_until(lambda: is_running(cluster, B), 60.0)
    names = [type(job).__name__ for _, job in cluster.nodes[A].hypervisor.begun]
    assert "Shutdown" not in names
    assert names.count("Migrate") >= 1
    not_twice(cluster)


def test_a_target_whose_libvirt_hangs_gets_nothing() -> None:
    cluster = running(VmMeta(migration_method=MigrationMethod.LIVE))
    cluster.world.set_libvirt(B, Libvirt.HANGS)
    migrate(cluster)
    cluster.run_until(lambda: cluster.keys(VM).wanted.node == A, 20.0)
    cluster.run_until(lambda: is_running(cluster, A), 5.0)


def test_the_store_is_lost_in_the_middle_of_a_move() -> None:
    cluster = running()
    migrate(cluster)
    cluster.run(0.5)
    for node in cluster.nodes.values():
        node.store.suspend()
    cluster.run(10.0)
    assert cluster.world.runs_on(VM) == (B,)
    assert cluster.seen(VM).node == A
    for node in cluster.nodes.values():
        node.store.resume()
    cluster.run_until(lambda: is_running(cluster, B), 5.0)
    not_twice(cluster)


def test_running_vms_are_found_again() -> None:
    cluster = running()
    cluster.nodes[A].kill()
    cluster.run(5.0)
    cluster.nodes[A].start()
    begun = cluster.nodes[A].hypervisor.begun
    cluster.run(10.0)
    assert begun == []
    assert is_running(cluster, A)


def test_one_that_runs_and_is_nobodys_is_adopted() -> None:
    cluster = cluster_with(WantedState.STOP)
    cluster.nodes[C].hypervisor.add(VM, "vm-one")
    # Not wanted: adopted first, so that it is ended by its owner.
    cluster.run_until(
        lambda: (not cluster.world.runs_on(VM) and is_off(cluster, A)) or is_off(cluster, C), 20.0
    )
    assert any(type(action).__name__ == "Adopt" for action in cluster.nodes[C].done)


def test_a_stray_is_ended_only_after_a_while() -> None:
    cluster = running()
    cluster.nodes[B].hypervisor.add(VM, "vm-one")
    began = cluster.clock.now()
    cluster.run_until(lambda: cluster.world.runs_on(VM) == (A,), 20.0)
    assert cluster.clock.now() - began >= 5.0
    assert is_running(cluster, A)


def test_libvirt_that_hangs_makes_nothing_happen() -> None:
    cluster = running()
    cluster.world.set_libvirt(A, Libvirt.HANGS)
    cluster.order(VM, state=WantedState.STOP)
    cluster.run(60.0)
    assert cluster.world.host(A).domains[VM].state is LocalState.RUNNING
    cluster.world.set_libvirt(A, Libvirt.ANSWERS)
    cluster.run_until(lambda: is_off(cluster), 10.0)


def test_a_frozen_guest_is_stopped_all_the_same() -> None:
    cluster = running()
    cluster.world.freeze_guest(A, VM)
    cluster.order(VM, state=WantedState.SHUTDOWN)
    cluster.run(5.0)
    cluster.order(VM, state=WantedState.STOP)
    cluster.run_until(lambda: is_off(cluster), 20.0)


def test_no_more_moves_at_once_than_allowed() -> None:
    cluster = Cluster(A, B, C, parallel_moves=2)
    names = [f"vm{number}" for number in range(6)]
    for name in names:
        cluster.define(name, Wanted(state=WantedState.START, node=A, serial=1))
    cluster.run_until(lambda: all(cluster.seen(name).state is SeenState.RUNNING for name in names))
    for name in names:
        cluster.order(name, node=B, move=Move.MOVE)
    most = 0

    def all_there() -> bool:
        nonlocal most
        most = max(most, sum(1 for name in names if cluster.keys(name).transfer is not None))
        return all(cluster.seen(name).node == B for name in names)

    cluster.run_until(all_there)
    assert most == 2


def test_a_fenced_nodes_vm_is_taken_by_the_order_that_names_the_fence() -> None:
    cluster = running()
    cluster.nodes[A].kill()
    cluster.world.power_off(A)
    cluster.order(VM, node=B)
    cluster.run(30.0)
    assert cluster.world.runs_on(VM) == ()
    wanted = replace(cluster.keys(VM).wanted, fence="f1", serial=9)
    cluster.admin.apply([Write(LAYOUT.path("vm.wanted", vm=VM), wanted_data(wanted))], soon())
    cluster.run_until(lambda: is_running(cluster, B), 10.0)


def test_a_start_that_hangs_is_broken_off_by_a_stop() -> None:
    cluster = cluster_with(WantedState.STOP)
    cluster.nodes[A].hypervisor.hang_next(VM, Start)
    cluster.order(VM, state=WantedState.START)
    cluster.run(2.0)
    cluster.order(VM, state=WantedState.STOP)
    cluster.run(5.0)
    assert cluster.seen(VM).state is SeenState.STARTING
    cluster.run_until(lambda: is_off(cluster), 10.0)
    cluster.order(VM, state=WantedState.START)
    cluster.run_until(lambda: is_running(cluster, A), 5.0)


def test_a_slow_end_of_a_stray_does_not_hit_the_copy_that_arrives_meanwhile() -> None:
    cluster = running()
    there = cluster.nodes[B].hypervisor
    there.seconds.quick = 20.0
    there.add(VM, "vm-one", state=LocalState.PAUSED, pause=Pause.MOVE)
    cluster.run_until(lambda: Destroy in [type(job) for _, job in there.begun], 20.0)
    migrate(cluster)
    cluster.run_until(lambda: is_running(cluster, B), 15.0)
    arrived = there.host.domains[VM]
    cluster.run(30.0)
    assert there.host.domains.get(VM) is arrived


def test_a_start_that_was_held_up_is_withdrawn_when_another_node_has_taken_the_vm() -> None:
    cluster = cluster_with(WantedState.STOP)
    here = cluster.nodes[A].hypervisor
    here.seconds.start = 20.0
    cluster.order(VM, state=WantedState.START)
    cluster.run_until(lambda: bool(here.jobs()), 5.0)
    # A stands still and is fenced; B takes the VM over; A goes on where it stood.
    path = LAYOUT.path("vm.wanted", vm=VM)
    taken = replace(cluster.keys(VM).wanted, node=B, fence="f1", serial=9)
    cluster.admin.apply([Write(path, wanted_data(taken))], soon())
    cluster.run_until(lambda: is_running(cluster, B), 10.0)
    cluster.run(30.0)
    assert here.jobs() == {}
    not_twice(cluster)


def test_a_definition_that_names_another_vm_is_not_started() -> None:
    # Its process would be that other VM's second one.
    cluster = cluster_with(WantedState.STOP)
    xml = LAYOUT.path("vm.xml", vm=VM)
    text = cluster.keys(VM).xml.replace(f"<uuid>{VM}</uuid>", "<uuid>two</uuid>")
    cluster.admin.apply([Write(xml, text.encode())], soon())
    cluster.order(VM, state=WantedState.START)
    cluster.run_until(lambda: cluster.seen(VM).state is SeenState.FAILED, 5.0)
    cluster.run(5.0)
    assert cluster.nodes[A].hypervisor.begun == []
    assert "two" in cluster.seen(VM).reason
    mended = text.replace("<uuid>two</uuid>", f"<uuid>{VM}</uuid>")
    cluster.admin.apply([Write(xml, mended.encode())], soon())
    cluster.order(VM, state=WantedState.START)
    cluster.run_until(lambda: is_running(cluster, A), 5.0)
