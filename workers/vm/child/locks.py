"""What is done about the locks found on a VM's volumes before it is started; pure.

Invariant: a lock is removed only when whoever holds it is certainly dead: a process of this node
that is no more, or one that Ceph has shut out for ever. Anything else keeps the VM from starting,
with the evidence.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """A lock on a volume, as Ceph lists it."""

    volume: str
    """`pool/volume`."""
    id: str
    locker: str
    """The Ceph client, `client.4711`."""
    address: str
    """`ip:port/nonce`."""

    @property
    def host(self) -> str:
        """Its holder's IP address."""
        return self.address.rpartition("/")[0].rpartition(":")[0].strip("[]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What to do."""

    remove: tuple[Lock, ...] = ()
    refusal: str = ""
    """Why the VM must not be started; empty when it may, once those locks are gone."""


def judge(
    locks: Iterable[Lock],
    *,
    own_hosts: Collection[str],
    runs_here: bool,
    users: Mapping[str, str],
    blocklist: Collection[str] | None,
) -> Verdict:
    """Say which locks go; `users` are the other VMs that run here, by the volumes they have, and
    `blocklist` is None when the node that had the VM was not fenced."""
    remove = []
    for lock in locks:
        if runs_here:
            return Verdict(refusal=f"a process of it runs here already; {_named(lock)}")
        if lock.host in own_hosts and (user := users.get(lock.volume)):
            return Verdict(refusal=f"{_named(lock)}: by the VM {user}, which runs here with it")
        if lock.host in own_hosts or (blocklist is not None and is_shut_out(lock, blocklist)):
            remove.append(lock)
            continue
        return Verdict(refusal=f"{_named(lock)}{_why_not(blocklist)}")
    return Verdict(remove=tuple(remove))


def is_shut_out(lock: Lock, blocklist: Collection[str]) -> bool:
    """Whether Ceph accepts nothing from the lock's holder any more: it alone, or its whole host."""
    return lock.address in blocklist or f"{lock.host}:0/0" in blocklist


def read_blocklist(text: str) -> frozenset[str]:
    """Return the addresses in what `ceph osd blocklist ls --format json` prints: lists one after
    the other, since single addresses and ranges are listed apart."""
    found: set[str] = set()
    decoder, rest = json.JSONDecoder(), text.strip()
    while rest:
        entries, end = decoder.raw_decode(rest)
        found.update(str(entry["addr"]) for entry in entries if "addr" in entry)
        rest = rest[end:].lstrip()
    return frozenset(found)


def _named(lock: Lock) -> str:
    return f"volume {lock.volume} is locked by {lock.locker} at {lock.address}"


def _why_not(blocklist: Collection[str] | None) -> str:
    if blocklist is None:
        return ", which is not this node; end the VM there, or free its locks if it runs nowhere"
    return ", which is not on Ceph's blocklist although its node was fenced"
