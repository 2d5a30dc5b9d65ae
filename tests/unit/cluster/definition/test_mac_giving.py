"""Interfaces without a MAC address get one, and keep it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.definition.editing import normalised
from cluster.definition.mac_giving import with_macs
from cluster.definition.reading import read
from cluster.definition.units import as_mac
from runtime.errors import Invalid
from tests.fakes.vm_tree import UUID, xml_of

BARE = "<interface type='bridge'><source bridge='vmbr7'/></interface>"
EMPTY = BARE.replace("<source", "<mac/><source")
OTHER = "1c2f64a0-0000-4c0e-9c5a-000000000002"


def own(mac: str) -> str:
    return BARE.replace("<source", f"<mac address='{mac}'/><source")


def definition(*nics: str, uuid: str = UUID) -> str:
    return xml_of("www", uuid).replace("</devices>", f"{''.join(nics)}</devices>")


def macs(xml: str) -> list[str]:
    return [nic.mac for nic in read(xml).nics]


@pytest.mark.parametrize("nic", [BARE, EMPTY])
def test_an_interface_without_a_mac_address_gets_one_of_qemu(nic: str) -> None:
    (mac,) = macs(with_macs(definition(nic)))
    assert mac.startswith("52:54:00:")
    assert as_mac(mac) == mac


def test_the_same_definition_gets_the_same_again_and_another_vm_others() -> None:
    once = with_macs(definition(BARE, BARE))
    assert with_macs(definition(BARE, BARE)) == with_macs(once) == once
    assert not set(macs(once)) & set(macs(with_macs(definition(BARE, BARE, uuid=OTHER))))
    assert macs(with_macs(definition(BARE, uuid=UUID.upper()))) == macs(once)[:1]


def test_what_is_said_stays() -> None:
    said = definition(own("52:54:00:AA:00:01"), own("02:00:00:00:00:01"))
    assert with_macs(said) == normalised(said)
    assert with_macs(xml_of("www")) == normalised(xml_of("www"))


def test_none_is_given_that_another_interface_has() -> None:
    (first,) = macs(with_macs(definition(BARE)))
    found = macs(with_macs(definition(BARE, own(first.upper()))))
    assert found[1] == first != found[0]


@given(st.integers(min_value=0, max_value=40))
def test_all_are_different(count: int) -> None:
    found = macs(with_macs(definition(*[BARE] * count)))
    assert len(set(found)) == count


def test_a_wrong_one_is_left_for_the_reader_to_refuse() -> None:
    with pytest.raises(Invalid, match="no MAC address that an interface can have"):
        read(with_macs(definition(own("not:a:mac"))))
