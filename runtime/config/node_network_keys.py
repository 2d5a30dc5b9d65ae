"""The cluster's own three networks: their keys, and the sections they make.

Addresses are checked by arithmetic: listing the hosts of a /8 would hang the start.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import Any, Final, TypeVar

from runtime.config.key import REQUIRED, Key, Required, Values
from runtime.config.kinds import (
    ADDRESS,
    BOOLEAN,
    DOMAIN,
    FILLED_TEXT,
    INTERFACE,
    NETWORK,
    Kind,
    Unfit,
    integer,
)
from runtime.config.node import NetworkSection

_ROUTER = "its router worker comes with the client networks"

ENABLE_NETWORKING: Final = Key(
    path="functions.enable_networking",
    kind=BOOLEAN,
    default=True,
    about="Read the networks below and, with the client networks, serve them.",
)


class OwnAddress:
    """The words of `address` besides an address."""

    NONE: Final = "none"
    BY_ID: Final = "by-id"


def _own_address(value: object) -> IPv4Interface | str:
    if isinstance(value, str) and value.strip().lower() in (OwnAddress.NONE, OwnAddress.BY_ID):
        return value.strip().lower()
    return INTERFACE.read(value)


_OWN_ADDRESS: Final[Kind[IPv4Interface | str]] = Kind(
    expected="None, by-id or an IPv4 address such as 10.0.0.1/24", read=_own_address
)


_ABOUT_ADDRESS: Final = (
    "Its address: None is not ours to set; by-id is the n-th of the network, n being the last "
    "digits of the node's name."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkKeys:
    """The keys of one network."""

    name: str
    domain: Key[str]
    network: Key[IPv4Network]
    floating: Key[IPv4Interface]
    gateway: Key[IPv4Address]
    device: Key[str]
    mtu: Key[int]
    address: Key[IPv4Interface | str]


_T = TypeVar("_T")


def _key(
    path: str, kind: Kind[_T], default: _T | Required | None, about: str, idle: str = _ROUTER
) -> Key[_T]:
    return Key(
        path=path,
        kind=kind,
        default=default,
        about=about,
        idle=idle,
        only_with=ENABLE_NETWORKING.path,
    )


def _keys(name: str) -> NetworkKeys:
    every, own = f"cluster.networks.{name}", f"system.configuration.networking.{name}"
    # The BMC's name follows from upstream's domain, other nodes' libvirt from cluster's.
    idle = _ROUTER if name == "storage" else ""
    domain = f"Domain of the nodes' names in the {name} network."
    device = f"This node's interface to the {name} network."
    return NetworkKeys(
        name=name,
        domain=_key(f"{every}.domain", DOMAIN, REQUIRED, domain, idle),
        network=_key(f"{every}.network", NETWORK, REQUIRED, f"The {name} network."),
        floating=_key(f"{every}.floating_ip", INTERFACE, REQUIRED, "The primary's address in it."),
        gateway=_key(f"{every}.gateway", ADDRESS, None, "Default gateway in it."),
        device=_key(f"{own}.device", FILLED_TEXT, "", device),
        mtu=_key(f"{own}.mtu", integer(576, 65535), 1500, "Its MTU."),
        address=_key(f"{own}.address", _OWN_ADDRESS, OwnAddress.NONE, _ABOUT_ADDRESS),
    )


NETWORKS: Final = tuple(_keys(name) for name in ("upstream", "cluster", "storage"))


def _all_of(keys: NetworkKeys) -> tuple[Key[Any], ...]:
    gateway = (keys.gateway,) if keys.name == "upstream" else ()
    return (keys.domain, keys.network, keys.floating, *gateway, keys.device, keys.mtu, keys.address)


NETWORK_KEYS: Final[tuple[Key[Any], ...]] = tuple(
    key for network in NETWORKS for key in _all_of(network)
)


def read_network(
    values: Values, keys: NetworkKeys, node: str, faults: list[str]
) -> NetworkSection | None:
    """Return one network as this node is attached to it; None when its keys are faulty."""
    network, floating = values.get(keys.network), values.get(keys.floating)
    domain, own = values.get(keys.domain), values.get(keys.address)
    if network is None or floating is None or domain is None or own is None:
        return None
    _check_inside(network, floating, keys.floating, faults)
    gateway = values.get(keys.gateway)
    if gateway is not None:
        _check_inside(network, IPv4Interface(gateway), keys.gateway, faults)
    address = _own(own, network, keys.address, node, faults)
    if address in (floating.ip, gateway) and address is not None:
        other = keys.floating if address == floating.ip else keys.gateway
        faults.append(f"pvc.{keys.address.path}: {address} is taken by pvc.{other.path}")
    return NetworkSection(
        domain=domain,
        network=network,
        floating_ip=floating.ip,
        gateway=gateway,
        device=values.get(keys.device) or "",
        mtu=values.get(keys.mtu) or 1500,
        address=address,
    )


def by_id(network: IPv4Network, node: str) -> IPv4Address:
    """Return the address of a node by the number in its name; raises `Unfit`."""
    digits = re.findall(r"[0-9]+", node)
    if not digits:
        raise Unfit(f"needs digits in the node's name, and {node!r} has none")
    number = int(digits[-1])
    if not 0 < number < network.num_addresses - 1:
        raise Unfit(f"gives host {digits[-1]} for node {node!r}, which {network} does not have")
    return network.network_address + number


def _own(
    own: IPv4Interface | str,
    network: IPv4Network,
    key: Key[IPv4Interface | str],
    node: str,
    faults: list[str],
) -> IPv4Address | None:
    if own == OwnAddress.NONE:
        return None
    if isinstance(own, IPv4Interface):
        _check_inside(network, own, key, faults)
        return own.ip
    try:
        return by_id(network, node) if node else None
    except Unfit as unfit:
        faults.append(f"pvc.{key.path}: by-id {unfit}")
        return None


def _check_inside(
    network: IPv4Network, given: IPv4Interface, key: Key[Any], faults: list[str]
) -> None:
    if given.ip not in network:
        faults.append(f"pvc.{key.path}: {given.ip} is not in the network {network}")
    elif given.ip in (network.network_address, network.broadcast_address):
        faults.append(f"pvc.{key.path}: {given.ip} is no host's address in {network}")
    elif given.network.prefixlen not in (32, network.prefixlen):
        faults.append(
            f"pvc.{key.path}: {given} has another prefix length than the network {network}"
        )
