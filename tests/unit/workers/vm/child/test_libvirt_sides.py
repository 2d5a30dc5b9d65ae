"""Both sides of a migration by libvirt's own test driver, which knows one running VM."""

import os
from collections.abc import Callable
from typing import Any

import pytest

from runtime.errors import Unavailable
from tests.debian_libvirt import import_libvirt
from workers.vm.child.settling import Side

URI = "test:///default"
UUID = "6695eb01-f6a4-8304-79aa-97f2502e193f"


@pytest.fixture
def target() -> Callable[[], Any]:
    import_libvirt()
    from workers.vm.child.libvirt_sides import Target

    return lambda: Target(URI, UUID)


def test_the_target_is_never_this_node_itself(target: Callable[[], Any]) -> None:
    # What is asked of it would be done to the one copy there is.
    copy = target()
    assert copy.look() is Side.UNKNOWN
    with pytest.raises(Unavailable, match="this node itself"):
        copy.destroy()
    with pytest.raises(Unavailable):
        copy.connect()


def test_a_libvirt_elsewhere_is_asked(
    target: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    names = os.uname()
    elsewhere = os.uname_result((names.sysname, "elsewhere", *names[2:]))
    monkeypatch.setattr(os, "uname", lambda: elsewhere)
    assert target().look() is Side.RUNNING
