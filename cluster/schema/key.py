"""One key of the tree, as data: where it is, what it holds, who writes it."""

from dataclasses import dataclass
from enum import StrEnum


class Writer(StrEnum):
    """The one kind of process that writes a key."""

    ROOT = "supervisor"
    KEEPALIVE = "keepalive"
    FENCING = "fencing"
    VM = "vm"
    CONSOLE = "console"
    ROUTER = "router"
    CEPH = "ceph"
    SRIOV = "sriov"
    API = "api"
    ORDER = "order"
    """Whoever gives an order through `cluster/operations`: one transaction that demands the
    version it has read, so that two orders never mix."""
    REPORTER = "reporter"
    """The worker that noticed a fault or executes a task; it owns that one object."""
    NOBODY = "nobody"
    """A parent of other keys, written once when it is made."""


class Form(StrEnum):
    """How a value is written."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    FLAG = "flag"
    """The text True or False."""
    JSON = "json"
    EMPTY = "empty"
    """Holds nothing; there for its children, or as a lock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One row of the key table."""

    name: str
    """The dotted name code uses, `node.beat`."""
    path: str
    """Where it is, with the names of its objects in braces: `/nodes/{node}/beat`."""
    form: Form
    writer: Writer
    about: str
    """What it holds, in a sentence for people."""
    since: int
    """The first schema version that has it."""
    until: int | None = None
    """The first schema version that has it no more."""
    default: str = ""
    """What it holds on a new object, and what its schema step writes on objects that lack it."""
    is_ephemeral: bool = False
    is_secret: bool = False
    """Readable only with the cluster's credential."""

    def exists_in(self, version: int) -> bool:
        """Whether a tree of this schema version has the key."""
        return self.since <= version and (self.until is None or version < self.until)
