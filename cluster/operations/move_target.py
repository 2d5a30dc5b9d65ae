"""The node that a VM is to go to, as the store has it now."""

from dataclasses import dataclass
from typing import Final

from cluster.model.node import DaemonState, DomainState, WantedDomainState
from cluster.placement import Candidate, why_closed
from cluster.schema import codec
from cluster.schema.layout import Layout
from cluster.schema.shape import can_be_name
from cluster.store.store import Check, Store, Value
from runtime.deadline import Deadline
from runtime.errors import NotFound

_KEYS: Final = (
    "node",
    "node.daemon_state",
    "node.presence",
    "node.domain_state",
    "node.wanted_domain_state",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A node, and the version of the order that says whether it takes VMs."""

    name: str
    is_alive: bool
    domain_state: DomainState | None
    wanted_domain_state: WantedDomainState | None
    wanted: Check | None

    def why_closed(self, *, is_homecoming: bool) -> str:
        """Return why it takes no VM; empty when it does."""
        # A node that becomes ready brings its own VMs home before it takes others.
        comes_home = is_homecoming and self.domain_state is DomainState.UNFLUSH
        return why_closed(
            Candidate(
                name=self.name,
                is_alive=self.is_alive,
                domain_state=DomainState.READY if comes_home else self.domain_state,
                wanted_domain_state=self.wanted_domain_state,
            )
        )

    def demands(self) -> list[Check]:
        """Demand that nobody has ordered it to be flushed or ready since it was read."""
        return [] if self.wanted is None else [self.wanted]


def read_target(store: Store, layout: Layout, name: str, deadline: Deadline) -> Target:
    """Return a node in one burst; raises `NotFound`."""
    if not can_be_name(name):
        raise NotFound(f"there is no node {name}", node=name)
    paths = [layout.path(key, node=name) for key in _KEYS]
    values = store.read_many(paths, deadline)
    role, daemon, presence, domain, wanted = (values[path] for path in paths)
    if role is None:
        raise NotFound(f"there is no node {name}", node=name)
    return Target(
        name=name,
        is_alive=codec.read_enum(DaemonState, _data(daemon)) is DaemonState.RUN
        and presence is not None,
        domain_state=codec.read_enum(DomainState, _data(domain)),
        wanted_domain_state=codec.read_enum(WantedDomainState, _data(wanted)),
        wanted=None if wanted is None else Check(paths[-1], wanted.version),
    )


def _data(value: Value | None) -> bytes | None:
    return None if value is None else value.data
