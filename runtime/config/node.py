"""What `/etc/pvc/pvcnoded.yaml` says, as the daemon and its workers receive it.

Each part of the program receives its own section, never the whole.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Final

from runtime.config.timing import Timing


class FenceAction(StrEnum):
    """What happens to the VMs of a node after its fence."""

    MIGRATE = "migrate"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSection:
    """One of the cluster's own networks as this node is attached to it."""

    domain: str
    network: IPv4Network
    floating_ip: IPv4Address
    gateway: IPv4Address | None = None
    device: str = ""
    mtu: int = 1500
    address: IPv4Address | None = None
    """This node's own address; None when the node does not manage it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSection:
    """How to reach Zookeeper."""

    hosts: tuple[str, ...]
    """`name:port` of each member; this node's own member first when it has one."""
    username: str = ""
    """Digest credential; empty means an open tree."""
    password: str = field(default="", repr=False)
    session_timeout_seconds: float = 4.0
    connect_timeout_seconds: float = 0.3
    call_seconds: float = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class IpmiSection:
    """This node's own BMC, published to the peers that may have to fence it."""

    host: str
    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class FencingSection:
    """What is done about dead nodes."""

    successful_fence: FenceAction = FenceAction.MIGRATE
    failed_fence: FenceAction = FenceAction.NONE
    ipmi: IpmiSection | None = None


NODE_IN_URI: Final = "{node}"
"""Stands for a node's name in `HypervisorSection.peer_uri`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HypervisorSection:
    """How this node runs VMs."""

    is_enabled: bool = True
    """False: this node never has VMs."""
    shutdown_timeout_seconds: float = 180.0
    """How long a guest may take to end before it is ended."""
    parallel_moves: int = 4
    """So many VMs leave a node at once, and so many arrive at one."""
    default_selector: str = "mem"
    """By what the node for a VM is chosen that does not say it itself."""
    peer_uri: str = f"qemu+tcp://{NODE_IN_URI}/system"
    """Another node's libvirt."""
    console_log_directory: Path = Path("/var/log/libvirt")
    ceph_config: Path = Path("/etc/ceph/ceph.conf")
    ceph_keyring: Path = Path("/etc/ceph/ceph.client.admin.keyring")

    def uri_of(self, node: str) -> str:
        """Return the address of a node's libvirt."""
        return self.peer_uri.replace(NODE_IN_URI, node)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggingSection:
    """What is kept of logs, and where."""

    zookeeper_logging: bool = True
    node_log_lines: int = 2000
    console_log_lines: int = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Directories:
    """Where this program keeps files."""

    runtime: Path = Path("/run/pvc")
    """Sockets; gone at reboot."""
    state: Path = Path("/var/lib/pvc")
    """What a restart must find again: schema backup and the last schema version seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeConfig:
    """The whole file; only `supervisor` and `workers/main.py` ever hold it."""

    node: str
    debug: bool
    coordinators: tuple[str, ...]
    networks: dict[str, NetworkSection]
    """By name: upstream, cluster, storage; empty when networking is off."""
    store: StoreSection
    timing: Timing
    fencing: FencingSection
    logging: LoggingSection
    hypervisor: HypervisorSection = field(default_factory=HypervisorSection)
    directories: Directories = field(default_factory=Directories)
    cluster_name: str = "pvc"
    """What the cluster is called unless it has a name."""

    @property
    def is_coordinator(self) -> bool:
        """Whether this node is one of the coordinators."""
        return self.node in self.coordinators
