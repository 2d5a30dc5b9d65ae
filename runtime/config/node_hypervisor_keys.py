"""How a node runs VMs: its keys, and the section they make."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Final

from runtime.config.key import Key, Values
from runtime.config.kinds import BOOLEAN, PATH, choice, integer, seconds
from runtime.config.node import NODE_IN_URI, HypervisorSection, NetworkSection


class TargetSelector(StrEnum):
    """How the node for a VM is chosen unless the VM says otherwise."""

    MEM = "mem"
    MEMPROV = "memprov"
    LOAD = "load"
    VCPUS = "vcpus"
    VMS = "vms"


ENABLE_HYPERVISOR: Final = Key(
    path="functions.enable_hypervisor",
    kind=BOOLEAN,
    default=True,
    about="Run VMs here; a node without takes none.",
)
VM_SHUTDOWN_TIMEOUT: Final = Key(
    path="system.intervals.vm_shutdown_timeout",
    kind=seconds(86400),
    default=180.0,
    about="How long a VM may take to shut down before it is stopped.",
)
TARGET_SELECTOR: Final = Key(
    path="system.migration.target_selector",
    kind=choice(TargetSelector),
    default=TargetSelector.MEM,
    about="By what the node for a VM is chosen that says nothing else.",
)
PARALLEL_MOVES: Final = Key(
    path="system.migration.parallel",
    kind=integer(1, 32),
    default=4,
    about="How many VMs leave a node at once, and how many arrive at one.",
)
CONSOLE_LOG_DIRECTORY: Final = Key(
    path="system.configuration.directories.console_log_directory",
    kind=PATH,
    default=Path("/var/log/libvirt"),
    about="Where the serial consoles of VMs are logged.",
)
CEPH_CONFIG: Final = Key(
    path="system.configuration.storage.ceph_config_file",
    kind=PATH,
    default=Path("/etc/ceph/ceph.conf"),
    about="Ceph's configuration.",
)
CEPH_KEYRING: Final = Key(
    path="system.configuration.storage.ceph_admin_keyring",
    kind=PATH,
    default=Path("/etc/ceph/ceph.client.admin.keyring"),
    about="The key by which volumes and their locks are looked at and removed.",
)


def read_hypervisor(values: Values, networks: Mapping[str, NetworkSection]) -> HypervisorSection:
    """Return how this node runs VMs; a faulty key has its default, the file is refused anyway."""
    default = HypervisorSection()
    cluster = networks.get("cluster")
    host = NODE_IN_URI if cluster is None else f"{NODE_IN_URI}.{cluster.domain}"
    return HypervisorSection(
        is_enabled=values.get(ENABLE_HYPERVISOR) is not False,
        shutdown_timeout_seconds=(
            values.get(VM_SHUTDOWN_TIMEOUT) or default.shutdown_timeout_seconds
        ),
        parallel_moves=values.get(PARALLEL_MOVES) or default.parallel_moves,
        default_selector=(values.get(TARGET_SELECTOR) or TargetSelector.MEM).value,
        peer_uri=default.peer_uri.replace(NODE_IN_URI, host),
        console_log_directory=(values.get(CONSOLE_LOG_DIRECTORY) or default.console_log_directory),
        ceph_config=values.get(CEPH_CONFIG) or default.ceph_config,
        ceph_keyring=values.get(CEPH_KEYRING) or default.ceph_keyring,
    )
