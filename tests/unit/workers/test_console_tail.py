"""The tail of a console's log: every line once, or counted, whatever is done to the file."""

import os
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cluster.model.log import FilePlace
from runtime.clock import Instant
from workers.console.tail import (
    FIRST_BYTES,
    GROWING_SECONDS,
    QUIET_SECONDS,
    TURN_BYTES,
    Reading,
    Tail,
)
from workers.console.taking import Bounds

WIDE = Bounds(lines=1000, bytes=512 * 1024)


class Follower:
    """Reads a file as the worker does, and may be started anew."""

    def __init__(self, path: Path, bounds: Bounds = WIDE) -> None:
        self.path = path
        self.bounds = bounds
        self.place: FilePlace | None = None
        self.shown: list[str] = []
        self.skipped = 0
        self.now = 0.0
        self.tail = Tail(str(path))

    def restart(self) -> None:
        self.tail.close()
        self.tail = Tail(str(self.path))
        self.tail.resume(self.place)

    def read(self, *, is_stored: bool = True, is_last: bool = False) -> Reading | None:
        if not self.tail.look(Instant(self.now)) and not is_last:
            return None
        reading = self.tail.read(Instant(self.now), self.bounds, is_last=is_last)
        if reading is not None and is_stored:
            self.tail.confirm(reading)
            if reading.lines:  # as the worker: a place is stored with lines only
                self.place = reading.place
            self.shown += reading.lines
            self.skipped += reading.skipped
        return reading

    def read_all(self) -> list[str]:
        """Read until there is no more; returns what came."""
        before = len(self.shown)
        while (reading := self.read()) is not None and (reading.lines or not reading.is_all):
            pass
        return self.shown[before:]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "vm.log"


def add(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def rotate(path: Path, backups: int = 3) -> None:
    """As virtlogd does."""
    for number in range(backups - 1, 0, -1):
        older = Path(f"{path}.{number - 1}")
        if older.exists():
            older.rename(f"{path}.{number}")
    path.rename(f"{path}.0")
    path.touch()


def test_only_what_was_appended_is_read(log: Path) -> None:
    follower = Follower(log)
    assert follower.read_all() == []
    add(log, "a\nb\n")
    assert follower.read_all() == ["a", "b"]
    assert follower.read_all() == []
    add(log, "c\n")
    assert follower.read_all() == ["c"]


def test_what_is_not_stored_is_read_again(log: Path) -> None:
    follower = Follower(log)
    add(log, "a\nb\n")
    lost = follower.read(is_stored=False)
    assert lost is not None
    add(log, "c\n")
    assert follower.read_all() == ["a", "b", "c"]


def test_an_unconfirmed_reading_may_be_confirmed_later(log: Path) -> None:
    follower = Follower(log)
    add(log, "a\n")
    reading = follower.read(is_stored=False)
    rotate(log)
    add(log, "b\n")
    follower.read(is_stored=False)
    assert reading is not None
    follower.tail.confirm(reading)
    assert follower.read_all() == ["b"]


def test_it_goes_on_after_a_restart(log: Path) -> None:
    follower = Follower(log)
    add(log, "a\nb\n")
    follower.read_all()
    add(log, "c\n")
    follower.restart()
    assert follower.read_all() == ["c"]


def test_rotated_files_are_read_to_their_end_and_the_next_ones_too(log: Path) -> None:
    follower = Follower(log)
    add(log, "a\n")
    follower.read_all()
    add(log, "b\n")
    rotate(log)
    add(log, "c\n")
    rotate(log)
    add(log, "d\n")
    assert follower.read_all() == ["b", "c", "d"]


def test_rotated_while_it_was_away(log: Path) -> None:
    follower = Follower(log)
    add(log, "a\n")
    follower.read_all()
    add(log, "b\n")
    rotate(log)
    add(log, "c\n")
    rotate(log)
    add(log, "d\n")
    follower.restart()
    assert follower.read_all() == ["b", "c", "d"]


def test_the_last_line_of_a_rotated_file_may_lack_its_end(log: Path) -> None:
    follower = Follower(log)
    add(log, "a\nhalf")
    assert follower.read_all() == ["a"]
    rotate(log)
    add(log, "other\n")
    assert follower.read_all() == ["half", "other"]


def test_a_file_that_is_renamed_and_written_on_is_followed(log: Path) -> None:
    """QEMU keeps the file it has, whatever its name."""
    follower = Follower(log)
    add(log, "a\n")
    follower.read_all()
    moved = log.rename(f"{log}.1")
    add(moved, "b\n")
    log.touch()
    assert follower.read_all() == ["b"]
    add(moved, "c\n")
    assert follower.read_all() == ["c"]


def test_more_rotations_than_files_are_kept(log: Path) -> None:
    follower = Follower(log)
    add(log, "0\n")
    follower.read_all()
    for number in range(1, 8):
        add(log, f"{number}\n")
        rotate(log)
    assert follower.read_all() == ["1", "5", "6", "7"] or follower.shown[-3:] == ["5", "6", "7"]


def test_a_restarted_vm_has_a_new_file_and_the_old_one_is_read_to_its_end(log: Path) -> None:
    follower = Follower(log)
    add(log, "a\n")
    follower.read_all()
    add(log, "last words")
    log.unlink()
    add(log, "booting\n")
    assert follower.read_all() == ["last words", "booting"]


@pytest.mark.parametrize("after", ["", "x\n", "long enough to be beyond where it was before\n"])
def test_a_truncated_file_is_read_from_its_start(log: Path, after: str) -> None:
    follower = Follower(log)
    add(log, "one\ntwo\nthree\n")
    follower.read_all()
    os.truncate(log, 0)
    add(log, after)
    assert follower.read_all() == after.splitlines()


def test_a_file_replaced_while_it_was_away_is_read_from_its_start(log: Path) -> None:
    follower = Follower(log)
    add(log, "one\ntwo\n")
    follower.read_all()
    follower.tail.close()
    log.unlink()
    add(log, "neu\nzwei\ndrei\n")  # often by the same inode number
    follower.restart()
    assert follower.read_all() == ["neu", "zwei", "drei"]


def test_files_rotated_after_a_replacement_while_it_was_away(log: Path) -> None:
    follower = Follower(log)
    add(log, "one\n")
    follower.read_all()
    follower.tail.close()
    log.unlink()
    add(log, "two\n")
    rotate(log)
    add(log, "three\n")
    follower.restart()
    assert follower.read_all() == ["two", "three"]


def test_a_copy_made_while_it_was_away_is_not_read_again(log: Path) -> None:
    """As logrotate's copytruncate does."""
    follower = Follower(log)
    add(log, "one\n")
    follower.read_all()
    follower.tail.close()
    add(log, "two\n")
    Path(f"{log}.1").write_text(log.read_text())
    os.truncate(log, 0)
    add(log, "three\n")
    follower.restart()
    assert follower.read_all() == ["two", "three"]


def test_files_that_were_there_long_before_are_not_read(log: Path) -> None:
    old = Path(f"{log}.1")
    old.write_text("ancient\n")
    os.utime(old, (1, 1))
    follower = Follower(log)
    add(log, "a\n")
    assert follower.read_all() == ["a"]
    log.unlink()
    add(log, "b\n")
    assert follower.read_all() == ["b"]


def test_a_missing_file_appears_and_goes_and_comes_back(log: Path) -> None:
    follower = Follower(log)
    assert follower.read_all() == []
    assert follower.tail.trouble == ""
    add(log, "a\n")
    assert follower.read_all() == ["a"]
    log.unlink()
    assert follower.read_all() == []
    add(log, "b\n")
    assert follower.read_all() == ["b"]


def test_what_is_no_file_is_refused_with_a_reason_and_followed_when_it_is_one(log: Path) -> None:
    makers: tuple[Callable[[], None], ...] = (
        lambda: os.mkfifo(log),
        lambda: log.mkdir(),
        lambda: log.symlink_to("/dev/zero"),
    )
    for make in makers:
        make()
        follower = Follower(log)
        assert follower.read_all() == []
        assert "no regular file" in follower.tail.trouble
        _remove(log)
        add(log, "a\n")
        assert follower.read_all() == ["a"]
        assert follower.tail.trouble == ""
        log.unlink()


def test_a_fifo_in_the_place_of_a_file_that_is_read(log: Path) -> None:
    follower = Follower(log)
    add(log, "a\n")
    follower.read_all()
    add(log, "b\n")
    log.rename(f"{log}.0")
    os.mkfifo(log)
    assert follower.read_all() == ["b"]
    assert "no regular file" in follower.tail.trouble
    log.unlink()
    add(log, "c\n")
    assert follower.read_all() == ["c"]
    assert follower.tail.trouble == ""


def test_names_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name in (str(tmp_path / "file" / "below"), "a\0b", str(tmp_path / ("x" * 300))):
        tail = Tail(name)
        assert not tail.look(Instant(0.0))
        assert tail.read(Instant(0.0), WIDE) is None
        assert tail.trouble


def test_a_line_without_an_end_is_shown_after_a_moment_and_goes_on(log: Path) -> None:
    follower = Follower(log)
    add(log, "vm login: ")
    assert follower.read_all() == []
    follower.now += QUIET_SECONDS / 2
    assert follower.read_all() == []
    follower.now += QUIET_SECONDS
    assert follower.read_all() == ["vm login: "]
    add(log, "root\n")
    assert follower.read_all() == ["root"]


def test_dots_that_come_one_by_one_are_shown_now_and_then(log: Path) -> None:
    follower = Follower(log)
    for _ in range(40):
        add(log, ".")
        follower.read_all()
        follower.now += QUIET_SECONDS / 2
    assert 2 <= len(follower.shown) <= 40 * QUIET_SECONDS / 2 / GROWING_SECONDS + 1
    assert set("".join(follower.shown)) == {"."}


def test_what_has_no_end_is_shown_when_it_is_the_last(log: Path) -> None:
    follower = Follower(log)
    add(log, "a\nend")
    follower.read(is_last=True)
    assert follower.shown == ["a", "end"]


def test_an_endless_line_is_cut_not_within_a_character(log: Path) -> None:
    follower = Follower(log)
    add(log, "ä" * 30_000)
    follower.read_all()
    assert len(follower.shown) == 14
    follower.now += 2 * QUIET_SECONDS
    follower.read_all()
    assert "".join(follower.shown) == "ä" * 30_000


def test_lines_that_are_more_than_are_kept_are_counted(log: Path) -> None:
    follower = Follower(log, Bounds(lines=100, bytes=512 * 1024))
    add(log, "".join(f"{n}\n" for n in range(5000)))
    assert follower.read_all() == [str(n) for n in range(4900, 5000)]
    assert follower.skipped == 4900


def test_bytes_that_are_more_than_are_kept_are_counted_by_lines(log: Path) -> None:
    follower = Follower(log, Bounds(lines=10_000, bytes=10_000))
    add(log, "".join(f"{n} {'x' * 90}\n" for n in range(1000)))
    follower.read_all()
    assert follower.skipped + len(follower.shown) == 1000
    assert 90 <= len(follower.shown) <= 105
    assert sum(len(line) + 1 for line in follower.shown) <= 10_000


def test_broken_characters_do_not_exceed_the_bytes_that_are_kept(log: Path) -> None:
    follower = Follower(log, Bounds(lines=1000, bytes=30_000))
    log.write_bytes(b"\xff" * 100 + b"\n" + (b"\xfe" * 999 + b"\n") * 29)
    follower.read_all()
    assert sum(len(line.encode()) + 1 for line in follower.shown) <= 30_000
    assert follower.skipped + len(follower.shown) == 30


def test_of_an_old_file_the_end_is_read(log: Path) -> None:
    follower = Follower(log, Bounds(lines=10**6, bytes=10**8))
    add(log, "".join(f"{n:09}\n" for n in range(2 * FIRST_BYTES // 10)))
    lines = follower.read_all()
    assert lines[-1] == f"{2 * FIRST_BYTES // 10 - 1:09}"
    assert FIRST_BYTES / 10 - 2 <= len(lines) <= FIRST_BYTES / 10
    assert all(len(line) == 9 for line in lines)


def test_a_turn_reads_a_bounded_part(log: Path) -> None:
    follower = Follower(log, Bounds(lines=10**6, bytes=10**8))
    add(log, "begin\n")
    follower.read_all()
    lines = ["begin", *(f"{n:0999}" for n in range(2 * TURN_BYTES // 1000))]
    add(log, "".join(f"{line}\n" for line in lines[1:]))
    reading = follower.read()
    assert reading is not None
    assert TURN_BYTES // 1000 - 1 <= len(reading.lines) <= TURN_BYTES // 1000
    assert not reading.is_all
    rotate(log)
    add(log, "end\n")
    follower.read_all()
    assert follower.shown == [*lines, "end"]


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_no_file_stays_open(log: Path) -> None:
    before = open_files()
    follower = Follower(log)
    for number in range(10):
        add(log, f"{number}\n")
        follower.read_all()
        rotate(log)
    assert open_files() <= before + 1
    follower.tail.close()
    assert open_files() == before


DONE = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(1, 60)),
        st.tuples(st.just("read"), st.booleans()),
        st.sampled_from(["rotate", "truncate", "recreate", "restart", "remove"]).map(
            lambda what: (what, 0)
        ),
    ),
    max_size=30,
)


class Writer:
    """Somebody who writes numbered lines and does things to the file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.files: dict[Path, list[str]] = {}
        self.written = 0
        self.excused: set[str] = set()
        """Lines that went with their file before they could be read."""

    def add(self, count: int) -> None:
        lines = [f"line {self.written + n}" for n in range(count)]
        self.written += count
        add(self.path, "".join(f"{line}\n" for line in lines))
        self.files.setdefault(self.path, []).extend(lines)

    def rotate(self) -> None:
        if not self.path.exists():
            return
        names = [self.path, *(Path(f"{self.path}.{n}") for n in range(3))]
        self.excused.update(self.files.pop(names[-1], ()))
        for younger, older in reversed(list(pairwise(names))):
            if younger in self.files:
                self.files[older] = self.files.pop(younger)
        rotate(self.path)

    def excuse(self) -> None:
        for lines in self.files.values():
            self.excused.update(lines)

    def truncate(self) -> None:
        if self.path.exists():
            self.excused.update(self.files.pop(self.path, ()))
            os.truncate(self.path, 0)

    def remove(self) -> None:
        self.excuse()
        self.files.clear()
        for path in (self.path, *(Path(f"{self.path}.{n}") for n in range(3))):
            path.unlink(missing_ok=True)


@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(DONE)
def test_every_line_once_or_counted(tmp_path: Path, done: list[tuple[str, int]]) -> None:
    folder = tmp_path / os.urandom(8).hex()
    folder.mkdir()
    writer = Writer(folder / "vm.log")
    follower = Follower(writer.path, Bounds(lines=50, bytes=700))
    for what, number in done:
        match what:
            case "add":
                writer.add(number)
            case "read":
                follower.read(is_stored=bool(number))
            case "rotate":
                if follower.place is None:  # it has never begun, and begins with the newest file
                    writer.excuse()
                writer.rotate()
            case "truncate":
                writer.truncate()
            case "remove":
                writer.remove()
            case "recreate":
                writer.remove()
                writer.path.touch()
            case _:
                follower.restart()
    follower.read_all()
    follower.tail.close()
    numbers = [int(line.removeprefix("line ")) for line in follower.shown]
    assert numbers == sorted(set(numbers))
    lost = writer.written - len(numbers) - follower.skipped
    assert 0 <= lost <= len(writer.excused)
    if not writer.excused:
        assert lost == 0


@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(
        st.one_of(
            st.text(alphabet="ab\n", max_size=40),
            st.floats(0.1, 3.0),
            st.sampled_from(["ROTATE", "RESTART", "UNSTORED"]),
        ),
        max_size=30,
    )
)
def test_every_byte_once_in_order(tmp_path: Path, done: list[str | float]) -> None:
    folder = tmp_path / os.urandom(8).hex()
    folder.mkdir()
    path = folder / "vm.log"
    path.write_text("begin\n")
    follower, written = Follower(path), "begin\n"
    follower.read_all()
    for what in done:
        if isinstance(what, float):
            follower.now += what
            follower.read()
        elif what == "ROTATE":
            follower.read_all()  # so that none of the files is dropped unread
            rotate(path)
        elif what == "RESTART":
            follower.restart()
        elif what == "UNSTORED":
            follower.read(is_stored=False)
        else:
            add(path, what)
            written += what
    follower.read_all()
    follower.read(is_last=True)
    follower.tail.close()
    assert "".join(follower.shown) == written.replace("\n", "")


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    else:
        path.unlink()
