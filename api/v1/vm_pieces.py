"""VMs as the bytes that clients get, each made once per change; pure but for what it remembers.

Invariant: the pieces of a VM, joined, are the JSON of its `vm_view` of now. What follows from the
definition (most of it: the XML) is one piece that outlives the statistics, which change every few
seconds; only the ages of snapshots are written anew for each answer.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from api.as_json import as_json
from api.pieces import Pieces
from api.seen_vm import SeenVm
from api.v1.views_vm_snapshot import age, lasting_views
from api.v1.vm_fields import DEFINED, MEASURED, ORDERED, SNAPSHOTS, Field, vm_view
from cluster.model.vm_details import VmSnapshot

_KEY: Final = "piece"
_MOST_CHOICES: Final = 4
"""For how many choices of fields the bytes of a VM are kept."""
_NO_SNAPSHOTS: Final = f',"{SNAPSHOTS}":[]'.encode()
_BEGIN_SNAPSHOTS: Final = f',"{SNAPSHOTS}":['.encode()


def vms_pieces(vms: Iterable[SeenVm], now: datetime) -> Pieces:
    """Return a list of VMs as JSON."""
    found: list[bytes] = []
    for seen in vms:
        found.append(b"," if found else b"[")
        found += _pieces(seen, now)
    found.append(b"]" if found else b"[]")
    return Pieces(found)


def vms_with(vms: Iterable[SeenVm], fields: tuple[str, ...], now: datetime) -> Pieces:
    """Return a list of VMs with these fields alone as JSON."""
    found: list[bytes] = []
    for seen in vms:
        found += (b"," if found else b"[", _chosen(seen, fields, now))
    found.append(b"]" if found else b"[]")
    return Pieces(found)


def is_prepared(seen: SeenVm) -> bool:
    """Whether what follows from a VM's definition is written already."""
    return _KEY in seen.made.of_definition


def prepare(seen: SeenVm) -> None:
    """Write what follows from a VM's definition."""
    _make(seen, DEFINED, seen.made.of_definition)


def _pieces(seen: SeenVm, now: datetime) -> Iterator[bytes]:
    made = seen.made
    yield made.of_order.get(_KEY) or _make(seen, ORDERED, made.of_order)
    yield made.of_statistics.get(_KEY) or _make(seen, MEASURED, made.of_statistics)
    if seen.raw.snapshots:
        yield _BEGIN_SNAPSHOTS
        yield from _snapshots(seen, now)
        yield b"]"
    else:
        yield _NO_SNAPSHOTS
    yield made.of_definition.get(_KEY) or _make(seen, DEFINED, made.of_definition)


def _make(seen: SeenVm, fields: Mapping[str, Field], made: dict[str, Any]) -> bytes:
    """Return some fields as the beginning, the middle or the end of an object."""
    inside = as_json({name: field(seen) for name, field in fields.items()})[1:-1]
    piece = made[_KEY] = (
        (b"{" if fields is ORDERED else b",") + inside + (b"}" if fields is DEFINED else b"")
    )
    seen.forget()
    return piece


def _chosen(seen: SeenVm, fields: tuple[str, ...], now: datetime) -> bytes:
    made = seen.made.of_statistics
    known: bytes | None = made.get(fields)
    if known is not None:
        return known
    piece = as_json(vm_view(seen, now, fields))
    seen.forget()
    if SNAPSHOTS not in fields:
        if len(made) > _MOST_CHOICES:
            made.clear()
        made[fields] = piece
    return piece


def _snapshots(seen: SeenVm, now: datetime) -> Iterator[bytes]:
    known: list[tuple[VmSnapshot, bytes]] | None = seen.made.of_definition.get(SNAPSHOTS)
    if known is None:
        views: list[Any] = lasting_views(seen)
        known = [(s, as_json(v)[:-1]) for s, v in zip(seen.snapshots, views, strict=True)]
        seen.made.of_definition[SNAPSHOTS] = known
    for number, (snapshot, lasting) in enumerate(known):
        yield b"," + lasting if number else lasting
        yield b',"age":%d}' % age(snapshot, now)
