"""Keepalive's actions, and its last word; only that last word waits, and not for long."""

import json
from typing import assert_never

from bus.messages import StopReason
from cluster.model.node import DaemonState
from cluster.records.fault_record import made_data
from cluster.schema.layout import Layout
from cluster.store.store import ANY_VERSION, Change, Check, Create, Delete, Store, Write
from runtime.clock import Clock
from runtime.deadline import Deadline
from runtime.errors import Refused, Unavailable
from runtime.log import get_logger
from workers.keepalive.actions import Action, NoteLate, Put, TakeSample
from workers.keepalive.cadence import slot_at
from workers.keepalive.decide import Own
from workers.keepalive.faults import fault_of
from workers.keepalive.in_flight import InFlight
from workers.keepalive.items import BEAT, DAEMON_STATE, FACTS, PRESENCE
from workers.keepalive.machine import Machine
from workers.keepalive.spec import LAST_BEAT_SECONDS
from workers.keepalive.writing import Way

log = get_logger(__name__)


class Actor:
    """Does what was decided."""

    def __init__(
        self,
        own: Own,
        layout: Layout,
        *,
        store: Store,
        in_flight: InFlight,
        machine: Machine,
        clock: Clock,
    ) -> None:
        self._own = own
        self._layout = layout
        self._paths = {
            item: layout.path(f"node.{item}", node=own.node)
            for item in (BEAT, DAEMON_STATE, FACTS, PRESENCE)
        }
        self._store = store
        self._in_flight = in_flight
        self._machine = machine
        self._clock = clock

    def act(self, action: Action) -> None:
        """Do one action; returns at once."""
        match action:
            case Put(item, way, text):
                self._in_flight.send(item, self._changes(item, way, text.encode()))
            case TakeSample():
                self._machine.ask()
            case NoteLate(slots):
                log.warning("beats_left_out", slots=slots)
            case _:
                assert_never(action)

    def finish(self, reason: StopReason) -> None:
        """Say goodbye when the node's daemon ends for good; nothing when it will be back."""
        if reason is not StopReason.LEAVING:
            return
        count = slot_at(self._clock.now(), self._own.interval_seconds)
        changes = [
            Write(self._paths[DAEMON_STATE], DaemonState.STOP.encode()),
            Write(self._paths[BEAT], f"{self._own.run_id} {count}".encode()),
        ]
        try:
            self._store.apply(changes, Deadline.after(LAST_BEAT_SECONDS, self._clock))
        except (Refused, Unavailable) as error:
            log.warning("last_beat_failed", reason=error.message)
        else:
            log.info("last_beat_sent", daemon_state=DaemonState.STOP)

    def _changes(self, item: str, way: Way, data: bytes) -> list[Change]:
        fault = fault_of(item)
        if fault is not None:
            return self._fault_changes(fault, way, data)
        path, is_ephemeral = self._paths[item], item == PRESENCE
        match way:
            case Way.WRITE:
                return [Write(path, data)]
            case Way.CREATE:
                return [Create(path, data, is_ephemeral)]
            case Way.REPLACE:
                return [Delete(path), Create(path, data, is_ephemeral)]
            case Way.VERIFY:
                return [Check(path, ANY_VERSION)]

    def _fault_changes(self, fault: str, way: Way, data: bytes) -> list[Change]:
        report = self._layout.path("fault.report", fault=fault)
        if way is Way.WRITE:
            return [Write(report, data)]
        log.warning("fault_reported", fault=fault)
        made = made_data(first_reported=json.loads(data)["last_reported"])
        return [Create(self._layout.path("fault", fault=fault), made), Create(report, data)]
