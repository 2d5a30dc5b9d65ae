"""Orders and answers of the vm worker's children as JSON.

Invariant: a line that cannot be read is never taken for an ending.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, get_args

from workers.vm.child_lines import read_line
from workers.vm.jobs import Ending, Job

_KINDS: Final = {kind.__name__: kind for kind in get_args(Job)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What every child must know of this node."""

    uri: str = "qemu:///system"
    """Its libvirt."""
    log_directory: str = "/var/log/libvirt/qemu"
    """Where libvirt writes how VMs ended."""
    ceph_config: str = "/etc/ceph/ceph.conf"
    ceph_keyring: str = "/etc/ceph/ceph.client.admin.keyring"


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What a child is told when it starts."""

    parent: int
    """The process it belongs to."""
    surroundings: Surroundings
    job: Job | None = None


def write_orders(orders: Orders) -> str:
    """Return the orders as a child reads them."""
    job = orders.job
    plain = {
        "parent": orders.parent,
        "surroundings": asdict(orders.surroundings),
        "job": None if job is None else {"kind": type(job).__name__, **asdict(job)},
    }
    return json.dumps(plain)


def read_orders(text: str) -> Orders:
    """Read a child's orders."""
    plain = json.loads(text)
    return Orders(
        parent=plain["parent"],
        surroundings=Surroundings(**plain["surroundings"]),
        job=None if plain["job"] is None else _read_job(plain["job"]),
    )


def _read_job(plain: Mapping[str, Any]) -> Job:
    fields = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in plain.items()
        if name != "kind"
    }
    job: Job = _KINDS[plain["kind"]](**fields)
    return job


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One line of a job's process: how far it is, or how it ended."""

    percent: int | None = None
    ending: Ending | None = None
    reason: str = ""


def write_answer(answer: Answer) -> str:
    """Return an answer as a line."""
    return json.dumps(asdict(answer))


def read_answer(line: str) -> Answer:
    """Read a line of a job's process; raises `Garbled`."""
    return read_line(line, _answer)


def _answer(plain: Mapping[str, Any]) -> Answer:
    ending = plain["ending"]
    return Answer(
        percent=plain["percent"],
        ending=None if ending is None else Ending(ending),
        reason=plain["reason"],
    )
