"""Sockets of the bus: who may reach them, what they survive."""

import contextlib
import os
import shutil
import socket
import stat
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq

from bus.endpoints import HIGH_WATER_MARK, entrance, ipc, outlet
from bus.forwarder import Forwarder
from bus.messages import Beat, Line, Message
from bus.publisher import Publisher
from bus.subscriber import Subscriber
from bus.topics import Topic
from bus.wake import Wake
from runtime.clock import SYSTEM_CLOCK, later
from runtime.errors import ConfigError


@pytest.fixture
def directory() -> Iterator[Path]:
    # pytest's own folders have names too long for a socket.
    folder = Path(tempfile.mkdtemp(prefix="pvc-bus-"))
    yield folder / "run"
    shutil.rmtree(folder)


@pytest.fixture
def forwarder(directory: Path) -> Iterator[Forwarder]:
    forwarder = Forwarder(directory)
    forwarder.start()
    yield forwarder
    forwarder.stop()


def beat(number: int) -> Beat:
    return Beat(worker="vm", incarnation=1, round=number)


def line(number: int) -> Line:
    return Line(worker="vm", at="then", level="info", text=str(number))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o377])
def test_only_root_reaches_the_sockets_whatever_the_umask(directory: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        forwarder = Forwarder(directory)
        forwarder.start()
    finally:
        os.umask(before)
    modes = [mode(path) for path in (directory, entrance(directory), outlet(directory))]
    forwarder.stop()
    assert modes == [0o700, 0o600, 0o600]


def test_sockets_left_by_a_killed_root_are_replaced(directory: Path) -> None:
    directory.mkdir()
    for path in (entrance(directory), outlet(directory)):
        with socket.socket(socket.AF_UNIX) as left:
            left.bind(str(path))
    forwarder = Forwarder(directory)
    forwarder.start()
    assert forwarder.is_running()
    forwarder.stop()
    assert not list(directory.iterdir())


def test_a_file_in_the_place_of_a_socket_is_not_removed(directory: Path) -> None:
    directory.mkdir()
    entrance(directory).write_text("somebody's")
    with pytest.raises(ConfigError):
        Forwarder(directory).start()
    assert entrance(directory).read_text() == "somebody's"


def test_a_directory_too_long_for_sockets_is_refused(directory: Path) -> None:
    with pytest.raises(ConfigError):
        Forwarder(directory / ("x" * 100))


def test_stop_takes_little_time_and_may_be_repeated(directory: Path) -> None:
    forwarder = Forwarder(directory)
    forwarder.start()
    publisher, subscriber = Publisher(directory, "a"), Subscriber(directory, [Topic.BEAT])
    publisher.wait_until_heard(Topic.BEAT, later(SYSTEM_CLOCK.now(), 5.0))
    start = time.monotonic()
    forwarder.stop()
    forwarder.stop()
    assert time.monotonic() - start < 1.0
    assert not forwarder.is_running()
    publisher.close()
    subscriber.close()


def test_both_ends_find_the_next_forwarder_by_themselves(directory: Path) -> None:
    first, second = Forwarder(directory), Forwarder(directory)
    first.start()
    publisher, subscriber = Publisher(directory, "vm"), Subscriber(directory, [Topic.BEAT])
    assert publisher.wait_until_heard(Topic.BEAT, later(SYSTEM_CLOCK.now(), 5.0))
    first.stop()
    second.start()
    end, heard = later(SYSTEM_CLOCK.now(), 5.0), False
    while not heard and SYSTEM_CLOCK.now() < end:
        publisher.send(Topic.BEAT, "vm", beat(2))
        heard = bool(subscriber.receive(later(SYSTEM_CLOCK.now(), 0.02)))
    publisher.close()
    subscriber.close()
    second.stop()
    assert heard


def test_a_sender_without_a_bus_drops_counts_and_never_waits(
    directory: Path, forwarder: Forwarder
) -> None:
    publisher, subscriber = Publisher(directory, "vm"), Subscriber(directory, [Topic.BEAT])
    assert publisher.wait_until_heard(Topic.BEAT, later(SYSTEM_CLOCK.now(), 5.0))
    forwarder.stop()
    start = time.monotonic()
    sent = sum(publisher.send(Topic.BEAT, "vm", beat(n)) for n in range(3 * HIGH_WATER_MARK))
    assert time.monotonic() - start < 2.0
    assert publisher.dropped == 3 * HIGH_WATER_MARK - sent >= HIGH_WATER_MARK
    publisher.close()
    subscriber.close()


def test_log_lines_wait_boundedly_for_a_listener_and_come_in_order(
    directory: Path, forwarder: Forwarder
) -> None:
    publisher = Publisher(directory, "vm")
    for number in range(250):
        assert publisher.send(Topic.LOG, "vm", line(number))
    assert publisher.send(Topic.BEAT, "vm", beat(1))
    assert publisher.dropped == 50
    subscriber = Subscriber(directory, [Topic.LOG])
    assert publisher.wait_until_heard(Topic.LOG, later(SYSTEM_CLOCK.now(), 5.0))
    publisher.send_kept()
    publisher.send(Topic.LOG, "vm", line(250))
    heard: list[Message] = []
    end = later(SYSTEM_CLOCK.now(), 5.0)
    while len(heard) < 201 and SYSTEM_CLOCK.now() < end:
        heard += [envelope.message for envelope in subscriber.receive(end)]
    assert heard == [line(number) for number in range(50, 251)]
    publisher.close()
    subscriber.close()


def test_a_receiver_that_does_not_read_holds_up_nobody(
    directory: Path, forwarder: Forwarder
) -> None:
    stuck, reader = Subscriber(directory, [Topic.BEAT]), Subscriber(directory, [Topic.BEAT])
    publisher = Publisher(directory, "vm")
    assert publisher.wait_until_heard(Topic.BEAT, later(SYSTEM_CLOCK.now(), 5.0))
    last = 0
    for number in range(1, 8 * HIGH_WATER_MARK + 1):
        publisher.send(Topic.BEAT, "vm", beat(number))
        if number % 200 == 0:
            envelopes = reader.receive(later(SYSTEM_CLOCK.now(), 1.0))
            rounds = [e.message.round for e in envelopes if isinstance(e.message, Beat)]
            last = max([last, *rounds])
    while envelopes := reader.receive(later(SYSTEM_CLOCK.now(), 0.3)):
        rounds = [e.message.round for e in envelopes if isinstance(e.message, Beat)]
        last = max([last, *rounds])
    assert last == 8 * HIGH_WATER_MARK
    for end in (stuck, reader, publisher):
        end.close()


def test_hostile_input_harms_nobody(directory: Path, forwarder: Forwarder) -> None:
    subscriber = Subscriber(directory, list(Topic))
    publisher = Publisher(directory, "vm")
    assert publisher.wait_until_heard(Topic.BEAT, later(SYSTEM_CLOCK.now(), 5.0))
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    hostile = context.socket(zmq.XPUB)
    # Else the end of a failed test would wait for ever for what could not be sent.
    hostile.setsockopt(zmq.LINGER, 0)
    hostile.connect(ipc(entrance(directory)))
    hostile.poll(2000)
    for frames in (
        [b"beat.vm\0garbage"],
        [b"beat.vm\0", b"more", b"frames"],
        [b"beat." + b"x" * 60_000],
        [b"beat." + b"x" * 10_000_000],
    ):
        hostile.send_multipart(frames)
    for path in (entrance(directory), outlet(directory)):
        with socket.socket(socket.AF_UNIX) as raw:
            raw.connect(str(path))
            # The bus may hang up on us in the middle of our noise.
            with contextlib.suppress(ConnectionError):
                raw.sendall(os.urandom(5000))
    end, heard = later(SYSTEM_CLOCK.now(), 5.0), False
    while not (heard and subscriber.malformed >= 3) and SYSTEM_CLOCK.now() < end:
        publisher.send(Topic.BEAT, "vm", beat(1))
        heard = heard or bool(subscriber.receive(later(SYSTEM_CLOCK.now(), 0.02)))
    assert heard
    assert subscriber.malformed >= 3
    assert forwarder.is_running()
    context.destroy(linger=0)
    publisher.close()
    subscriber.close()


def test_another_thread_wakes_the_receiver(directory: Path, forwarder: Forwarder) -> None:
    subscriber, wake = Subscriber(directory, [Topic.BEAT]), Wake()
    subscriber.wake_on(wake.fileno())
    timer = threading.Timer(0.05, wake.set)
    timer.start()
    start = time.monotonic()
    assert not subscriber.receive(later(SYSTEM_CLOCK.now(), 5.0))
    assert time.monotonic() - start < 2.0
    assert wake.clear()
    assert not wake.clear()
    subscriber.wake_no_longer_on(wake.fileno())
    wake.set()
    assert not subscriber.receive(later(SYSTEM_CLOCK.now(), 0.05))
    assert wake.clear()
    wake.close()
    subscriber.close()
