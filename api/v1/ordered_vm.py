"""What orders about VMs share: which VM it is, and how what does not exist is refused.

An order asks the store itself which VM has this name: it may have been made through another
coordinator a moment ago. Invariant: where version 1 of the wire says so, an unknown VM or node is a
bad request and not a missing page.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from api.v1.endpoint import Call
from cluster.definition.units import as_uuid
from cluster.operations import vm_reading
from cluster.schema.layout import Layout
from cluster.store.store import Store
from runtime.deadline import Deadline
from runtime.errors import Invalid, NotFound

UNKNOWN: Final = {400: "a bad parameter, or there is no such VM or node"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """Which VM an order is about, and what it is given with."""

    store: Store
    layout: Layout
    uuid: str
    deadline: Deadline


def ordered_vm(call: Call) -> Ordered:
    """Return the VM that a path names, by name or UUID; raises `NotFound`."""
    services, name = call.services, call.arguments.required("vm")
    deadline = services.deadline()
    uuid = vm_reading.find(services.store, services.layout, as_uuid(name) or name, deadline)
    return Ordered(store=services.store, layout=services.layout, uuid=uuid, deadline=deadline)


@contextlib.contextmanager
def unknown_is_bad() -> Iterator[None]:
    """Turn what does not exist into a bad request."""
    try:
        yield
    except NotFound as error:
        raise Invalid(error.message, **error.fields) from error


def names_of(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names in a parameter that may be repeated, or hold several with commas."""
    found = (name.strip() for text in texts for name in text.split(","))
    return tuple(dict.fromkeys(name for name in found if name))
