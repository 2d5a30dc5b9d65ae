"""The API process: arguments, configuration, wiring."""

import argparse
import gc
import os
import secrets
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import setproctitle

from api import selfcheck
from api.application import build_application
from api.authentication import Authentication
from api.cluster_reader import ClusterReader
from api.console_reader import ConsoleReader
from api.housekeeping import End, Household, block_signals, keep_house
from api.liveness import BeatWatch
from api.services import Services
from api.serving import HttpServer
from api.tokens import Tokens
from api.tree import MirroredTree
from api.v1.table import endpoints
from api.v1.vm_preparing import VmPreparing
from api.waiting_room import WaitingRoom
from cluster.records.mirrored import is_kept
from cluster.schema.layout import layout
from cluster.schema.versions import NEWEST
from cluster.store.mirror import Mirror
from cluster.store.zookeeper import ZookeeperStore
from runtime.banner import show_banner
from runtime.clock import SYSTEM_CLOCK
from runtime.config.api import ApiConfig
from runtime.config.api_file import examine
from runtime.config.place import API_FILE
from runtime.config.timing import Timing
from runtime.deadline import Deadline
from runtime.exitcode import ExitCode
from runtime.log import get_logger, set_up_logging
from runtime.sdnotify import notify, watchdog_seconds
from runtime.version import VERSION

NAME: Final = "pvcapid"
_END_SECONDS: Final = 5.0
"""How long answers under way may take when the process is to end."""

log = get_logger(__name__)


def main(arguments: Sequence[str] | None = None) -> int:
    """Be the API; returns the exit code."""
    given = _parse(arguments)
    path = given.config or API_FILE.path()
    found = examine(path)
    for note in found.notes:
        sys.stderr.write(f"{note}\n")
    if found.config is None:
        sys.stderr.write(found.faults_in(path))
        return ExitCode.CONFIG
    if given.check:
        sys.stdout.write(f"{path} is right\n")
        return ExitCode.OK
    return _serve(found.config)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Process:
    """What runs."""

    store: ZookeeperStore
    mirror: Mirror
    tree: MirroredTree
    services: Services
    beats: BeatWatch


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=NAME, description="The REST API of a PVC cluster.")
    parser.add_argument("--config", type=Path, metavar="PATH", help="configuration file")
    parser.add_argument(
        "--check", action="store_true", help="check the configuration, list every fault and end"
    )
    parser.add_argument("--version", action="version", version=f"{NAME} {VERSION}")
    return parser.parse_args(arguments)


def _serve(config: ApiConfig) -> int:
    setproctitle.setproctitle(NAME)
    block_signals()
    set_up_logging(debug=config.debug)
    where = f"{config.listen_address}:{config.listen_port}"
    show_banner(NAME, f"schema {NEWEST}, http://{where}", sys.stderr)
    process = _assemble(config)
    application = build_application(process.services, endpoints())
    try:
        server = HttpServer(application, config.listen_address, config.listen_port)
    except OSError as error:
        log.error("listening_failed", address=where, error=error)
        return ExitCode.UNAVAILABLE
    process.store.start()
    process.mirror.start()
    process.services.waiting_room.open()
    server.start()
    gc.collect()
    gc.freeze()
    notify("READY=1")
    log.info("api_started", address=where, version=VERSION)
    return _until_the_end(config, process, server)


def _assemble(config: ApiConfig) -> _Process:
    store = ZookeeperStore(config.store)
    mirror = Mirror(store, keep=is_kept, clock=SYSTEM_CLOCK)
    tree, beats, keys = MirroredTree(mirror, NEWEST, SYSTEM_CLOCK), BeatWatch(), layout(NEWEST)
    room = WaitingRoom[Any](SYSTEM_CLOCK)
    mirror.on_change(lambda _: room.look_again())
    # Without a configured key sessions end with the process, and other coordinators know them not.
    secret_key = config.secret_key or secrets.token_hex(32)
    services = Services(
        authentication=Authentication(
            Tokens(config.tokens, secret_key), is_enabled=config.authentication_enabled
        ),
        tree=tree,
        cluster=ClusterReader(
            mirror,
            keys,
            beats,
            SYSTEM_CLOCK,
            revision=lambda: mirror.applied,
            dead_after_seconds=Timing().dead_after_seconds,
        ),
        consoles=ConsoleReader(store, keys, SYSTEM_CLOCK, call_seconds=config.store.call_seconds),
        store=store,
        layout=keys,
        clock=SYSTEM_CLOCK,
        waiting_room=room,
        call_seconds=config.store.call_seconds,
    )
    return _Process(store=store, mirror=mirror, tree=tree, services=services, beats=beats)


def _until_the_end(config: ApiConfig, process: _Process, server: HttpServer) -> int:
    end = keep_house(
        Household(
            tree=process.tree,
            cluster=process.services.cluster,
            beats=process.beats,
            clock=SYSTEM_CLOCK,
            notify=notify,
            prepare=VmPreparing(process.services.cluster, SYSTEM_CLOCK).go_on,
            is_serving=server.is_alive,
            answers=lambda deadline: selfcheck.answers(
                config.listen_address, server.port, deadline
            ),
            watchdog_seconds=watchdog_seconds(),
        )
    )
    if end is End.STOPPED:
        notify("STOPPING=1")
    log.info("api_ended", reason=end.value)
    deadline = Deadline.after(_END_SECONDS)
    process.services.waiting_room.close(deadline)
    server.stop(deadline)
    process.mirror.close()
    process.store.close()
    if end is End.REEXECUTED:
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
    return ExitCode.OUR_BUG if end is End.BROKEN else ExitCode.OK
