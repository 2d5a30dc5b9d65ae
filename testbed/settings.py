"""What one testbed is: its size, its addresses, its places on the host.

Everything of a testbed on the host carries its name as a prefix, so that
several can run beside each other and one can be removed without a list.
"""

import json
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from testbed.errors import BedError

DEFAULT_HOME = "/var/lib/pvc-testbed"
DEFAULT_NET = "10.20"
NETWORKS = {"upl": "upstream", "clu": "cluster", "sto": "storage"}
API_PORT = 7370
BMC_USER, BMC_PASSWORD = "admin", "secret"
HOST_NUMBER, FLOATING_NUMBER, FIRST_BMC_NUMBER = 253, 250, 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one testbed, fixed from `up` to `down`."""

    name: str
    home: str
    checkout: str
    nodes: int = 3
    coordinators: int = 3
    networks: tuple[str, str, str]
    suite: str = "bookworm"
    product: bool = True
    token: str

    @property
    def directory(self) -> Path:
        """Return the place of this testbed's files."""
        return Path(self.home) / "clusters" / self.name

    @property
    def switch(self) -> str:
        """Return the name of the network namespace that holds the three bridges."""
        return f"{self.name}-sw"

    @property
    def host_link(self) -> str:
        """Return the name of the one interface in the host's own network namespace."""
        return f"{self.name}-host"

    def network(self, short: str) -> IPv4Network:
        """Return the addresses of one network by its short name."""
        return IPv4Network(self.networks[list(NETWORKS).index(short)])

    def number(self, short: str, last: int) -> IPv4Address:
        """Return the address with that last number in one network."""
        return self.network(short).network_address + last

    def node(self, name: str) -> "NodeSettings":
        """Return one node by name."""
        for node in self.all_nodes():
            if node.name == name:
                return node
        names = " ".join(node.name for node in self.all_nodes())
        raise BedError(f"no node {name!r}; there are {names}")

    def all_nodes(self) -> list["NodeSettings"]:
        """Return the nodes in order; the coordinators come first."""
        return [NodeSettings(settings=self, index=index) for index in range(1, self.nodes + 1)]

    def all_coordinators(self) -> list["NodeSettings"]:
        """Return the nodes that carry Zookeeper and the API."""
        return self.all_nodes()[: self.coordinators]

    def save(self) -> None:
        """Write the settings where the next command finds them; only root may read the token."""
        self.directory.mkdir(parents=True, exist_ok=True)
        path = self.directory / "settings.json"
        fresh = path.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_text(json.dumps(asdict(self), indent=2) + "\n")
        fresh.replace(path)


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSettings:
    """Where one node is and how it is called."""

    settings: Settings
    index: int

    @property
    def name(self) -> str:
        """Return the host name, `hv1` and so on."""
        return f"hv{self.index}"

    @property
    def is_coordinator(self) -> bool:
        """Tell whether this node carries Zookeeper and the API."""
        return self.index <= self.settings.coordinators

    @property
    def namespace(self) -> str:
        """Return the name of the node's network namespace."""
        return f"{self.settings.name}-{self.name}"

    @property
    def directory(self) -> Path:
        """Return the place of the node's files on the host."""
        return self.settings.directory / "nodes" / self.name

    @property
    def addresses(self) -> dict[str, str]:
        """Return the node's own address in each network."""
        return {short: str(self.settings.number(short, self.index)) for short in NETWORKS}

    @property
    def bmc_address(self) -> str:
        """Return the address of the node's BMC on the upstream network."""
        return str(self.settings.number("upl", FIRST_BMC_NUMBER + self.index))


def load(name: str, home: Path) -> Settings | None:
    """Return the saved settings of a testbed, None when there is none."""
    path = home / "clusters" / name / "settings.json"
    try:
        saved = json.loads(path.read_text())
    except FileNotFoundError:
        return None
    except (ValueError, PermissionError) as error:
        raise BedError(f"cannot read {path}: {error}") from error
    return Settings(**(saved | {"networks": tuple(saved["networks"])}))


def new(
    *,
    name: str,
    home: Path,
    checkout: Path,
    nodes: int,
    coordinators: int,
    net: str,
    suite: str,
    product: bool,
) -> Settings:
    """Check the wishes of a user and make settings of them."""
    check_name(name)
    if not 1 <= nodes <= 5:
        raise BedError(f"--nodes must be 1 to 5, not {nodes}")
    if coordinators not in (1, 3, 5) or coordinators > nodes:
        raise BedError(f"--coordinators must be 1, 3 or 5 and at most --nodes, not {coordinators}")
    return Settings(
        name=name,
        home=str(home),
        checkout=str(checkout),
        nodes=nodes,
        coordinators=coordinators,
        networks=parse_net(net),
        suite=suite,
        product=product,
        token=secrets.token_hex(16),
    )


def check_name(name: str) -> None:
    """Refuse a name that could meet another testbed's prefix or the kernel's name length."""
    if not re.fullmatch(r"pvc[a-z0-9]{0,4}", name):
        raise BedError(f"a testbed is called pvc or pvcXXXX (letters and digits), not {name!r}")


def parse_net(text: str) -> tuple[str, str, str]:
    """Read `10.20` (three /24 networks 10.20.0.0, 10.21.0.0, 10.22.0.0) or three /24 networks."""
    try:
        if "," not in text:
            first, second = (int(part) for part in text.split("."))
            parts = [f"{first}.{second + step}.0.0/24" for step in range(3)]
        else:
            parts = [part.strip() for part in text.split(",")]
        upl, clu, sto = (IPv4Network(part) for part in parts)
    except ValueError as error:
        raise BedError(
            f"--net takes 10.20 or 10.20.0.0/24,10.21.0.0/24,10.22.0.0/24, not {text!r}"
        ) from error
    if any(network.prefixlen != 24 for network in (upl, clu, sto)) or len({upl, clu, sto}) < 3:
        raise BedError(f"--net needs three different /24 networks, not {text!r}")
    return str(upl), str(clu), str(sto)


def home_directory(environment: Mapping[str, str] | None = None) -> Path:
    """Return where images and testbeds are kept."""
    found = os.environ if environment is None else environment
    return Path(found.get("PVC_TESTBED_HOME", DEFAULT_HOME))
