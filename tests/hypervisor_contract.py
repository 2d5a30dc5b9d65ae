"""What every `Hypervisor` keeps; run on the fake and on real libvirt by subclasses.

Figures of seconds are the adapter's promises; real ones may take twice as long on a busy machine.
"""

from dataclasses import replace

import pytest

from runtime.errors import Conflict
from tests.hypervisor_beds import Bed, Guest, is_running
from workers.vm import jobs
from workers.vm.jobs import Ending, Job, JobState
from workers.vm.local import EndKind, LocalState, Pause

ONE, TWO = "hv1", "hv2"


def start(guest: Guest) -> jobs.Start:
    return jobs.Start(uuid=guest.uuid, xml=guest.xml, volumes=guest.volumes)


class Spoken:
    """How a hypervisor is spoken with."""

    def do(self, bed: Bed, node: str, guest: Guest, job: Job, seconds: float = 60.0) -> JobState:
        bed.hypervisor(node).begin(guest.uuid, job)
        return self.ended(bed, node, guest, seconds)

    def ended(self, bed: Bed, node: str, guest: Guest, seconds: float = 60.0) -> JobState:
        """Wait for a job's end and forget it."""
        hypervisor = bed.hypervisor(node)
        bed.wait(lambda: hypervisor.jobs()[guest.uuid].ending is not None, seconds, "the job's end")
        state = hypervisor.jobs()[guest.uuid]
        hypervisor.forget(guest.uuid)
        return state

    def run(self, bed: Bed, number: int, options: str = "") -> Guest:
        """Return a VM that runs on the first node."""
        guest = bed.guest(number, options)
        assert self.do(bed, ONE, guest, start(guest)).ending is Ending.DONE
        self.is_seen(bed, ONE, guest)
        return guest

    def is_seen(self, bed: Bed, node: str, guest: Guest, seconds: float = 5.0) -> None:
        bed.wait(
            lambda: is_running(bed.hypervisor(node).sight(), guest), seconds, f"{guest.name} here"
        )

    def is_not_seen(self, bed: Bed, node: str, guest: Guest, seconds: float = 10.0) -> None:
        bed.wait(
            lambda: guest.uuid not in bed.hypervisor(node).sight().vms,
            seconds,
            f"the end of {guest.name}",
        )


class HypervisorContract(Spoken):
    """The suite; `bed` is a fixture of the subclass."""

    # One VM on one node.

    def test_a_vm_is_started_seen_and_ended(self, bed: Bed) -> None:
        guest = self.run(bed, 1)
        local = bed.hypervisor(ONE).sight().vms[guest.uuid]
        assert (local.name, local.pause) == (guest.name, Pause.NONE)
        assert local.memory_mb > 0 and local.vcpus == 1
        assert self.do(bed, ONE, guest, jobs.Destroy(uuid=guest.uuid)).ending is Ending.DONE
        self.is_not_seen(bed, ONE, guest)
        assert bed.hypervisor(ONE).sight().ended[guest.uuid].kind is EndKind.DESTROYED
        assert bed.runs_on(guest) == set()

    def test_a_vm_that_runs_is_started_already(self, bed: Bed) -> None:
        guest = self.run(bed, 1)
        assert self.do(bed, ONE, guest, start(guest)).ending is Ending.DONE
        assert bed.runs_on(guest) == {ONE}

    def test_a_vm_that_is_off_is_ended_already(self, bed: Bed) -> None:
        guest = bed.guest(1)
        assert self.do(bed, ONE, guest, jobs.Destroy(uuid=guest.uuid)).ending is Ending.DONE
        assert self.do(bed, ONE, guest, jobs.Shutdown(uuid=guest.uuid)).ending is Ending.DONE

    def test_a_guest_ends_when_it_is_asked_to(self, bed: Bed) -> None:
        guest = self.run(bed, 1)
        bed.await_written(ONE, guest)

        def ask_again() -> bool:
            if guest.uuid in bed.hypervisor(ONE).sight().vms:
                job = self.do(bed, ONE, guest, jobs.Shutdown(uuid=guest.uuid))
                assert job.ending is Ending.DONE
                bed.let_pass(1.0)
            return guest.uuid not in bed.hypervisor(ONE).sight().vms

        bed.wait(ask_again, 30.0, "the guest's end")
        assert bed.hypervisor(ONE).sight().ended[guest.uuid].kind is EndKind.SHUTDOWN

    def test_what_is_no_definition_is_refused_with_the_reason(self, bed: Bed) -> None:
        guest = bed.guest(1)
        job = jobs.Start(uuid=guest.uuid, xml="<domain", volumes=guest.volumes)
        state = self.do(bed, ONE, guest, job)
        assert (state.ending, bool(state.reason)) == (Ending.REFUSED, True)

    def test_a_second_job_on_a_vm_is_refused_until_the_first_is_forgotten(self, bed: Bed) -> None:
        guest = bed.guest(1)
        hypervisor = bed.hypervisor(ONE)
        hypervisor.begin(guest.uuid, start(guest))
        with pytest.raises(Conflict):
            hypervisor.begin(guest.uuid, jobs.Destroy(uuid=guest.uuid))
        self.ended(bed, ONE, guest)
        hypervisor.begin(guest.uuid, jobs.Destroy(uuid=guest.uuid))
        self.ended(bed, ONE, guest)
        assert dict(hypervisor.jobs()) == {}

    def test_a_guest_whose_process_is_killed_has_crashed_and_starts_again(self, bed: Bed) -> None:
        guest = self.run(bed, 1)
        bed.await_written(ONE, guest)
        bed.kill(ONE, guest)
        self.is_not_seen(bed, ONE, guest)
        end = bed.hypervisor(ONE).sight().ended[guest.uuid]
        assert end.kind is EndKind.CRASHED and end.reason
        assert self.do(bed, ONE, guest, start(guest)).ending is Ending.DONE
        self.is_seen(bed, ONE, guest)
        assert guest.uuid not in bed.hypervisor(ONE).sight().ended

    def test_a_volume_locked_on_another_node_keeps_a_vm_from_starting(self, bed: Bed) -> None:
        guest = self.run(bed, 1)
        bed.await_written(ONE, guest)
        state = self.do(bed, TWO, guest, start(guest))
        assert state.ending is Ending.REFUSED
        assert guest.volumes[0] in state.reason
        assert bed.runs_on(guest) == {ONE}

    def test_a_fenced_nodes_lock_goes_only_when_ceph_has_shut_the_node_out(self, bed: Bed) -> None:
        guest = self.run(bed, 1)
        bed.await_written(ONE, guest)
        bed.kill(ONE, guest)
        after_fence = replace(start(guest), is_fenced=True)
        assert self.do(bed, TWO, guest, start(guest)).ending is Ending.REFUSED
        assert self.do(bed, TWO, guest, after_fence).ending is Ending.REFUSED
        bed.shut_out(ONE, guest)
        assert self.do(bed, TWO, guest, start(guest)).ending is Ending.REFUSED
        assert self.do(bed, TWO, guest, after_fence).ending is Ending.DONE
        assert bed.runs_on(guest) == {TWO}

    def test_a_device_is_plugged_in_and_out_and_both_twice(self, bed: Bed) -> None:
        guest = self.run(bed, 1)
        bed.await_written(ONE, guest)
        for is_attach in (True, True, False, False):
            job = jobs.ChangeDevice(uuid=guest.uuid, xml=bed.device(guest), is_attach=is_attach)
            state = self.do(bed, ONE, guest, job)
            assert state.ending is Ending.DONE, state.reason

    def test_what_does_not_run_here_cannot_be_changed(self, bed: Bed) -> None:
        guest = bed.guest(1)
        job = jobs.ChangeDevice(uuid=guest.uuid, xml=bed.device(guest), is_attach=True)
        state = self.do(bed, ONE, guest, job)
        assert state.ending is Ending.REFUSED

    def test_volumes_are_removed_and_removing_them_again_is_no_error(self, bed: Bed) -> None:
        guest = bed.guest(1)
        job = jobs.RemoveVolumes(uuid=guest.uuid, volumes=guest.volumes)
        assert self.do(bed, ONE, guest, job).ending is Ending.DONE
        assert self.do(bed, ONE, guest, job).ending is Ending.DONE

    def test_running_vms_are_measured(self, bed: Bed) -> None:
        guest = self.run(bed, 1)
        hypervisor = bed.hypervisor(ONE)
        bed.wait(lambda: guest.uuid in hypervisor.statistics().vms, 10.0, "figures")
        values = hypervisor.statistics().vms[guest.uuid].values
        assert values["state"] == "running" and values["cpus"] == 1

    # A guest, or libvirt, that answers nothing.

    def test_a_frozen_guest_is_known_and_hinders_no_other(self, bed: Bed) -> None:
        frozen, other = self.run(bed, 1), self.run(bed, 2)
        hypervisor = bed.hypervisor(ONE)
        both = {frozen.uuid, other.uuid}
        bed.wait(lambda: both <= set(hypervisor.statistics().vms), 10.0, "figures of both")
        bed.freeze(ONE, frozen)
        bed.wait(lambda: frozen.uuid in hypervisor.statistics().frozen_since, 25.0, "the fault")
        froze_at = hypervisor.statistics().frozen_since[frozen.uuid]
        then = hypervisor.statistics().vms[other.uuid].at
        bed.wait(
            lambda: hypervisor.statistics().vms[other.uuid].at > then, 15.0, "figures of the other"
        )
        assert set(hypervisor.statistics().frozen_since) == {frozen.uuid}
        assert hypervisor.statistics().vms[frozen.uuid].at <= froze_at
        assert is_running(hypervisor.sight(), frozen) and not hypervisor.sight().trouble
        assert self.do(bed, ONE, other, jobs.Destroy(uuid=other.uuid)).ending is Ending.DONE
        bed.thaw(ONE, frozen)
        bed.wait(lambda: not hypervisor.statistics().frozen_since, 15.0, "the end of the fault")

    def test_a_frozen_guest_can_be_ended(self, bed: Bed) -> None:
        guest = self.run(bed, 1)
        bed.freeze(ONE, guest)
        assert self.do(bed, ONE, guest, jobs.Destroy(uuid=guest.uuid), 30.0).ending is Ending.DONE
        self.is_not_seen(bed, ONE, guest)

    def test_a_job_on_a_frozen_guest_fails_or_is_abandoned(self, bed: Bed) -> None:
        guest = self.run(bed, 1)
        bed.freeze(ONE, guest)
        hypervisor = bed.hypervisor(ONE)
        hypervisor.begin(guest.uuid, jobs.Shutdown(uuid=guest.uuid))
        bed.let_pass(2.0)
        assert hypervisor.jobs()[guest.uuid].ending is None
        hypervisor.forget(guest.uuid)
        assert self.do(bed, ONE, guest, jobs.Destroy(uuid=guest.uuid), 45.0).ending is Ending.DONE

    def test_a_libvirt_that_hangs_is_trouble_and_well_again_after(self, bed: Bed) -> None:
        guest = self.run(bed, 1)
        hypervisor = bed.hypervisor(ONE)
        bed.hang_libvirt(ONE)
        bed.wait(lambda: hypervisor.sight().trouble, 8.0, "the trouble")
        sight = hypervisor.sight()
        assert is_running(sight, guest), "what was seen last is kept"
        assert sight.at is not None and bed.now(ONE) - sight.at > 3.0
        assert sight.trouble_since is not None
        bed.go_on(ONE)
        bed.wait(lambda: not hypervisor.sight().trouble, 15.0, "the end of the trouble")
        assert is_running(hypervisor.sight(), guest)

    def test_a_libvirt_that_is_killed_costs_no_guest(self, bed: Bed) -> None:
        guest = self.run(bed, 1)
        hypervisor = bed.hypervisor(ONE)
        then = bed.now(ONE)
        bed.kill_libvirt(ONE)
        bed.wait(
            lambda: (hypervisor.sight().at or 0.0) > then + 1.5 and not hypervisor.sight().trouble,
            30.0,
            "a new look",
        )
        assert is_running(hypervisor.sight(), guest)

    def test_states_are_told_apart(self, bed: Bed) -> None:
        guest = self.run(bed, 1)
        bed.pause(ONE, guest)
        bed.wait(
            lambda: bed.hypervisor(ONE).sight().vms[guest.uuid].state is LocalState.PAUSED,
            5.0,
            "the pause",
        )
        assert bed.hypervisor(ONE).sight().vms[guest.uuid].pause is Pause.USER
