"""What people say about a VM besides its definition, in the tree: `vm.meta`, `vm.tags`.

Invariant: reading never fails: what cannot be read has its default, and a tag that says nothing
readable of itself is a tag all the same, so no VM is lost for a broken record.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from cluster.model.vm import MAX_DOWNTIME_MS, MigrationMethod, Selector, Tag, TagKind, VmMeta
from cluster.schema import codec


def read_meta(data: bytes | None) -> VmMeta:
    """Read `vm.meta`."""
    plain = codec.read_object(data) or {}
    downtime = codec.as_integer(plain.get("migration_max_downtime"))
    return VmMeta(
        autostart=codec.as_flag(plain.get("autostart")),
        migration_method=codec.as_enum(MigrationMethod, plain.get("migration_method"))
        or MigrationMethod.NONE,
        migration_max_downtime_ms=downtime if downtime > 0 else MAX_DOWNTIME_MS,
        node_selector=codec.as_enum(Selector, plain.get("node_selector")) or Selector.NONE,
        node_limit=_names(plain.get("node_limit")),
    )


def meta_data(meta: VmMeta) -> bytes:
    """Return what `vm.meta` holds."""
    return codec.to_json(
        {
            "autostart": meta.autostart,
            "migration_method": meta.migration_method,
            "migration_max_downtime": meta.migration_max_downtime_ms,
            "node_selector": meta.node_selector,
            "node_limit": list(meta.node_limit),
        }
    )


def read_tags(data: bytes | None) -> tuple[Tag, ...]:
    """Read `vm.tags`, by name."""
    plain = codec.read_object(data) or {}
    return tuple(_tag(name, codec.as_object(plain[name])) for name in sorted(plain))


def tags_data(tags: Iterable[Tag]) -> bytes:
    """Return what `vm.tags` holds."""
    return codec.to_json(
        {tag.name: {"type": tag.kind, "protected": tag.is_protected} for tag in tags}
    )


def _tag(name: str, plain: Mapping[str, Any]) -> Tag:
    return Tag(
        name=name,
        kind=codec.as_enum(TagKind, plain.get("type")) or TagKind.USER,
        is_protected=codec.as_flag(plain.get("protected")),
    )


def _names(value: object) -> tuple[str, ...]:
    return tuple(n for n in value if isinstance(n, str)) if isinstance(value, list) else ()
