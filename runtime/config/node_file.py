"""`/etc/pvc/pvcnoded.yaml` into a `NodeConfig`: all of it right, or every fault at once."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from runtime.config import node_keys as keys
from runtime.config.examination import Examination, examine_file
from runtime.config.key import Values
from runtime.config.node import (
    Directories,
    FenceAction,
    FencingSection,
    IpmiSection,
    LoggingSection,
    NetworkSection,
    NodeConfig,
)
from runtime.config.node_hypervisor_keys import read_hypervisor
from runtime.config.node_network_keys import ENABLE_NETWORKING, NETWORKS, read_network
from runtime.config.reader import read_document
from runtime.config.secret_file import read_secret
from runtime.config.timing import Timing
from runtime.config.zookeeper_keys import PASSWORD, SESSION_TIMEOUT, read_store

_LONGEST_SOCKET_DIRECTORY: Final = 80
"""A unix socket's whole path has 107 bytes."""


def examine(path: Path) -> Examination[NodeConfig]:
    """Read the file and say what is in it; raises nothing."""
    return examine_file(path, examine_document, _holds_secret)


def examine_document(document: object) -> Examination[NodeConfig]:
    """Say what is in the YAML values of a file."""
    reading = read_document(document, keys.NODE_FILE_KEYS)
    faults = list(reading.faults)
    config = _build(reading.values, faults)
    return Examination(
        config=config if not faults else None,
        faults=tuple(faults),
        notes=(*reading.notes, *_warnings(reading.values)),
    )


def _build(values: Values, faults: list[str]) -> NodeConfig:
    node, coordinators = values.get(keys.NODE) or "", values.get(keys.COORDINATORS) or ()
    if not coordinators and values.get(keys.COORDINATORS) is not None:
        faults.append(f"pvc.{keys.COORDINATORS.path}: is empty (at least one is needed)")
    timing = _timing(values, faults)
    networks = _networks(values, node, faults)
    return NodeConfig(
        node=node,
        debug=values.get(keys.DEBUG) or False,
        coordinators=coordinators,
        networks=networks,
        store=read_store(values, coordinators, node, timing, faults),
        timing=timing,
        fencing=_fencing(values, node, networks, faults),
        logging=_logging(values),
        hypervisor=read_hypervisor(values, networks),
        directories=_directories(values, faults),
        cluster_name=values.get(keys.CLUSTER_NAME) or "",
    )


def _timing(values: Values, faults: list[str]) -> Timing:
    interval = values.get(keys.KEEPALIVE_INTERVAL)
    fence, suicide = values.get(keys.FENCE_INTERVALS), values.get(keys.SUICIDE_INTERVALS)
    if interval is None or fence is None or suicide is None:
        return Timing()
    timing = Timing.derived(
        keepalive_interval_seconds=interval,
        fence_intervals=fence,
        suicide_intervals=suicide,
        session_timeout_seconds=values.get(SESSION_TIMEOUT),
    )
    faults += (f"pvc.system.intervals: {fault}" for fault in timing.faults())
    if suicide == 0 and values.get(keys.FAILED_FENCE) is FenceAction.MIGRATE:
        faults.append(
            f"pvc.{keys.FAILED_FENCE.path}: migrate is refused while suicide_intervals is 0: the "
            "node does not end its own VMs and its BMC did not confirm that it is off, so nobody "
            "would make certain that the old copy of a VM has ended before the new one starts"
        )
    return timing


def _networks(values: Values, node: str, faults: list[str]) -> dict[str, NetworkSection]:
    if values.get(ENABLE_NETWORKING) is False:
        return {}
    sections = {n.name: read_network(values, n, node, faults) for n in NETWORKS}
    return {name: section for name, section in sections.items() if section is not None}


def _fencing(
    values: Values, node: str, networks: Mapping[str, NetworkSection], faults: list[str]
) -> FencingSection:
    return FencingSection(
        successful_fence=values.get(keys.SUCCESSFUL_FENCE) or FenceAction.MIGRATE,
        failed_fence=values.get(keys.FAILED_FENCE) or FenceAction.NONE,
        ipmi=_ipmi(values, node, networks, faults),
    )


def _ipmi(
    values: Values, node: str, networks: Mapping[str, NetworkSection], faults: list[str]
) -> IpmiSection | None:
    before = len(faults)
    password = read_secret(values, keys.IPMI_PASS, "pvc", faults)
    host, user = values.get(keys.IPMI_HOST), values.get(keys.IPMI_USER)
    if not (host or user or password) or len(faults) > before:
        return None
    if not user or not password:
        missing = "user" if not user else "pass"
        if not any("system.fencing.ipmi" in fault for fault in faults):
            faults.append(
                f"pvc.system.fencing.ipmi.{missing}: is missing, host, user or pass being set"
            )
        return None
    if not host and "upstream" not in networks:
        faults.append(f"pvc.{keys.IPMI_HOST.path}: is missing (no upstream domain to derive it of)")
        return None
    return IpmiSection(
        host=host or f"{node}-lom.{networks['upstream'].domain}", user=user, password=password
    )


def _logging(values: Values) -> LoggingSection:
    node_lines, console = values.get(keys.NODE_LOG_LINES), values.get(keys.CONSOLE_LOG_LINES)
    return LoggingSection(
        zookeeper_logging=values.get(keys.ZOOKEEPER_LOGGING) is not False,
        node_log_lines=2000 if node_lines is None else node_lines,
        console_log_lines=1000 if console is None else console,
    )


def _directories(values: Values, faults: list[str]) -> Directories:
    runtime = values.get(keys.DYNAMIC_DIRECTORY)
    if runtime is None:
        return Directories()
    if len(os.fsencode(runtime)) > _LONGEST_SOCKET_DIRECTORY:
        faults.append(
            f"pvc.{keys.DYNAMIC_DIRECTORY.path}: is too long for the sockets in it (at most "
            f"{_LONGEST_SOCKET_DIRECTORY} bytes)"
        )
    return Directories(runtime=runtime)


def _warnings(values: Values) -> tuple[str, ...]:
    coordinators, node = values.get(keys.COORDINATORS) or (), values.get(keys.NODE) or ""
    found = []
    if coordinators and len(coordinators) % 2 == 0:
        found.append(
            f"pvc.{keys.COORDINATORS.path}: {len(coordinators)} coordinators bear no more failures "
            f"than {len(coordinators) - 1}; have an odd number"
        )
    twins = [c for c in coordinators if c != node and c.lower() == node.lower()]
    if twins:
        found.append(f"pvc.{keys.NODE.path}: {node!r} is no coordinator, but {twins[0]!r} is one")
    return tuple(found)


def _holds_secret(document: object) -> bool:
    values = read_document(document, keys.NODE_FILE_KEYS).values
    return any(values.get(key) is not None for key in (PASSWORD.inline, keys.IPMI_PASS.inline))
