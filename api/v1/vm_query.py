"""Which VMs a list is to hold: by name, node, state and tag; pure."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from api.seen_vm import SeenVm
from api.v1.arguments import Arguments
from api.v1.limit import name_filter
from api.v1.listing import Keys, listing_parameters
from api.v1.parameter import Kind, Parameter
from api.v1.vm_fields import FIELDS
from cluster.model.vm import VmState

_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

SORT_KEYS: Final[Keys[SeenVm]] = {
    "name": lambda seen: seen.vm.name,
    "uuid": lambda seen: seen.vm.uuid,
    "state": lambda seen: seen.vm.state,
    "node": lambda seen: seen.node,
    "last_node": lambda seen: seen.home,
    "description": lambda seen: seen.definition.description,
    "profile": lambda seen: seen.profile,
    "memory": lambda seen: seen.definition.memory_mb,
    "vcpu": lambda seen: seen.definition.vcpus,
}

PARAMETERS: Final = (
    Parameter(name="limit", about="A regular expression that the name must hold, or a UUID."),
    Parameter(name="node", about="VMs on one of these nodes.", is_repeated=True),
    Parameter(
        name="state", about="VMs in one of these states.", is_repeated=True, choices=(*VmState,)
    ),
    Parameter(name="tag", about="VMs with one of these tags.", is_repeated=True),
    Parameter(
        name="negate",
        about="VMs for which neither `node` nor `state` nor `tag` is true, as far as given.",
        kind=Kind.FLAG,
    ),
    *listing_parameters(SORT_KEYS, FIELDS),
)


def matching(arguments: Arguments, vms: Sequence[SeenVm]) -> Sequence[SeenVm]:
    """Return the VMs that were asked for."""
    return _with_filters(arguments, _with_name(arguments.text("limit") or "", vms))


def _with_name(limit: str, vms: Sequence[SeenVm]) -> Sequence[SeenVm]:
    if not limit:
        return vms
    if _UUID.fullmatch(limit.lower()):
        return [seen for seen in vms if seen.vm.uuid.lower() == limit.lower()]
    pattern = name_filter("limit", limit)
    return [seen for seen in vms if pattern.search(seen.vm.name)]


def _with_filters(arguments: Arguments, vms: Sequence[SeenVm]) -> Sequence[SeenVm]:
    wanted: list[Callable[[SeenVm], bool]] = []
    if nodes := frozenset(arguments.texts("node")):
        wanted.append(lambda seen: seen.node in nodes)
    if states := frozenset(arguments.texts("state")):
        wanted.append(lambda seen: seen.vm.state.value in states)
    if tags := frozenset(arguments.texts("tag")):
        wanted.append(lambda seen: not tags.isdisjoint(tag.name for tag in seen.tags))
    if not wanted:
        return vms
    is_negated = arguments.flag("negate")
    return [seen for seen in vms if _holds(seen, wanted, is_negated=is_negated)]


def _holds(seen: SeenVm, wanted: Iterable[Callable[[SeenVm], bool]], *, is_negated: bool) -> bool:
    return all(holds(seen) is not is_negated for holds in wanted)
