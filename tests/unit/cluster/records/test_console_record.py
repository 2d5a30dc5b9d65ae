"""The places of console files, and what a copy of the tree leaves out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.model.log import FilePlace
from cluster.records.console_record import places_data, read_places
from cluster.records.mirrored import is_kept

COUNTS = st.integers(0, 2**63)
PLACES = st.dictionaries(
    st.text(min_size=1),
    st.builds(FilePlace, inode=COUNTS, offset=COUNTS, mark=COUNTS, written_at=COUNTS),
)


@given(PLACES)
def test_places_are_read_as_they_were_written(places: dict[str, FilePlace]) -> None:
    assert read_places(places_data(places)) == places


@pytest.mark.parametrize(
    "data",
    [
        None,
        b"",
        b"[]",
        b"{",
        b'{"a":1}',
        b'{"a":{"inode":1,"offset":2,"mark":3}}',
        b'{"a":{"inode":1,"offset":-2,"mark":3,"written_at":4}}',
        b'{"a":{"inode":true,"offset":2,"mark":3,"written_at":4}}',
        b'{"a":{"inode":1.5,"offset":2,"mark":3,"written_at":4}}',
    ],
)
def test_what_is_no_place_is_left_out(data: bytes | None) -> None:
    assert read_places(data) == {}


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/domains/u/console", True),
        ("/domains/u/console/000000000000", False),
        ("/domains/u/console/place", False),
        ("/domains/u/console/place/below", False),
        ("/domains/console/xml", True),
        ("/domains/console/console", True),
        ("/domains/u/snapshots/console/xml", True),
        ("/vm_names/console", True),
        ("/logs/console/000000000000", True),
        ("/config/console/x", True),
        ("/zookeeper/config", False),
    ],
)
def test_the_copy_holds_all_but_the_lines_of_consoles(path: str, kept: bool) -> None:
    assert is_kept(path) is kept
