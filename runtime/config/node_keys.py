"""Every key of pvcnoded.yaml that this version reads or bears."""

from typing import Any, Final

from runtime.config.key import REQUIRED, Key, rows
from runtime.config.kinds import (
    BOOLEAN,
    FILLED_TEXT,
    HOST,
    IDLE_SECRET,
    PATH,
    SECRET,
    SHORT_NAME,
    TEXT,
    choice,
    integer,
    seconds,
    several,
)
from runtime.config.node import FenceAction
from runtime.config.node_hypervisor_keys import (
    CEPH_CONFIG,
    CEPH_KEYRING,
    CONSOLE_LOG_DIRECTORY,
    ENABLE_HYPERVISOR,
    PARALLEL_MOVES,
    TARGET_SELECTOR,
    VM_SHUTDOWN_TIMEOUT,
)
from runtime.config.node_network_keys import ENABLE_NETWORKING, NETWORK_KEYS
from runtime.config.secret_file import SecretKeys
from runtime.config.zookeeper_keys import ZOOKEEPER_KEYS

_NO_ROUTER = "its router worker comes with the client networks"
_NO_CEPH = "its ceph worker comes with the storage"
_NO_FENCING = "its fencing worker comes with the fencing"
_NO_PROVISIONER = "the provisioner comes later"
_JOURNAL = "the journal keeps the log"


NODE: Final = Key(
    path="node", kind=SHORT_NAME, default=REQUIRED, about="This node's name, its short host name."
)
DEBUG: Final = Key(path="debug", kind=BOOLEAN, default=False, about="Log debug events too.")
CLUSTER_NAME: Final = Key(
    path="cluster.name",
    kind=FILLED_TEXT,
    default="pvc",
    about="The cluster's name; the first node gives it to the cluster, the others leave it.",
)
COORDINATORS: Final = Key(
    path="cluster.coordinators",
    kind=several(SHORT_NAME),
    default=REQUIRED,
    about="The coordinators, which are the Zookeeper members too; 1, 3 or 5 of them.",
)
KEEPALIVE_INTERVAL: Final = Key(
    path="system.intervals.keepalive_interval",
    kind=seconds(60),
    default=1.0,
    about="Time between two beats of a node.",
)
FENCE_INTERVALS: Final = Key(
    path="system.intervals.fence_intervals",
    kind=integer(1, 1000),
    default=5,
    about="A node silent for this many intervals is suspected dead (dead_after).",
)
SUICIDE_INTERVALS: Final = Key(
    path="system.intervals.suicide_intervals",
    kind=integer(0, 1000),
    default=10,
    about="A node cut off for this many intervals ends its own VMs; 0: it never does.",
    idle=_NO_FENCING,
)
SUCCESSFUL_FENCE: Final = Key(
    path="system.fencing.actions.successful_fence",
    kind=choice(FenceAction),
    default=FenceAction.MIGRATE,
    about="What happens to the VMs of a fenced node.",
    idle=_NO_FENCING,
)
FAILED_FENCE: Final = Key(
    path="system.fencing.actions.failed_fence",
    kind=choice(FenceAction),
    default=FenceAction.NONE,
    about="What happens to them when the BMC did not confirm the fence; `migrate` needs "
    "suicide_intervals.",
    idle=_NO_FENCING,
)
IPMI_HOST: Final = Key(
    path="system.fencing.ipmi.host",
    kind=HOST,
    about="This node's own BMC; without it `<node>-lom.<upstream domain>`.",
)
IPMI_USER: Final = Key(path="system.fencing.ipmi.user", kind=FILLED_TEXT, about="User at that BMC.")
IPMI_PASS: Final = SecretKeys(
    inline=Key(path="system.fencing.ipmi.pass", kind=SECRET, about="Password at that BMC."),
    file=Key(
        path="system.fencing.ipmi.pass_file",
        kind=PATH,
        about="File holding that password, not open to everybody.",
    ),
)
DYNAMIC_DIRECTORY: Final = Key(
    path="system.configuration.directories.dynamic_directory",
    kind=PATH,
    about="Sockets and generated files, gone at reboot; without it /run/pvc.",
)
ZOOKEEPER_LOGGING: Final = Key(
    path="system.configuration.logging.zookeeper_logging",
    kind=BOOLEAN,
    default=True,
    about="Keep recent lines of this node's daemons in the tree, for `pvc node log`.",
)
NODE_LOG_LINES: Final = Key(
    path="system.configuration.logging.node_log_lines",
    kind=integer(0, 100_000),
    default=2000,
    about="How many of them.",
)
CONSOLE_LOG_LINES: Final = Key(
    path="system.configuration.logging.console_log_lines",
    kind=integer(0, 100_000),
    default=1000,
    about="Lines kept of each VM's console.",
)


def _idle(path: str, kind: Any, about: str, why: str) -> Key[Any]:
    return Key(path=path, kind=kind, about=about, idle=why)


def _database(path: str, what: str, why: str) -> tuple[Key[Any], ...]:
    return (
        _idle(f"{path}.host", HOST, f"Server of the {what}.", why),
        _idle(f"{path}.port", integer(1, 65535), f"Port of the {what}.", why),
        _idle(f"{path}.name", TEXT, f"Name of the {what}.", why),
        _idle(f"{path}.user", TEXT, f"User of the {what}.", why),
        _idle(f"{path}.pass", IDLE_SECRET, f"Password of the {what}.", why),
    )


_FUNCTIONS: Final = (
    ENABLE_HYPERVISOR,
    ENABLE_NETWORKING,
    _idle("functions.enable_storage", BOOLEAN, "Use Ceph.", _NO_CEPH),
    _idle("functions.enable_api", BOOLEAN, "Start the API.", "pvcapid is a unit of its own"),
)
_LOGGING: Final = "system.configuration.logging"
_IDLE_LOGGING: Final = tuple(
    _idle(f"{_LOGGING}.{name}", BOOLEAN, about, _JOURNAL)
    for name, about in (
        ("file_logging", "Write pvc.log."),
        ("stdout_logging", "Write to standard output."),
        ("log_colours", "Colours in the log."),
        ("log_dates", "Dates in the log."),
        ("log_keepalives", "A line per keepalive."),
        ("log_keepalive_cluster_details", "Cluster details in it."),
        ("log_keepalive_storage_details", "Storage details in it."),
    )
)
_SRIOV_COLUMNS: Final[tuple[Key[Any], ...]] = (
    Key(path="phy", kind=FILLED_TEXT, default=REQUIRED, about="Name of the PF's interface."),
    Key(path="mtu", kind=integer(576, 65535), about="MTU of the PF."),
    Key(path="vfcount", kind=integer(0, 1024), default=REQUIRED, about="How many VFs to make."),
)
_NETWORKING: Final = "system.configuration.networking"

NODE_FILE_KEYS: Final[tuple[Key[Any], ...]] = (
    NODE,
    DEBUG,
    *_FUNCTIONS,
    CLUSTER_NAME,
    COORDINATORS,
    *ZOOKEEPER_KEYS,
    *NETWORK_KEYS,
    *_database("coordinator.dns.database", "PowerDNS database", _NO_ROUTER),
    *_database("coordinator.metadata.database", "provisioner database", _NO_PROVISIONER),
    VM_SHUTDOWN_TIMEOUT,
    KEEPALIVE_INTERVAL,
    FENCE_INTERVALS,
    SUICIDE_INTERVALS,
    SUCCESSFUL_FENCE,
    FAILED_FENCE,
    IPMI_HOST,
    IPMI_USER,
    IPMI_PASS.inline,
    IPMI_PASS.file,
    TARGET_SELECTOR,
    PARALLEL_MOVES,
    DYNAMIC_DIRECTORY,
    _idle("system.configuration.directories.log_directory", PATH, "Log files.", _JOURNAL),
    CONSOLE_LOG_DIRECTORY,
    *_IDLE_LOGGING,
    ZOOKEEPER_LOGGING,
    CONSOLE_LOG_LINES,
    NODE_LOG_LINES,
    _idle(f"{_NETWORKING}.bridge_device", FILLED_TEXT, "Device of bridged networks.", _NO_ROUTER),
    _idle(f"{_NETWORKING}.sriov_enable", BOOLEAN, "Use SR-IOV.", "its sriov worker comes later"),
    rows(
        f"{_NETWORKING}.sriov_device",
        _SRIOV_COLUMNS,
        "The PFs to use.",
        idle="its sriov worker comes later",
    ),
    CEPH_CONFIG,
    CEPH_KEYRING,
)
