"""What every bus promises, on the fake one and on real sockets."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import pytest

from bus.ends import Incoming, Outgoing
from bus.forwarder import Forwarder
from bus.messages import Beat, Envelope, Facts, Hint, Message, Stop, StopReason
from bus.publisher import Publisher
from bus.subscriber import Subscriber
from bus.topics import Topic, address
from runtime.clock import SYSTEM_CLOCK, Clock, later
from tests.fakes.bus import FakeBus
from tests.fakes.clock import FakeClock


class Bus(Protocol):
    @property
    def clock(self) -> Clock: ...

    def outgoing(self, sender: str) -> Outgoing: ...

    def incoming(self, interests: Sequence[str]) -> Incoming: ...


class RealBus:
    """The forwarder and real sockets; a sender is connected when it is handed out."""

    clock = SYSTEM_CLOCK

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="pvc-bus-"))
        self.forwarder = Forwarder(self.folder / "run")
        self.forwarder.start()
        self._interests: list[str] = []
        self._ends: list[Publisher | Subscriber] = []

    def outgoing(self, sender: str) -> Publisher:
        publisher = Publisher(self.folder / "run", sender)
        self._ends.append(publisher)
        for interest in self._interests:
            assert publisher.wait_until_heard(interest, later(SYSTEM_CLOCK.now(), 5.0))
        return publisher

    def incoming(self, interests: Sequence[str]) -> Subscriber:
        self._interests += interests
        subscriber = Subscriber(self.folder / "run", interests)
        self._ends.append(subscriber)
        return subscriber

    def close(self) -> None:
        for end in self._ends:
            end.close()
        self.forwarder.stop()
        shutil.rmtree(self.folder)


@pytest.fixture(params=["fake", "sockets"])
def bus(request: pytest.FixtureRequest) -> Iterator[Bus]:
    if request.param == "fake":
        yield FakeBus(FakeClock())
        return
    real = RealBus()
    yield real
    real.close()


def receive(bus: Bus, end: Incoming, count: int, seconds: float = 5.0) -> list[Envelope]:
    """Return `count` envelopes, or as many as came in time."""
    until = later(bus.clock.now(), seconds)
    envelopes: list[Envelope] = []
    while len(envelopes) < count and bus.clock.now() < until:
        envelopes += end.receive(until)
    return envelopes


def beat(number: int) -> Beat:
    return Beat(worker="vm", incarnation=1, round=number, note="ä")


def test_a_message_arrives_as_it_was_sent(bus: Bus) -> None:
    end = bus.incoming([Topic.BEAT])
    before = bus.clock.now()
    assert bus.outgoing("vm").send(Topic.BEAT, "vm", beat(7))
    (envelope,) = receive(bus, end, 1)
    assert envelope.message == beat(7)
    assert (envelope.address, envelope.sender, envelope.sequence) == ("beat.vm", "vm", 1)
    assert before <= envelope.at <= bus.clock.now()


@pytest.mark.parametrize(
    ("topic", "message"),
    [
        (Topic.HINT, Hint(noun="vm", name="x")),
        (Topic.FACTS, Facts(worker="vm", values={"a": [1, 2.5, None, {"b": True}]})),
        (Topic.CONTROL, Stop(worker="vm", reason=StopReason.LEAVING)),
    ],
)
def test_every_kind_of_message_travels(bus: Bus, topic: Topic, message: Message) -> None:
    end = bus.incoming([topic])
    bus.outgoing("x").send(topic, "vm", message)
    assert [envelope.message for envelope in receive(bus, end, 1)] == [message]


def test_only_what_concerns_arrives_and_no_longer_name_is_mistaken(bus: Bus) -> None:
    end = bus.incoming([address(Topic.CONTROL, "vm")])
    sender = bus.outgoing("supervisor")
    for name in ("vmx", "v", "console", "vm"):
        sender.send(Topic.CONTROL, name, Stop(worker=name, reason=StopReason.RESTART))
    sender.send(Topic.BEAT, "vm", beat(1))
    assert [envelope.address for envelope in receive(bus, end, 2, 0.3)] == ["control.vm"]


def test_messages_of_one_sender_keep_their_order_and_count_per_address(bus: Bus) -> None:
    end = bus.incoming([Topic.BEAT, Topic.HINT])
    sender = bus.outgoing("vm")
    for number in range(1, 21):
        sender.send(Topic.BEAT, "vm", beat(number))
        sender.send(Topic.HINT, "vm", Hint(noun="vm"))
    envelopes = receive(bus, end, 40)
    beats = [e for e in envelopes if isinstance(e.message, Beat)]
    assert [e.sequence for e in beats] == list(range(1, 21))
    assert [e.message.round for e in beats if isinstance(e.message, Beat)] == list(range(1, 21))


def test_everybody_concerned_receives(bus: Bus) -> None:
    ends = [bus.incoming([Topic.BEAT]) for _ in range(3)]
    sender = bus.outgoing("vm")
    until = later(bus.clock.now(), 5.0)
    left = set(range(3))
    # Several ends share one interest, so the first message may overtake the last end's joining.
    while left and bus.clock.now() < until:
        sender.send(Topic.BEAT, "vm", beat(1))
        left -= {i for i in left if receive(bus, ends[i], 1, 0.05)}
    assert not left


def test_waiting_ends_when_it_was_said(bus: Bus) -> None:
    end = bus.incoming([Topic.BEAT])
    until = later(bus.clock.now(), 0.05)
    assert not end.receive(until)
    assert until <= bus.clock.now() < until + 0.5


def test_one_call_returns_boundedly_many(bus: Bus) -> None:
    end = bus.incoming([Topic.BEAT])
    sender = bus.outgoing("vm")
    for number in range(1500):
        sender.send(Topic.BEAT, "vm", beat(number))
    sizes: list[int] = []
    while sum(sizes) < 1500:
        sizes.append(len(end.receive(later(bus.clock.now(), 2.0))))
        assert sizes[-1]
    assert max(sizes) <= 500


def test_a_message_too_big_is_dropped_and_the_next_one_arrives(bus: Bus) -> None:
    end = bus.incoming([Topic.FACTS])
    sender = bus.outgoing("vm")
    assert not sender.send(Topic.FACTS, "vm", Facts(worker="vm", values={"x": "y" * 100_000}))
    assert sender.send(Topic.FACTS, "vm", Facts(worker="vm"))
    assert [envelope.message for envelope in receive(bus, end, 1)] == [Facts(worker="vm")]


def test_sending_to_nobody_returns(bus: Bus) -> None:
    sender = bus.outgoing("vm")
    for number in range(5000):
        sender.send(Topic.BEAT, "vm", beat(number))
