"""The root process: arguments, configuration, wiring."""

import argparse
import gc
import os
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import setproctitle

from bus.forwarder import Forwarder
from bus.publisher import Publisher
from bus.subscriber import Subscriber
from bus.topics import Topic
from runtime.banner import show_banner
from runtime.clock import SYSTEM_CLOCK
from runtime.config.node import NodeConfig
from runtime.config.node_file import default_path, examine
from runtime.exitcode import ExitCode
from runtime.log import add_sink, get_logger, set_up_logging
from runtime.sdnotify import notify, watchdog_seconds
from runtime.version import VERSION
from supervisor.actions import Finish
from supervisor.carried import Carried, become_anew, take
from supervisor.config_file import ConfigFile
from supervisor.crew import Crew
from supervisor.herald import NAME, Herald
from supervisor.log_lines import onto_the_bus
from supervisor.loop import Parts, Root
from supervisor.patience import Patience
from supervisor.process import Launcher, SpawnLauncher, leftover_children
from supervisor.recorded import recall
from supervisor.roster import draw_up, first_children
from supervisor.schema_keeper import OpenStore, SchemaKeeper, open_zookeeper
from supervisor.schema_plan import SchemaPatience, assumed
from supervisor.seen import Memory
from supervisor.signals import Signals
from workers.catalogue import CATALOGUE
from workers.spec import WorkerSpec

log = get_logger(__name__)

_END_SECONDS: Final = 0.3
"""How long the end of the session with Zookeeper may hold up the end of the root."""


def main(
    arguments: Sequence[str] | None = None,
    *,
    catalogue: Sequence[WorkerSpec] = CATALOGUE,
    launcher: Launcher | None = None,
    open_store: OpenStore = open_zookeeper,
    patience: Patience | None = None,
) -> int:
    """Be the root; returns the exit code. Only tests hand in more than arguments."""
    given = _parse(arguments)
    path = given.config or default_path()
    found = examine(path)
    if found.config is None:
        return _explain(path, found.faults)
    if given.check:
        sys.stdout.writelines(f"{line}\n" for line in (*found.notes, f"{path} is right"))
        return ExitCode.OK
    return _supervise(
        found.config,
        ConfigFile(path),
        catalogue=catalogue,
        launcher=launcher or SpawnLauncher(),
        open_store=open_store,
        patience=patience or Patience(),
    )


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="pvcnoded", description="The daemon of a PVC node.")
    parser.add_argument("--config", type=Path, metavar="PATH", help="configuration file")
    parser.add_argument(
        "--check", action="store_true", help="check the configuration, list every fault and end"
    )
    parser.add_argument("--version", action="version", version=f"pvcnoded {VERSION}")
    return parser.parse_args(arguments)


def _explain(path: Path, faults: Sequence[str]) -> int:
    sys.stderr.write(f"{path} has {len(faults)} fault(s):\n")
    for fault in faults:
        sys.stderr.write(f"  {fault}\n")
    return ExitCode.CONFIG


def _supervise(
    config: NodeConfig,
    configuration: ConfigFile,
    *,
    catalogue: Sequence[WorkerSpec],
    launcher: Launcher,
    open_store: OpenStore,
    patience: Patience,
) -> int:
    carried = take(os.environ)
    setproctitle.setproctitle(f"pvcnoded: {NAME}")
    set_up_logging(debug=config.debug, node=config.node, worker=NAME)
    show_banner("pvcnoded", f"node {config.node}", sys.stderr)
    directory = config.directories.runtime
    forwarder = Forwarder(directory)
    forwarder.start()
    voice = Publisher(directory, NAME)
    add_sink(onto_the_bus(NAME, voice))
    ears = Subscriber(directory, [Topic.BEAT])
    roster = draw_up(catalogue, config, carried)
    crew = Crew(roster, launcher, ears)
    crew.adopt(leftover_children())
    recorded = recall(config.directories.state) or carried.schema_version
    keeper = SchemaKeeper(
        config=config,
        open_store=open_store,
        clock=SYSTEM_CLOCK,
        first=assumed(recorded),
        patience=SchemaPatience(),
    )
    parts = Parts(
        clock=SYSTEM_CLOCK,
        ears=ears,
        voice=voice,
        signals=Signals(),
        schema=keeper,
        configuration=configuration,
        crew=crew,
        herald=Herald(
            outgoing=voice,
            notify=notify,
            watchdog_seconds=watchdog_seconds(),
            patience=patience,
            was_ready=carried.was_ready,
        ),
        patience=patience,
        chance=random.random,
    )
    memory = Memory(children=first_children(roster, carried), look_again=SYSTEM_CLOCK.now())
    root = Root(parts, memory)
    gc.collect()
    gc.freeze()
    end = root.run()
    keeper.wait_for_end(_END_SECONDS)
    if isinstance(end, Finish):
        forwarder.stop()
        log.info("root_ended", code=end.code)
        return end.code
    log.info("root_reexecuted")
    return become_anew(_to_carry(root.memory, carried, was_ready=parts.herald.was_ready))


def _to_carry(memory: Memory, carried: Carried, *, was_ready: bool) -> Carried:
    return Carried(
        pid=carried.pid,
        run_id=carried.run_id,
        incarnations={child.spec.name: child.incarnation for child in memory.children},
        was_ready=was_ready,
        schema_version=memory.workers,
    )
