"""One live migration, from asking the target's libvirt in to exactly one copy that goes on.

Invariants: the target is asked before anything is begun, and the guest too: one that answers
nothing would be sent later, when nobody expects it. The copy arrives held; it is let go at the
instant in which the source's process is past return, and then only when it is whole. Whatever goes
otherwise is settled by what both nodes say.
"""

import threading
from typing import Any, Final

import libvirt

from runtime.clock import SYSTEM_CLOCK
from runtime.deadline import Deadline
from runtime.errors import DeadlineExceeded, Unavailable
from workers.vm import jobs
from workers.vm.child import processes
from workers.vm.child.libvirt_connection import in_thread
from workers.vm.child.libvirt_progress import Progress
from workers.vm.child.libvirt_sides import Source, Target
from workers.vm.child.settlement import Settlement
from workers.vm.child.settling import Side
from workers.vm.job_lines import Surroundings
from workers.vm.jobs import Ending

Ended = tuple[Ending, str]

TARGET_SECONDS: Final = 5.0
"""How long the target's libvirt may take to let us in, and the guest's process to answer."""
_ABORT_SECONDS: Final = 15.0
_LOOK_SECONDS: Final = 0.003
_FLAGS: Final = (
    libvirt.VIR_MIGRATE_LIVE
    | libvirt.VIR_MIGRATE_PEER2PEER
    | libvirt.VIR_MIGRATE_PAUSED
    | libvirt.VIR_MIGRATE_AUTO_CONVERGE
)


def do(around: Surroundings, job: jobs.Migrate | jobs.Settle) -> Ended:
    """Do one of them."""
    source, target = Source(around.uri, job.uuid), Target(job.to_uri, job.uuid)
    if isinstance(job, jobs.Settle):
        return Settlement(source, target).run(job.seconds)
    try:
        target.connect(TARGET_SECONDS)
    except Unavailable as error:
        return Ending.STAYED, error.message
    return _migrate(source, target, job)


def _migrate(source: Source, target: Target, job: jobs.Migrate) -> Ended:
    domain = source.domain()
    if domain is None:
        return Settlement(source, target).run(job.seconds)
    if source.ask(domain.state)[0] == libvirt.VIR_DOMAIN_PAUSED:
        return Ending.REFUSED, "it is paused, so it cannot be sent live"
    if target.look() not in (Side.GONE, Side.UNKNOWN):
        # What an earlier migration has left, or one that is under way.
        ending, reason = Settlement(source, target, is_stale=True).run(job.seconds)
        if ending is not Ending.STAYED:
            return ending, reason
    if not _answers(domain):
        return Ending.STAYED, f"its process does not answer for {TARGET_SECONDS:g} s"
    move = _Move(domain, job)
    if move.run() and _let_go(target):
        return Ending.LEFT, ""
    ending, reason = Settlement(source, target, is_stale=move.has_failed).run(_ABORT_SECONDS)
    return ending, "; ".join(part for part in (move.error, reason) if part)


def _answers(domain: Any) -> bool:
    """Whether the guest's process answers libvirt now."""
    try:
        in_thread(domain.memoryStats, TARGET_SECONDS)
    except DeadlineExceeded:
        return False
    except libvirt.libvirtError as error:
        return bool(error.get_error_code() != libvirt.VIR_ERR_OPERATION_TIMEOUT)
    return True


def _let_go(target: Target) -> bool:
    """Let the copy run, the source's process being past return; False unless it is whole."""
    try:
        if target.look() is not Side.HELD:
            return False
        target.resume()
        return target.look() is Side.RUNNING
    except Unavailable:
        return False


def _is_connected(domain: Any) -> bool:
    try:
        return bool(domain.connect().isAlive() == 1)
    except libvirt.libvirtError:
        return False


class _Move:
    """The call of libvirt that sends it, watched from outside."""

    def __init__(self, domain: Any, job: jobs.Migrate) -> None:
        self.error = ""
        self.has_failed = False
        """Libvirt itself says so: it has let the source go on."""
        self._domain = domain
        self._job = job
        self._is_over = threading.Event()
        self._progress = Progress(domain, job.max_downtime_ms)

    def run(self) -> bool:
        """Send it; True as soon as its process here is past return, False when that is not so
        although the call is over, or could not be broken off in time."""
        pid = processes.find_qemu(self._job.uuid)
        threading.Thread(target=self._call, daemon=True).start()
        threading.Thread(target=self._progress.run, daemon=True).start()
        deadline, is_broken_off = Deadline.after(self._job.seconds), False
        while not self._is_over.wait(_LOOK_SECONDS):
            if pid is not None and processes.is_ending(pid):
                return True
            if is_broken_off and deadline.is_over:
                return False
            if not is_broken_off and (why := self._why_break_off(deadline)):
                is_broken_off, deadline = True, Deadline.after(_ABORT_SECONDS)
                self.error = why
                threading.Thread(target=self._abort, daemon=True).start()
        return not self.has_failed and pid is not None and processes.is_ending(pid)

    def _why_break_off(self, deadline: Deadline) -> str:
        if deadline.is_over:
            return f"it was not done in {self._job.seconds:.0f} s"
        return self._progress.stalled()

    def _call(self) -> None:
        try:
            self._domain.migrateToURI3(self._job.to_uri, {}, _FLAGS)
        except libvirt.libvirtError as error:
            self.error = self.error or str(error)
            # A connection that is lost says nothing of the migration.
            self.has_failed = _is_connected(self._domain)
        self._progress.end()
        self._is_over.set()

    def _abort(self) -> None:
        try:
            self._domain.abortJob()
        except libvirt.libvirtError:
            # It is over, or libvirt is away: what follows is seen, not concluded from this.
            SYSTEM_CLOCK.sleep(0)
