"""A node's configuration as tests need it."""

from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from runtime.config.node import (
    Directories,
    FencingSection,
    IpmiSection,
    LoggingSection,
    NetworkSection,
    NodeConfig,
    StoreSection,
)
from runtime.config.timing import Timing


def node_config(state: Path, node: str = "hv1") -> NodeConfig:
    network = NetworkSection(
        domain="example.com",
        network=IPv4Network("10.0.0.0/24"),
        floating_ip=IPv4Address("10.0.0.250"),
    )
    return NodeConfig(
        node=node,
        debug=False,
        coordinators=("hv1",),
        networks={"cluster": network},
        store=StoreSection(hosts=("hv1:2181",)),
        timing=Timing(),
        fencing=FencingSection(ipmi=IpmiSection(host="bmc1", user="u", password="p")),
        logging=LoggingSection(),
        directories=Directories(runtime=state / "run", state=state),
    )
