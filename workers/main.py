"""The start and the end of every worker process.

Invariants: it dies with the root; it beats before anything outside has answered; it always ends
with a code that says why (0 told to, 78 the operator must act, 70 our bug); nothing, a library's
thread included, holds up its end.
"""

import gc
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final, NoReturn

import setproctitle

from bus.ends import Outgoing
from bus.log_lines import onto_the_bus
from bus.messages import Beat, StopReason
from bus.publisher import Publisher
from bus.subscriber import Subscriber
from bus.topics import Topic, address
from bus.wake import Wake
from cluster.store.store import Store
from runtime.clock import SYSTEM_CLOCK, Clock, later
from runtime.config.node import StoreSection
from runtime.errors import ConfigError
from runtime.exitcode import ExitCode
from runtime.log import add_sink, get_logger, set_up_logging
from workers.loop import Loop, Pace, Parts
from workers.orders import WorkerOrders
from workers.parent import die_with_parent, is_child_of
from workers.priority import take_priority
from workers.schema_guard import SchemaGuard
from workers.spec import WorkerSpec

log = get_logger(__name__)

_HEARD_WITHIN_SECONDS: Final = 0.3
"""How long the first beat waits for the root to listen on the bus."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a worker is assembled from."""

    orders: WorkerOrders
    spec: WorkerSpec
    store: Store
    outgoing: Outgoing
    wake: Wake
    """To be set by the callbacks of libraries."""
    clock: Clock


Assemble = Callable[[Context], Parts[Any, Any, Any]]
OpenStore = Callable[[StoreSection], Store]


def main(
    spec: WorkerSpec, assemble: Assemble, open_store: OpenStore, interests: tuple[str, ...] = ()
) -> NoReturn:
    """Be a worker until told to end; `interests` are the bus addresses it listens to."""
    die_with_parent()
    try:
        code = _run(spec, assemble, open_store, interests)
    except ConfigError as error:
        log.error("configuration_refused", error=error, faults="; ".join(error.faults))
        code = ExitCode.CONFIG
    except Exception as error:
        log.exception("worker_failed", error)  # noqa: PLE1205 - our own logger
        code = ExitCode.OUR_BUG
    sys.stderr.flush()
    # Threads of libraries that hang must not keep a worker that has ended.
    os._exit(code)


def _run(
    spec: WorkerSpec, assemble: Assemble, open_store: OpenStore, interests: tuple[str, ...]
) -> ExitCode:
    setproctitle.setproctitle(spec.title)
    set_up_logging(debug=False, worker=spec.name)
    orders = WorkerOrders.from_json(sys.stdin.read())
    if not is_child_of(orders.root_pid):
        return ExitCode.UNAVAILABLE
    set_up_logging(debug=orders.config.debug, node=orders.config.node, worker=spec.name)
    signals = _Signals()
    priority = take_priority(spec)
    directory = orders.config.directories.runtime
    publisher = Publisher(directory, spec.name)
    lines = Publisher(directory, spec.name)
    add_sink(onto_the_bus(spec.name, lines))
    subscriber = Subscriber(directory, [address(Topic.CONTROL, spec.name), *interests])
    subscriber.wake_on(signals.wake.fileno())
    store = open_store(orders.config.store)
    parts = _parts(_context(orders, spec, store, publisher, signals.wake), assemble)
    gc.collect()
    # What is there now stays: later collections need not walk it, nor stop us for it.
    gc.freeze()
    publisher.wait_until_heard(Topic.BEAT, later(SYSTEM_CLOCK.now(), _HEARD_WITHIN_SECONDS))
    log.info("worker_started", incarnation=orders.incarnation, priority=priority)
    reason = _loop(spec, subscriber, signals).run(parts, _beat(publisher, orders, lines))
    log.info("worker_ended", reason=reason)
    store.close()
    return ExitCode.OK


def _context(
    orders: WorkerOrders, spec: WorkerSpec, store: Store, outgoing: Outgoing, wake: Wake
) -> Context:
    return Context(
        orders=orders, spec=spec, store=store, outgoing=outgoing, wake=wake, clock=SYSTEM_CLOCK
    )


def _parts(context: Context, assemble: Assemble) -> Parts[Any, Any, Any]:
    parts = assemble(context)
    if not context.spec.needs_current_schema:
        return parts
    guard = SchemaGuard(
        context.store,
        context.orders.schema_version,
        call_seconds=context.orders.config.timing.store_call_seconds,
        clock=context.clock,
        wake=context.wake.set,
    )
    return replace(parts, hold=guard.why_not)


def _loop(spec: WorkerSpec, subscriber: Subscriber, signals: "_Signals") -> Loop:
    return Loop(
        worker=spec.name,
        incoming=subscriber,
        clock=SYSTEM_CLOCK,
        pace=Pace(longest_wait_seconds=spec.beat_timeout_seconds / 3),
        asked=signals.reason,
        woken=signals.wake.clear,
    )


def _beat(
    publisher: Publisher, orders: WorkerOrders, lines: Publisher
) -> Callable[[int, str], None]:
    def beat(number: int, note: str) -> None:
        publisher.send(
            Topic.BEAT,
            orders.worker,
            Beat(worker=orders.worker, incarnation=orders.incarnation, round=number, note=note),
        )
        lines.send_kept()

    return beat


class _Signals:
    """A hand-sent SIGTERM ends the worker in order; it will be restarted."""

    def __init__(self) -> None:
        self.wake = Wake()
        self._is_told = False
        signal.signal(signal.SIGTERM, self._told)
        # Ctrl-C at a terminal reaches us too: the root decides what it means.
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def reason(self) -> StopReason | None:
        """Return why to end, if so."""
        return StopReason.RESTART if self._is_told else None

    def _told(self, _number: int, _frame: object) -> None:
        self._is_told = True
        self.wake.set()
