"""A new VM: its name, its record and its first order in one transaction.

Invariant: names and UUIDs are unique. That costs two keys read, however many VMs there are.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import uuid4

from cluster.definition.document import parse_domain
from cluster.definition.editing import with_uuid
from cluster.definition.mac_giving import with_macs
from cluster.definition.reading import read as read_definition
from cluster.model.definition import Definition
from cluster.model.vm import Seen, SeenState, Selector, Tag, VmMeta, Wanted, WantedState
from cluster.operations.attempt import until_applied
from cluster.operations.vm_labels import check_nodes, check_tags, node_paths
from cluster.placement import Candidate, Request, place
from cluster.records.vm_label_record import meta_data, tags_data
from cluster.records.vm_record import seen_data, wanted_data
from cluster.schema.layout import Layout
from cluster.store.store import Change, Create, Store
from runtime.deadline import Deadline
from runtime.errors import Conflict


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVm:
    """What is said of a VM that is to be defined."""

    xml: str
    node: str | None = None
    """None: chosen by placement."""
    meta: VmMeta
    tags: tuple[Tag, ...] = ()
    profile: str = ""
    state: WantedState = WantedState.STOP
    """What is wanted of it at first; it does not run until it is ordered to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Defined:
    """The VM that was made."""

    uuid: str
    name: str
    node: str


def define(
    store: Store,
    layout: Layout,
    new: NewVm,
    *,
    candidates: Iterable[Candidate] = (),
    default_selector: Selector = Selector.NONE,
    deadline: Deadline,
) -> Defined:
    """Define a VM; raises `Invalid` for what is wrong with it, `Conflict` when its name or UUID is
    taken or no node takes it."""
    xml, definition = _read(new.xml)
    check_tags(new.tags)
    node = new.node or _place(definition, new.meta, candidates, default_selector)

    def decide() -> tuple[Sequence[Change], Defined]:
        _check(store, layout, definition, new, node, deadline)
        made = Defined(uuid=definition.uuid, name=definition.name, node=node)
        return _keys(layout, new, xml, definition, node), made

    return until_applied(store, decide, deadline, what=f"the name {definition.name}")


def _read(xml: str) -> tuple[str, Definition]:
    """The definition in its normal form, with a UUID and all MAC addresses."""
    has_uuid = bool((parse_domain(xml).findtext("uuid") or "").strip())
    text = with_macs(xml if has_uuid else with_uuid(xml, str(uuid4())))
    return text, read_definition(text)


def _place(
    definition: Definition, meta: VmMeta, candidates: Iterable[Candidate], default: Selector
) -> str:
    request = Request(
        vm=definition.name, selector=meta.node_selector, node_limit=meta.node_limit
    )  # without its memory: it is off
    answer = place(request, candidates, default=default)
    if answer.node is None:
        raise Conflict(
            f"there is no node for the VM {definition.name}: {answer.explanation}",
            vm=definition.name,
        )
    return answer.node


def _check(
    store: Store,
    layout: Layout,
    definition: Definition,
    new: NewVm,
    node: str,
    deadline: Deadline,
) -> None:
    name = layout.path("vm_name", name=definition.name)
    record = layout.path("vm", vm=definition.uuid)
    nodes = (node, *new.meta.node_limit)
    values = store.read_many([name, record, *node_paths(layout, nodes)], deadline)
    check_nodes(layout, nodes, values)
    if new.meta.node_limit and node not in new.meta.node_limit:
        limit = ", ".join(new.meta.node_limit)
        raise Conflict(f"{node} is not among the nodes the VM may be on: {limit}", node=node)
    if values[name] is not None:
        raise Conflict(f"there is a VM named {definition.name} already", vm=definition.name)
    if (other := values[record]) is not None:
        whose = other.data.decode("utf-8", "replace")
        raise Conflict(
            f"the UUID {definition.uuid} is that of the VM {whose}", vm=whose, uuid=definition.uuid
        )


def _keys(layout: Layout, new: NewVm, xml: str, definition: Definition, node: str) -> list[Change]:
    wanted = Wanted(state=new.state, node=node, serial=1)
    seen = Seen(state=SeenState.OFF, node=node, serial=1)
    values = {
        "vm": definition.name.encode(),
        "vm.xml": xml.encode(),
        "vm.wanted": wanted_data(wanted),
        "vm.seen": seen_data(seen),
        "vm.meta": meta_data(new.meta),
        "vm.tags": tags_data(new.tags),
        "vm.profile": new.profile.encode(),
        "vm.volumes": ",".join(definition.volumes).encode(),
        "vm.stats": b"{}",
        "vm.snapshots": b"",
        "vm.console": b"",
    }
    index = Create(layout.path("vm_name", name=definition.name), definition.uuid.encode())
    return [
        index,
        *(Create(layout.path(key, vm=definition.uuid), data) for key, data in values.items()),
    ]
