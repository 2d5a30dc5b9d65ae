"""The networks: one namespace with three bridges, one cable per node and network.

No bridge stands in the host's own namespace, so a host firewall or a container
engine cannot interfere; only one link leads from the host to the upstream
bridge, for the API.
"""

import contextlib
import json
from pathlib import Path

from testbed.commands import run
from testbed.errors import BedError
from testbed.settings import HOST_NUMBER, NETWORKS, NodeSettings, Settings


def make_switch(settings: Settings) -> None:
    """Make the switch namespace, its bridges and the host's link, unless they exist."""
    switch = settings.switch
    if namespace_exists(switch):
        return
    refuse_clashing_routes(settings)
    run(["ip", "netns", "add", switch])
    run(["ip", "-n", switch, "link", "set", "lo", "up"])
    for number, short in enumerate(NETWORKS):
        # A bridge without an address of its own takes the lowest of its ports': its BMCs would
        # be out of reach for seconds whenever a node is switched on and its port is a new one.
        own = ["name", f"br-{short}", "address", f"02:fe:0{number}:00:01:00"]
        bridge = [*own, "type", "bridge", "stp_state", "0", "forward_delay", "0"]
        run(["ip", "-n", switch, "link", "add", *bridge])
        run(["ip", "-n", switch, "link", "set", f"br-{short}", "up"])
    for node in settings.all_nodes():
        address = f"{node.bmc_address}/24"
        run(["ip", "-n", switch, "addr", "add", address, "dev", "br-upl"])
    _link_host(settings)


def refuse_clashing_routes(settings: Settings) -> None:
    """Stop before an address range is used that the host already reaches elsewhere."""
    routes = json.loads(run(["ip", "-json", "-4", "route"]).stdout or "[]")
    taken = {route["dst"]: route.get("dev", "?") for route in routes if route["dst"] != "default"}
    ours = settings.network("upl")
    for text, device in taken.items():
        net = text if "/" in text else f"{text}/32"
        if device != settings.host_link and ours.overlaps(type(ours)(net, strict=False)):
            raise BedError(f"{ours} is in use on this host ({net} on {device}); choose --net")


def plug(node: NodeSettings) -> None:
    """Give a node a fresh network namespace with its three interfaces."""
    unplug(node)
    switch, own = node.settings.switch, node.namespace
    run(["ip", "netns", "add", own])
    run(["ip", "-n", own, "link", "set", "lo", "up"])
    for number, short in enumerate(NETWORKS):
        hardware = f"02:fe:0{number}:00:00:{node.index:02x}"
        peer = _port(node, short)
        pair = [short, "netns", own, "address", hardware, "type", "veth"]
        run(["ip", "link", "add", *pair, "peer", "name", peer, "netns", switch])
        run(["ip", "-n", switch, "link", "set", peer, "master", f"br-{short}"])
        run(["ip", "-n", own, "addr", "add", f"{node.addresses[short]}/24", "dev", short])
        run(["ip", "-n", own, "link", "set", short, "up"])
        _set_port(node, short, up=short not in cuts(node))


def unplug(node: NodeSettings) -> None:
    """Remove a node's namespace; the switch side goes first because that is synchronous.

    Deleting only the namespace destroys the interfaces later: a quick restart
    would find the old ones and the node would boot without a network.
    """
    for short in NETWORKS:
        run(["ip", "-n", node.settings.switch, "link", "del", _port(node, short)], check=False)
    if namespace_exists(node.namespace):
        run(["ip", "netns", "del", node.namespace])


def cut(node: NodeSettings, shorts: list[str]) -> None:
    """Pull cables of a node; they stay pulled when the node is switched off and on."""
    _remember_cuts(node, cuts(node) | set(shorts))
    for short in shorts:
        _set_port(node, short, up=False)


def heal(node: NodeSettings, shorts: list[str]) -> None:
    """Put cables of a node back."""
    _remember_cuts(node, cuts(node) - set(shorts))
    for short in shorts:
        _set_port(node, short, up=True)


def cuts(node: NodeSettings) -> set[str]:
    """Return the networks whose cable is pulled."""
    with contextlib.suppress(FileNotFoundError):
        return set(_cuts_file(node).read_text().split())
    return set()


def shorts_of(network: str | None) -> list[str]:
    """Read a network's name, short or long; none means all three."""
    if network is None:
        return list(NETWORKS)
    for short, long in NETWORKS.items():
        if network in (short, long):
            return [short]
    raise BedError(f"no network {network!r}; there are {', '.join(NETWORKS.values())}")


def namespace_exists(name: str) -> bool:
    """Tell whether a named network namespace exists."""
    return Path("/run/netns", name).exists()


def _link_host(settings: Settings) -> None:
    link, switch = settings.host_link, settings.switch
    run(["ip", "link", "add", link, "type", "veth", "peer", "name", "host", "netns", switch])
    run(["ip", "-n", switch, "link", "set", "host", "master", "br-upl", "up"])
    run(["ip", "addr", "add", f"{settings.number('upl', HOST_NUMBER)}/24", "dev", link])
    run(["ip", "link", "set", link, "up"])


def _port(node: NodeSettings, short: str) -> str:
    return f"{node.name}-{short}"


def _set_port(node: NodeSettings, short: str, *, up: bool) -> None:
    state = "up" if up else "down"
    # A node that is off has no port; the cable is then set when it is plugged in.
    argv = ["ip", "-n", node.settings.switch, "link", "set", _port(node, short), state]
    run(argv, check=namespace_exists(node.namespace))


def _remember_cuts(node: NodeSettings, shorts: set[str]) -> None:
    _cuts_file(node).write_text(" ".join(sorted(shorts)))


def _cuts_file(node: NodeSettings) -> Path:
    return node.directory / "cuts"
