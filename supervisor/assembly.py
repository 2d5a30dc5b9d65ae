"""The root, put together and run to its end."""

import gc
import os
import random
import sys
from typing import Final

import setproctitle

from bus.forwarder import Forwarder
from bus.log_lines import onto_the_bus
from bus.publisher import Publisher
from bus.subscriber import Subscriber
from bus.topics import Topic
from runtime.banner import show_banner
from runtime.clock import SYSTEM_CLOCK
from runtime.config.node import NodeConfig
from runtime.log import add_sink, get_logger, set_up_logging
from runtime.sdnotify import notify, watchdog_seconds
from supervisor.actions import Finish
from supervisor.carried import Carried, become_anew, take
from supervisor.config_file import ConfigFile, ConfigRead
from supervisor.crew import Crew
from supervisor.herald import NAME, Herald
from supervisor.loop import Parts, Root
from supervisor.process import leftover_children
from supervisor.recorded import recall
from supervisor.roster import Roster, draw_up, first_children
from supervisor.schema_keeper import SchemaKeeper
from supervisor.schema_plan import assumed
from supervisor.seen import Memory
from supervisor.signals import Signals
from supervisor.variant import Variant

log = get_logger(__name__)

_END_SECONDS: Final = 0.3
"""How long the end of the session with Zookeeper may hold up the end of the root."""


def supervise(read: ConfigRead, configuration: ConfigFile, variant: Variant) -> int:
    """Run the tree; returns the root's exit code, or never when it becomes a fresh image."""
    config = variant.adjust(read.config)
    carried = take(os.environ)
    _introduce(config, read.notes)
    forwarder = Forwarder(config.directories.runtime)
    forwarder.start()
    roster = draw_up(variant.catalogue, config, carried)
    parts, keeper = _parts(roster, carried, configuration, variant)
    parts.crew.adopt(leftover_children())
    start = Memory(children=first_children(roster, carried), look_again=SYSTEM_CLOCK.now())
    root = Root(parts, start)
    gc.collect()
    gc.freeze()
    end = root.run()
    keeper.wait_for_end(_END_SECONDS)
    if isinstance(end, Finish):
        forwarder.stop()
        log.info("root_ended", code=end.code)
        return end.code
    log.info("root_reexecuted")
    tree = keeper.view().tree
    return become_anew(_to_carry(root.memory, carried, tree, was_ready=parts.herald.was_ready))


def _introduce(config: NodeConfig, notes: tuple[str, ...]) -> None:
    setproctitle.setproctitle(f"pvcnoded: {NAME}")
    set_up_logging(debug=config.debug, node=config.node, worker=NAME)
    show_banner("pvcnoded", f"node {config.node}", sys.stderr)
    for note in notes:
        log.info("configuration_noted", note=note)


def _parts(
    roster: Roster, carried: Carried, configuration: ConfigFile, variant: Variant
) -> tuple[Parts, SchemaKeeper]:
    directories = roster.config.directories
    voice = Publisher(directories.runtime, NAME)
    add_sink(onto_the_bus(NAME, voice))
    ears = Subscriber(directories.runtime, [Topic.BEAT])
    recorded = recall(directories.state)
    keeper = SchemaKeeper(
        config=roster.config,
        open_store=variant.open_store,
        clock=SYSTEM_CLOCK,
        first=assumed(recorded if carried.schema_version is None else carried.schema_version),
        patience=variant.schema_patience,
    )
    parts = Parts(
        clock=SYSTEM_CLOCK,
        ears=ears,
        voice=voice,
        signals=Signals(),
        schema=keeper,
        configuration=configuration,
        crew=Crew(roster, variant.launcher, ears),
        herald=_herald(voice, carried, variant),
        patience=variant.patience,
        chance=random.random,
    )
    return parts, keeper


def _herald(voice: Publisher, carried: Carried, variant: Variant) -> Herald:
    return Herald(
        outgoing=voice,
        notify=notify,
        watchdog_seconds=watchdog_seconds(),
        patience=variant.patience,
        was_ready=carried.was_ready,
    )


def _to_carry(memory: Memory, carried: Carried, tree: int | None, *, was_ready: bool) -> Carried:
    return Carried(
        pid=carried.pid,
        run_id=carried.run_id,
        incarnations={child.spec.name: child.incarnation for child in memory.children},
        was_ready=was_ready,
        schema_version=tree,
    )
