"""The power switch of every node: on, off, reset, as a mainboard would do them.

Invariant: when `off` returns, no process of the node lives and its network
namespace is gone; nothing of it answers any more, as after a pulled plug.
"""

import threading
from collections.abc import Callable
from pathlib import Path

from testbed import network, nspawn
from testbed.cgroup import Cgroups
from testbed.commands import start_in_background
from testbed.settings import NodeSettings, Settings
from testbed.waiting import wait_until

REBOOT_STATUS = 133


class PowerSwitch:
    """Switches the nodes of one testbed; lives in its power supervisor."""

    def __init__(self, settings: Settings, cgroups: Cgroups, layers: list[Path]) -> None:
        """Take charge of all nodes of a testbed."""
        self._cgroups = cgroups
        self._layers = layers
        self._nodes = {node.name: node for node in settings.all_nodes()}
        self._locks = {name: threading.Lock() for name in self._nodes}

    def do(self, action: str, name: str) -> str:
        """Carry out one order and answer in one line."""
        if name not in self._nodes:
            return f"error no node {name}"
        node = self._nodes[name]
        if action == "status":
            return "ok 1" if self._cgroups.is_populated(name) else "ok 0"
        with self._locks[name]:
            match action:
                case "on":
                    self._on(node)
                case "off":
                    self._off(node)
                case "reset":
                    self._off(node)
                    self._on(node)
                case "soft":
                    self._soft(node)
                case _:
                    return f"error no action {action}"
        return "ok"

    def _on(self, node: NodeSettings) -> None:
        if self._cgroups.is_populated(node.name):
            return
        self._cgroups.remove(node.name)
        network.plug(node)
        process = start_in_background(
            self._cgroups.command(node.name, nspawn.boot_command(node, self._layers)),
            log=node.directory / "console.log",
            env=nspawn.boot_environment(node),
        )
        # The node is on, for everybody who asks, only once its first process is in its group.
        wait_until(
            lambda: self._cgroups.is_populated(node.name) or process.poll() is not None,
            10,
            f"{node.name} to start",
            0.005,
        )
        threading.Thread(target=self._collect, args=(node, process.wait), daemon=True).start()

    def _off(self, node: NodeSettings) -> None:
        self._cgroups.kill(node.name)
        network.unplug(node)
        self._cgroups.remove(node.name)

    def _soft(self, node: NodeSettings) -> None:
        pid = nspawn.leader(self._cgroups, node)
        if pid is not None:
            nspawn.ask_to_power_off(pid)

    def _collect(self, node: NodeSettings, wait: Callable[[], int]) -> None:
        """Collect the node's end; boot it again when it asked for a reboot itself."""
        if wait() == REBOOT_STATUS:
            self.do("on", node.name)
