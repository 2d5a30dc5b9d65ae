"""What the log of a VM says about its end."""

import os
from pathlib import Path

import pytest

from workers.vm.child.end_log import EndLog
from workers.vm.child.why_ended import has_ended, read_end, read_uuid
from workers.vm.local import EndKind

UUID = "11111111-0000-4000-8000-000000000001"
BEGIN = f"""2030-01-01 10:00:00.000+0000: starting up libvirt version: 9.0.0, package: 4
LC_ALL=C \\
/usr/bin/qemu-system-x86_64 \\
-name guest=one,debug-threads=on \\
-uuid {UUID} \\
-msg timestamp=on
2030-01-01 10:00:00.100+0000: Domain id=3 is tainted: high-privileges
char device redirected to /dev/pts/0 (label charserial0)
"""


def ending(word: str) -> str:
    return f"2030-01-01 11:00:00.000+0000: shutting down, reason={word}\n"


KILLED = "2030-01-01T11:00:00.000Z qemu-system-x86_64: terminating on signal 15 from pid 64\n"


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("shutdown", EndKind.SHUTDOWN),
        ("destroyed", EndKind.DESTROYED),
        ("crashed", EndKind.CRASHED),
        ("migrated", EndKind.MIGRATED),
        ("failed", EndKind.FAILED),
        ("a new word", EndKind.UNKNOWN),
    ],
)
def test_the_last_reason_counts(word: str, kind: EndKind) -> None:
    end = read_end(BEGIN + ending(word.split()[0]) + KILLED)
    assert end.kind is kind
    assert end.reason and "signal 15" not in end.reason


def test_what_qemu_said_last_is_told() -> None:
    said = "2030-01-01T10:30:00.000Z qemu-system-x86_64: error reading header from vms/a: Input\n"
    end = read_end(BEGIN + said + ending("crashed"))
    assert "error reading header from vms/a" in end.reason
    assert "2030" not in end.reason


def test_an_end_before_the_last_start_says_nothing() -> None:
    log = BEGIN + ending("destroyed") + BEGIN
    assert read_end(log).kind is EndKind.UNKNOWN
    assert not has_ended(log)
    assert has_ended(log + ending("shutdown"))


@pytest.mark.parametrize("log", ["", "\n", "\0\0", "shutting down, reason=", "no such thing\n" * 3])
def test_what_is_not_understood_is_unknown(log: str) -> None:
    assert read_end(log).kind is EndKind.UNKNOWN
    assert read_uuid(log) == ""


def test_the_uuid_is_that_of_the_last_start() -> None:
    assert read_uuid(BEGIN) == UUID


def write(directory: Path, name: str, text: str, age_seconds: float = 0.0) -> None:
    file = directory / f"{name}.log"
    file.write_text(text)
    then = file.stat().st_mtime - age_seconds
    os.utime(file, (then, then))


def test_the_first_look_tells_of_those_that_ended_shortly_before(tmp_path: Path) -> None:
    write(tmp_path, "one", BEGIN + ending("crashed"))
    write(tmp_path, "old", BEGIN.replace(UUID[-1], "2") + ending("crashed"), 3600.0)
    log = EndLog(str(tmp_path))
    assert {uuid: end.kind for uuid, end in log.ended_since({}).items()} == {UUID: EndKind.CRASHED}
    assert log.ended_since({}) == {}


def test_those_that_are_here_have_not_ended(tmp_path: Path) -> None:
    write(tmp_path, "one", BEGIN + ending("crashed"))
    assert EndLog(str(tmp_path)).ended_since({UUID: "one"}) == {}


def test_those_that_vanish_have(tmp_path: Path) -> None:
    log = EndLog(str(tmp_path))
    log.ended_since({UUID: "one", "u2": "two"})
    write(tmp_path, "one", BEGIN + ending("shutdown"))
    ended = log.ended_since({})
    assert ended[UUID].kind is EndKind.SHUTDOWN
    assert ended["u2"].kind is EndKind.UNKNOWN, "its log cannot be read"


def test_only_the_end_of_a_long_log_is_read(tmp_path: Path) -> None:
    log = EndLog(str(tmp_path))
    log.ended_since({UUID: "one"})
    write(tmp_path, "one", "x" * 500_000 + "\n" + ending("destroyed"))
    assert log.ended_since({})[UUID].kind is EndKind.DESTROYED


def test_without_the_directory_nothing_is_known(tmp_path: Path) -> None:
    assert EndLog(str(tmp_path / "nowhere")).ended_since({}) == {}
