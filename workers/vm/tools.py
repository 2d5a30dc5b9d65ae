"""What carrying out an action needs.

Invariant: that somebody was faster is no error: nothing is done, and the next round decides anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bus.ends import Outgoing
from cluster.schema.layout import Layout
from cluster.store.store import Change, Store
from runtime.clock import Clock
from runtime.deadline import Deadline
from runtime.errors import Conflict, NotFound
from runtime.log import get_logger
from workers.vm.hypervisor import Hypervisor
from workers.vm.jobs import Job

log = get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """The adapters of this worker, and how long a call of the store may take."""

    node: str
    """This node."""
    store: Store
    layout: Layout
    hypervisor: Hypervisor
    outgoing: Outgoing
    clock: Clock
    call_seconds: float

    def deadline(self) -> Deadline:
        """Return the deadline of what is done next."""
        return Deadline.after(self.call_seconds, self.clock)


def begin(tools: Tools, vm: str, job: Job) -> bool:
    """Begin a job; False when another one is on the VM."""
    try:
        tools.hypervisor.begin(vm, job)
    except Conflict as error:
        log.debug("job_deferred", vm=vm, job=type(job).__name__, reason=error.message)
        return False
    log.info("job_begun", vm=vm, job=type(job).__name__)
    return True


def apply(tools: Tools, changes: Sequence[Change]) -> bool:
    """Make all changes or none; False when somebody else was faster."""
    try:
        tools.store.apply(changes, tools.deadline())
    except (Conflict, NotFound) as error:
        log.debug("premise_changed", reason=error.message)
        return False
    return True
