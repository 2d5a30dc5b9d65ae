"""What people say about a VM: its meta data, its profile, its tags."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from cluster.lifecycle.vm_orders import Edit, check_edit
from cluster.model.vm import MigrationMethod, Selector, Tag, VmMeta
from cluster.operations.attempt import until_applied
from cluster.operations.vm_reading import Values, read_vm, state_of, vm_path
from cluster.records.vm_keys import VmKeys, put
from cluster.records.vm_label_record import meta_data, read_meta, read_tags, tags_data
from cluster.schema.layout import Layout
from cluster.schema.shape import can_be_name
from cluster.store.store import Change, Store, Value
from runtime.deadline import Deadline
from runtime.errors import Conflict, Invalid, NotFound

_MOST_TAG: Final = 128
_MOST_DOWNTIME_MS: Final = 600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class MetaEdit:
    """What is to be changed; None leaves it as it is."""

    autostart: bool | None = None
    migration_method: MigrationMethod | None = None
    migration_max_downtime_ms: int | None = None
    node_selector: Selector | None = None
    node_limit: tuple[str, ...] | None = None
    profile: str | None = None


def set_meta(
    store: Store, layout: Layout, uuid: str, edit: MetaEdit, *, deadline: Deadline
) -> VmMeta:
    """Change what is said about a VM; returns all of it."""
    _check_downtime(edit.migration_max_downtime_ms)
    nodes = edit.node_limit or ()
    meta_path, profile_path = (vm_path(layout, key, uuid) for key in ("vm.meta", "vm.profile"))
    more = [meta_path, profile_path, *node_paths(layout, nodes)]

    def decide() -> tuple[Sequence[Change], VmMeta]:
        keys, values = read_vm(store, layout, uuid, deadline, more=more)
        check_edit(state_of(keys), Edit.LABEL)
        check_nodes(layout, nodes, values)
        meta = edited(read_meta(_data(values[meta_path])), edit)
        changes: list[Change] = [put(meta_path, meta_data(meta), _version(values[meta_path]))]
        if edit.profile is not None:
            changes.append(put(profile_path, edit.profile.encode(), _version(values[profile_path])))
        return changes, meta

    return until_applied(store, decide, deadline, what=f"the VM {uuid}")


def edited(meta: VmMeta, edit: MetaEdit) -> VmMeta:
    """Return meta data with the changes that were asked for."""
    asked = {
        "autostart": edit.autostart,
        "migration_method": edit.migration_method,
        "migration_max_downtime_ms": edit.migration_max_downtime_ms,
        "node_selector": edit.node_selector,
        "node_limit": edit.node_limit,
    }
    return replace(meta, **{name: value for name, value in asked.items() if value is not None})  # type: ignore[arg-type]


def add_tag(store: Store, layout: Layout, uuid: str, tag: Tag, *, deadline: Deadline) -> None:
    """Give a VM a tag, or say anew whether the one it has is protected."""
    check_tags([tag])

    def change(_keys: VmKeys, tags: Mapping[str, Tag]) -> dict[str, Tag]:
        return {**tags, tag.name: tag}

    _change_tags(store, layout, uuid, change, deadline)


def remove_tag(store: Store, layout: Layout, uuid: str, name: str, *, deadline: Deadline) -> None:
    """Take a tag from a VM; raises `NotFound`, or `Conflict` when it is protected."""

    def change(keys: VmKeys, tags: Mapping[str, Tag]) -> dict[str, Tag]:
        if name not in tags:
            raise NotFound(f"the VM {keys.name} has no tag {name}", vm=keys.name, tag=name)
        if tags[name].is_protected:
            raise Conflict(
                f"the tag {name} of the VM {keys.name} is protected; add it without protection "
                "first",
                vm=keys.name,
                tag=name,
            )
        return {other: tag for other, tag in tags.items() if other != name}

    _change_tags(store, layout, uuid, change, deadline)


def check_tags(tags: Iterable[Tag]) -> None:
    """Raise `Invalid` for a tag that is no word."""
    for tag in tags:
        is_word = tag.name.isprintable() and not set(tag.name) & set(", \t")
        if not (is_word and 0 < len(tag.name) <= _MOST_TAG):
            raise Invalid(
                f"{tag.name[:40]!r} is no tag: 1 to {_MOST_TAG} characters, no blanks, no commas",
                tag=tag.name,
            )


def node_paths(layout: Layout, nodes: Iterable[str]) -> list[str]:
    """Return what to read so that `check_nodes` can tell whether nodes exist."""
    return [layout.path("node", node=name) for name in nodes if can_be_name(name)]


def check_nodes(layout: Layout, nodes: Iterable[str], values: Values) -> None:
    """Raise `NotFound` naming the first node that does not exist."""
    for name in nodes:
        if not can_be_name(name) or values[layout.path("node", node=name)] is None:
            raise NotFound(f"there is no node {name}", node=name)


def _change_tags(
    store: Store,
    layout: Layout,
    uuid: str,
    change: Callable[[VmKeys, Mapping[str, Tag]], Mapping[str, Tag]],
    deadline: Deadline,
) -> None:
    path = vm_path(layout, "vm.tags", uuid)

    def decide() -> tuple[Sequence[Change], None]:
        keys, values = read_vm(store, layout, uuid, deadline, more=[path])
        check_edit(state_of(keys), Edit.LABEL)
        tags = {tag.name: tag for tag in read_tags(_data(values[path]))}
        data = tags_data(change(keys, tags).values())
        return [put(path, data, _version(values[path]))], None

    until_applied(store, decide, deadline, what=f"the VM {uuid}")


def _check_downtime(downtime_ms: int | None) -> None:
    if downtime_ms is not None and not 0 < downtime_ms <= _MOST_DOWNTIME_MS:
        raise Invalid(
            f"{downtime_ms} ms is no downtime: 1 to {_MOST_DOWNTIME_MS} ms", downtime_ms=downtime_ms
        )


def _data(value: Value | None) -> bytes | None:
    return None if value is None else value.data


def _version(value: Value | None) -> int | None:
    return None if value is None else value.version
