"""What people say about a VM in the tree: its meta data and its tags. Reading never raises; what
cannot be read takes its default."""

from collections.abc import Iterable
from typing import Any, Final

from cluster.model.vm import (
    MAX_DOWNTIME_MS,
    MigrationMethod,
    Selector,
    Tag,
    TagKind,
    VmMeta,
)
from cluster.schema import codec

_NO_PROFILE: Final = frozenset({"", "None"})


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
        node_limit=_texts(plain.get("node_limit")),
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
    """Read `vm.tags`, sorted by name."""
    plain = codec.read_object(data) or {}
    return tuple(_tag(name, codec.as_object(plain[name])) for name in sorted(plain))


def tags_data(tags: Iterable[Tag]) -> bytes:
    """Return what `vm.tags` holds."""
    by_name = {tag.name: tag for tag in tags}
    return codec.to_json(
        {
            name: {"type": tag.kind, "protected": tag.is_protected}
            for name, tag in sorted(by_name.items())
        }
    )


def read_profile(data: bytes | None) -> str:
    """Read `vm.profile`."""
    text = codec.read_text(data)
    return "" if text in _NO_PROFILE else text


def _tag(name: str, plain: Any) -> Tag:
    kind = codec.as_enum(TagKind, plain.get("type")) or TagKind.USER
    return Tag(name=name, kind=kind, is_protected=codec.as_flag(plain.get("protected")))


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        return ()
    return tuple(text for text in value if isinstance(text, str) and text)
