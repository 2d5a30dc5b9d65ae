"""Messages, the session and the machine to what keepalive sees; never waits."""

from collections.abc import Mapping
from typing import Any, Final

from bus.messages import ChildState, Envelope, Facts, TreeState
from cluster.records.fault_record import time_text
from cluster.store.store import Store
from runtime.clock import Clock, Instant
from workers.keepalive.in_flight import InFlight
from workers.keepalive.machine import Machine
from workers.keepalive.seen import Child, Seen, Tree, VmSums

ROOT: Final = "supervisor"
VM: Final = "vm"
_MOST_WORKERS: Final = 64
"""No more are remembered, whatever arrives on the bus."""


class Observer:
    """Keeps the last word of each worker and of the root."""

    def __init__(self, *, store: Store, in_flight: InFlight, machine: Machine, clock: Clock):
        self._store = store
        self._in_flight = in_flight
        self._machine = machine
        self._clock = clock
        self._tree: Tree | None = None
        self._vms: VmSums | None = None
        self._facts_at: dict[str, Instant] = {}

    def hear(self, envelope: Envelope) -> bool:
        """Take a message in; True when the tree has come into another state."""
        message = envelope.message
        if not isinstance(message, Facts):
            return False
        # A sender's clock is ours; a time to come would make facts look fresh for ever.
        at = min(envelope.at, self._clock.now())
        if message.worker != ROOT:
            if message.worker in self._facts_at or len(self._facts_at) < _MOST_WORKERS:
                self._facts_at[message.worker] = at
            if message.worker == VM:
                self._vms = _vm_sums(message.values, at) or self._vms
            return False
        tree = _tree(message.values, at)
        if tree is None:
            return False
        is_other = self._tree is None or self._tree.state is not tree.state
        self._tree = tree
        return is_other

    def observe(self) -> Seen:
        """Return what is known now."""
        session = self._store.session()
        return Seen(
            session=session,
            answers=self._in_flight.answers(session),
            tree=self._tree,
            facts_at=dict(self._facts_at),
            sample=self._machine.latest(),
            vms=self._vms,
            wall=time_text(self._clock.wall()),
        )


def _tree(values: Mapping[str, Any], at: Instant) -> Tree | None:
    """Return what the root told, None when it is not understood."""
    try:
        workers = list(values.get("workers", {}).items())[:_MOST_WORKERS]
        return Tree(
            at=at,
            state=TreeState(values["tree"]),
            schema_note=str(values.get("schema", "")),
            children={str(name): _child(child) for name, child in workers},
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def _child(values: Mapping[str, Any]) -> Child:
    return Child(
        state=ChildState(values["state"]),
        restarts=int(values.get("restarts", 0)),
        reason=str(values.get("reason", ""))[:500],
    )


def _vm_sums(values: Mapping[str, Any], at: Instant) -> VmSums | None:
    """Return the sums of the VMs here, None when they are not understood."""
    try:
        hypervisor = values.get("hypervisor") or {}
        silent = float(hypervisor["seconds"]) if hypervisor.get("trouble") else 0.0
        return VmSums(
            # What a silent hypervisor told before is as old as its silence.
            at=Instant(at - max(0.0, silent)),
            memory_allocated_mb=int(values["memory_allocated_mb"]),
            memory_provisioned_mb=int(values["memory_provisioned_mb"]),
            vcpus_allocated=int(values["vcpus_allocated"]),
            vms_running=int(values["vms_running"]),
        )
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError):
        return None
