"""Meta and tags of VMs: written and read back, and never a VM lost for a broken record."""

import pytest

from cluster.model.vm import MAX_DOWNTIME_MS, MigrationMethod, Selector, Tag, TagKind, VmMeta
from cluster.records.vm_meta_record import meta_data, read_meta, read_tags, tags_data


def test_meta_is_read_as_written() -> None:
    meta = VmMeta(
        autostart=True,
        migration_method=MigrationMethod.LIVE,
        migration_max_downtime_ms=500,
        node_selector=Selector.VCPUS,
        node_limit=("hv1", "hv2"),
    )
    assert read_meta(meta_data(meta)) == meta


def test_tags_are_read_as_written() -> None:
    tags = (Tag(name="a", is_protected=True), Tag(name="b", kind=TagKind.SYSTEM))
    assert read_tags(tags_data(tags)) == tags


@pytest.mark.parametrize(
    "data",
    [None, b"", b"None", b"\xff{", b"[]", b"7", b'{"autostart":"x","node_limit":"hv1"}',
     b'{"migration_max_downtime":-5,"migration_method":"teleport","node_limit":[1]}'],
)  # fmt: skip
def test_what_cannot_be_read_has_its_default(data: bytes | None) -> None:
    assert read_meta(data) == VmMeta(migration_max_downtime_ms=MAX_DOWNTIME_MS)


@pytest.mark.parametrize("said", [b"null", b"[]", b'"x"', b'{"type":"odd","protected":"None"}'])
def test_a_tag_of_which_nothing_can_be_read_is_a_tag(said: bytes) -> None:
    assert read_tags(b'{"db":' + said + b"}") == (Tag(name="db"),)


@pytest.mark.parametrize("data", [None, b"", b"[]", b"\xff"])
def test_no_tags(data: bytes | None) -> None:
    assert read_tags(data) == ()
