"""What carrying out an action needs."""

from dataclasses import dataclass

from bus.ends import Outgoing
from cluster.schema.layout import Layout
from cluster.store.store import Store
from runtime.clock import Clock
from runtime.deadline import Deadline
from workers.vm.hypervisor import Hypervisor


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
