"""What every `Hypervisor` keeps of live migration, whatever happens meanwhile."""

from tests.hypervisor_beds import Bed, Guest
from tests.hypervisor_contract import ONE, TWO, Spoken
from workers.vm import jobs
from workers.vm.jobs import Ending
from workers.vm.local import EndKind, Pause


def migrate(bed: Bed, guest: Guest, to: str = TWO, seconds: float = 90.0) -> jobs.Migrate:
    return jobs.Migrate(uuid=guest.uuid, to_uri=bed.uri(to), max_downtime_ms=300, seconds=seconds)


def settle(bed: Bed, guest: Guest, seconds: float = 60.0) -> jobs.Settle:
    return jobs.Settle(uuid=guest.uuid, to_uri=bed.uri(TWO), seconds=seconds)


class MoveContract(Spoken):
    """The suite; `bed` is a fixture of the subclass."""

    def runs_only_on(self, bed: Bed, node: str, guest: Guest) -> None:
        bed.wait(lambda: bed.runs_on(guest) == {node}, 10.0, f"{guest.name} on {node} alone")
        other = TWO if node == ONE else ONE
        self.is_not_seen(bed, other, guest, 30.0)

    def is_under_way(self, bed: Bed, guest: Guest) -> None:
        """Wait until a live migration to the second node really sends."""
        bed.wait(
            lambda: guest.uuid in bed.hypervisor(TWO).sight().vms, 20.0, "a copy on the target"
        )
        bed.let_pass(1.5)

    def test_a_vm_moves(self, bed: Bed) -> None:
        guest = self.run(bed, 1)
        state = self.do(bed, ONE, guest, migrate(bed, guest))
        assert (state.ending, state.percent) == (Ending.LEFT, 100)
        assert bed.runs_on(guest) == {TWO}
        self.is_seen(bed, TWO, guest)
        self.is_not_seen(bed, ONE, guest)
        assert bed.hypervisor(ONE).sight().ended[guest.uuid].kind is EndKind.MIGRATED

    def test_a_move_is_broken_off(self, bed: Bed) -> None:
        guest = self.run(bed, 1)
        bed.slow_down(ONE, guest)
        hypervisor = bed.hypervisor(ONE)
        hypervisor.begin(guest.uuid, migrate(bed, guest))
        self.is_under_way(bed, guest)
        assert bed.hypervisor(TWO).sight().vms[guest.uuid].pause is Pause.MOVE
        hypervisor.begin(guest.uuid, jobs.AbortMove(uuid=guest.uuid))
        assert self.ended(bed, ONE, guest).ending is Ending.STAYED
        self.runs_only_on(bed, ONE, guest)

    def test_a_move_that_takes_too_long_is_broken_off(self, bed: Bed) -> None:
        guest = self.run(bed, 1)
        bed.slow_down(ONE, guest)
        state = self.do(bed, ONE, guest, migrate(bed, guest, seconds=4.0))
        assert state.ending is Ending.STAYED and state.reason
        self.runs_only_on(bed, ONE, guest)

    def test_a_move_to_a_libvirt_that_hangs_is_not_begun(self, bed: Bed) -> None:
        guest = self.run(bed, 1)
        bed.hang_libvirt(TWO)
        state = self.do(bed, ONE, guest, migrate(bed, guest), 15.0)
        assert state.ending is Ending.STAYED and state.reason
        bed.go_on(TWO)
        self.runs_only_on(bed, ONE, guest)

    def test_a_targets_libvirt_hangs_in_the_middle(self, bed: Bed) -> None:
        guest = self.run(bed, 1)
        bed.slow_down(ONE, guest)
        bed.hypervisor(ONE).begin(guest.uuid, migrate(bed, guest))
        self.is_under_way(bed, guest)
        bed.hang_libvirt(TWO)
        state = self.ended(bed, ONE, guest, 60.0)
        assert state.ending is Ending.STAYED
        assert bed.runs_on_here(ONE, guest)
        bed.go_on(TWO)
        self.runs_only_on(bed, ONE, guest)

    def test_a_targets_copy_is_killed_in_the_middle(self, bed: Bed) -> None:
        guest = self.run(bed, 1)
        bed.slow_down(ONE, guest)
        bed.hypervisor(ONE).begin(guest.uuid, migrate(bed, guest))
        self.is_under_way(bed, guest)
        bed.kill(TWO, guest)
        assert self.ended(bed, ONE, guest).ending is Ending.STAYED
        self.runs_only_on(bed, ONE, guest)

    def test_a_targets_libvirt_is_killed_in_the_middle(self, bed: Bed) -> None:
        guest = self.run(bed, 1)
        bed.slow_down(ONE, guest)
        bed.hypervisor(ONE).begin(guest.uuid, migrate(bed, guest))
        self.is_under_way(bed, guest)
        bed.kill_libvirt(TWO)
        assert self.ended(bed, ONE, guest, 60.0).ending is Ending.STAYED
        self.runs_only_on(bed, ONE, guest)

    def test_the_sources_libvirt_is_killed_in_the_middle(self, bed: Bed) -> None:
        guest = self.run(bed, 1)
        bed.slow_down(ONE, guest)
        bed.hypervisor(ONE).begin(guest.uuid, migrate(bed, guest))
        self.is_under_way(bed, guest)
        bed.kill_libvirt(ONE)
        state = self.ended(bed, ONE, guest, 60.0)
        if state.ending is Ending.UNCERTAIN:
            state = self.do(bed, ONE, guest, settle(bed, guest), 90.0)
        assert state.ending is Ending.STAYED
        self.runs_only_on(bed, ONE, guest)

    def test_the_sources_libvirt_hangs_in_the_middle(self, bed: Bed) -> None:
        guest = self.run(bed, 1)
        bed.slow_down(ONE, guest)
        bed.hypervisor(ONE).begin(guest.uuid, migrate(bed, guest))
        self.is_under_way(bed, guest)
        bed.hang_libvirt(ONE)
        bed.let_pass(8.0)
        bed.go_on(ONE)
        bed.speed_up(ONE, guest)
        state = self.ended(bed, ONE, guest, 150.0)
        while state.ending is Ending.UNCERTAIN:
            state = self.do(bed, ONE, guest, settle(bed, guest, 120.0), 200.0)
        assert state.ending in (Ending.LEFT, Ending.STAYED)
        self.runs_only_on(bed, TWO if state.ending is Ending.LEFT else ONE, guest)

    def test_a_job_killed_in_the_middle_is_settled_by_another(self, bed: Bed) -> None:
        guest = self.run(bed, 1)
        bed.slow_down(ONE, guest)
        bed.hypervisor(ONE).begin(guest.uuid, migrate(bed, guest))
        self.is_under_way(bed, guest)
        bed.kill_job(ONE, guest)
        assert self.ended(bed, ONE, guest).ending is Ending.UNCERTAIN
        bed.hypervisor(ONE).begin(guest.uuid, settle(bed, guest, 150.0))
        bed.let_pass(2.0)
        assert bed.hypervisor(ONE).jobs()[guest.uuid].ending is None, "it still runs"
        bed.speed_up(ONE, guest)
        state = self.ended(bed, ONE, guest, 90.0)
        assert state.ending is Ending.LEFT
        self.runs_only_on(bed, TWO, guest)

    def test_settling_breaks_off_what_takes_too_long(self, bed: Bed) -> None:
        guest = self.run(bed, 1)
        bed.slow_down(ONE, guest)
        bed.hypervisor(ONE).begin(guest.uuid, migrate(bed, guest))
        self.is_under_way(bed, guest)
        bed.hypervisor(ONE).forget(guest.uuid)
        state = self.do(bed, ONE, guest, settle(bed, guest, 2.0), 60.0)
        assert state.ending is Ending.STAYED
        self.runs_only_on(bed, ONE, guest)

    def test_a_frozen_guest_is_not_sent(self, bed: Bed) -> None:
        guest = self.run(bed, 1)
        bed.freeze(ONE, guest)
        state = self.do(bed, ONE, guest, migrate(bed, guest), 45.0)
        assert state.ending is Ending.STAYED and state.reason
        bed.thaw(ONE, guest)
        self.runs_only_on(bed, ONE, guest)

    def test_a_guest_that_freezes_while_it_is_sent_ends_up_on_one_node(self, bed: Bed) -> None:
        guest = self.run(bed, 1)
        bed.slow_down(ONE, guest)
        bed.hypervisor(ONE).begin(guest.uuid, migrate(bed, guest, seconds=30.0))
        self.is_under_way(bed, guest)
        bed.freeze(ONE, guest)
        bed.let_pass(5.0)
        bed.thaw(ONE, guest)
        bed.speed_up(ONE, guest)
        state = self.ended(bed, ONE, guest, 120.0)
        assert state.ending in (Ending.LEFT, Ending.STAYED)
        self.runs_only_on(bed, TWO if state.ending is Ending.LEFT else ONE, guest)

    def test_of_a_vm_that_was_never_sent_settling_says_that_it_is_here(self, bed: Bed) -> None:
        guest = self.run(bed, 1)
        assert self.do(bed, ONE, guest, settle(bed, guest)).ending is Ending.STAYED
        assert bed.runs_on(guest) == {ONE}

    def test_of_a_vm_that_is_nowhere_settling_says_so(self, bed: Bed) -> None:
        guest = bed.guest(1)
        assert self.do(bed, ONE, guest, settle(bed, guest)).ending is Ending.LOST

    def test_a_paused_vm_is_not_sent_live(self, bed: Bed) -> None:
        guest = self.run(bed, 1)
        bed.pause(ONE, guest)
        state = self.do(bed, ONE, guest, migrate(bed, guest))
        assert state.ending is Ending.REFUSED
        assert self.do(bed, ONE, guest, jobs.Resume(uuid=guest.uuid)).ending is Ending.DONE
        self.is_seen(bed, ONE, guest)
