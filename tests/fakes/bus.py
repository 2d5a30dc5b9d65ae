"""The bus without sockets, on a fake clock; trusted because of tests/contract/test_bus_contract."""

from collections import deque
from collections.abc import Sequence

from bus.codec import decode, encode, subscription
from bus.messages import Envelope, Message
from bus.topics import Topic, address
from runtime.clock import Instant
from runtime.errors import Invalid
from tests.fakes.clock import FakeClock

MOST_AT_ONCE = 500
MOST_KEPT = 4000


class FakeBus:
    """Delivers at once to everybody concerned; may be told to lose messages."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.is_losing = False
        self._ends: list[FakeIncoming] = []

    def outgoing(self, sender: str) -> "FakeOutgoing":
        """Return a sending end."""
        return FakeOutgoing(self, sender)

    def incoming(self, interests: Sequence[str]) -> "FakeIncoming":
        """Return a receiving end."""
        end = FakeIncoming(self.clock, interests)
        self._ends.append(end)
        return end

    def deliver(self, frame: bytes) -> None:
        """Hand a frame to everybody concerned."""
        if not self.is_losing:
            for end in self._ends:
                end.put(frame)


class FakeOutgoing:
    """Implements `bus.ends.Outgoing`."""

    def __init__(self, bus: FakeBus, sender: str) -> None:
        self._bus = bus
        self._sender = sender
        self._sequences: dict[str, int] = {}
        self.dropped = 0

    def send(self, topic: Topic, name: str, message: Message) -> bool:
        to = address(topic, name)
        sequence = self._sequences[to] = self._sequences.get(to, 0) + 1
        try:
            frame = encode(
                Envelope(
                    address=to,
                    sender=self._sender,
                    sequence=sequence,
                    at=self._bus.clock.now(),
                    message=message,
                )
            )
        except Invalid:
            self.dropped += 1
            return False
        self._bus.deliver(frame)
        return True


class FakeIncoming:
    """Implements `bus.ends.Incoming`; waiting moves the clock."""

    def __init__(self, clock: FakeClock, interests: Sequence[str]) -> None:
        self._clock = clock
        self._prefixes = tuple(subscription(interest) for interest in interests)
        self._frames: deque[bytes] = deque()
        self.is_woken = False
        self.malformed = 0

    def put(self, frame: bytes) -> None:
        """Take a frame in when it concerns us and there is room."""
        if frame.startswith(self._prefixes) and len(self._frames) < MOST_KEPT:
            self._frames.append(frame)

    def woken(self) -> bool:
        """Whether somebody else woke us; asking takes the flag down."""
        was, self.is_woken = self.is_woken, False
        return was

    def receive(self, until: Instant) -> Sequence[Envelope]:
        while True:
            envelopes = self._drain()
            if envelopes or self.is_woken or self._clock.now() >= until:
                return envelopes
            planned = self._clock.next_planned()
            self._clock.move_to(min(until, planned) if planned is not None else until)

    def _drain(self) -> list[Envelope]:
        envelopes = []
        for _ in range(min(MOST_AT_ONCE, len(self._frames))):
            try:
                envelopes.append(decode(self._frames.popleft()))
            except Invalid:
                self.malformed += 1
        return envelopes
