"""One node as a machine: booting it, finding its PID 1, running commands in it.

Safety: a process that enters a node from the host keeps every capability of the
host, whatever the node's own PID 1 lacks; `date -s` run that way would set the
clock of the whole machine. So the only way into a node is `command_in`, which
first drops everything that the node's PID 1 does not have.
"""

import os
import signal
from collections.abc import Sequence
from pathlib import Path

from testbed.cgroup import Cgroups
from testbed.commands import clean_environment
from testbed.errors import BedError
from testbed.settings import NodeSettings
from testbed.tools import library_path, tool

# Beside nspawn's own default set; never SYS_TIME, SYS_MODULE or SYS_RAWIO.
EXTRA_CAPABILITIES = "CAP_NET_ADMIN,CAP_IPC_LOCK"
POWEROFF_SIGNAL = signal.SIGRTMIN + 4
LAST_CAPABILITY = 63

# The overlay is mounted in a mount namespace of the node's own: it vanishes with the node.
_MOUNT_AND_BOOT = (
    'mount -t overlay "$1" -o "lowerdir=$2,upperdir=$3/upper,workdir=$3/work" "$3/root"'
    ' && shift 3 && exec "$@"'
)


def boot_command(node: NodeSettings, layers: Sequence[Path]) -> list[str]:
    """Return the command that becomes the running node."""
    directory = node.directory
    lower = ":".join(str(layer) for layer in layers)
    mount = ["/bin/sh", "-c", _MOUNT_AND_BOOT, "sh", node.namespace, lower, str(directory)]
    return ["unshare", "--mount", "--propagation", "slave", *mount, *_nspawn(node)]


def boot_environment(node: NodeSettings) -> dict[str, str]:
    """Return nspawn's environment.

    The API file systems are writable for the network only: with all of them
    writable, a node's sysctl settings would be the host's.
    """
    return clean_environment(
        LD_LIBRARY_PATH=library_path(Path(node.settings.home)),
        SYSTEMD_NSPAWN_UNIFIED_HIERARCHY="1",
        SYSTEMD_NSPAWN_API_VFS_WRITABLE="network",
    )


def leader(cgroups: Cgroups, node: NodeSettings) -> int | None:
    """Return the node's PID 1 in the host's numbering, None when there is none yet."""
    for pid in cgroups.processes(node.name):
        try:
            status = Path(f"/proc/{pid}/status").read_text()
        except OSError:
            continue
        fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
        numbers = fields.get("NSpid", "").split()
        if len(numbers) == 2 and numbers[1] == "1" and fields["Name"].strip() == "systemd":
            return pid
    return None


def command_in(pid: int, argv: Sequence[str]) -> list[str]:
    """Return a command that runs argv in the node of that PID 1, with the node's privileges."""
    kept = "".join(f",+cap_{number}" for number in _bounding_set(pid))
    drop = ["setpriv", f"--bounding-set=-all{kept}", "--inh-caps=-all"]
    return ["nsenter", "--target", str(pid), "--all", "--root", "--wd", *drop, *argv]


def environment_in() -> dict[str, str]:
    """Return the environment of a command in a node."""
    return {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": "/root",
        "LANG": "C.UTF-8",
        "TERM": os.environ.get("TERM", "dumb"),
        "SYSTEMD_PAGER": "",
        "SYSTEMD_COLORS": "0",
    }


def ask_to_power_off(pid: int) -> None:
    """Press the power button: systemd shuts the node down in order."""
    os.kill(pid, POWEROFF_SIGNAL)


def _nspawn(node: NodeSettings) -> list[str]:
    settings, directory = node.settings, node.directory
    return [
        str(tool(Path(settings.home), "systemd-nspawn")),
        "--quiet",
        f"--directory={directory}/root",
        f"--machine={node.namespace}",
        f"--hostname={node.name}",
        "--register=no",
        "--keep-unit",
        "--console=pipe",
        "--link-journal=no",
        "--resolv-conf=off",
        "--timezone=off",
        f"--capability={EXTRA_CAPABILITIES}",
        f"--network-namespace-path=/run/netns/{node.namespace}",
        f"--bind={settings.directory}/share:/srv/share",
        f"--bind-ro={settings.checkout}:/srv/src",
        "--boot",
    ]


def _bounding_set(pid: int) -> list[int]:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("CapBnd:"):
            mask = int(line.split()[1], 16)
            return [number for number in range(LAST_CAPABILITY + 1) if mask >> number & 1]
    raise BedError(f"cannot read the capabilities of process {pid}")
