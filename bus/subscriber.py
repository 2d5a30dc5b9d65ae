"""The receiving end of the bus.

Invariant: whatever arrives, `receive` neither raises nor keeps its caller past `until`; what is
malformed or unknown is counted and dropped. One call returns a bounded number of messages, so a
flood never takes a round's whole time.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import zmq

from bus.codec import MAX_FRAME_BYTES, decode, subscription
from bus.endpoints import HIGH_WATER_MARK, RECONNECT_MILLISECONDS, ipc, outlet
from bus.messages import Envelope
from runtime.clock import SYSTEM_CLOCK, Clock, Instant
from runtime.errors import Invalid

_MOST_AT_ONCE: Final = 500
_LONGEST_POLL_MILLISECONDS: Final = 3_600_000


class Subscriber:
    """Receives what concerns its owner; belongs to one thread."""

    def __init__(
        self, directory: Path, interests: Sequence[str], clock: Clock = SYSTEM_CLOCK
    ) -> None:
        self._clock = clock
        self.malformed = 0
        """How many messages were dropped because we could not read them."""
        self._socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.SUB)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.RCVHWM, HIGH_WATER_MARK)
        self._socket.setsockopt(zmq.MAXMSGSIZE, MAX_FRAME_BYTES)
        self._socket.setsockopt(zmq.RECONNECT_IVL, RECONNECT_MILLISECONDS)
        for interest in interests:
            self._socket.setsockopt(zmq.SUBSCRIBE, subscription(interest))
        self._socket.connect(ipc(outlet(directory)))
        self._poller = zmq.Poller()
        self._poller.register(self._socket, zmq.POLLIN)

    def wake_on(self, descriptor: int) -> None:
        """Let `receive` return early while this file descriptor can be read."""
        self._poller.register(descriptor, zmq.POLLIN)

    def wake_no_longer_on(self, descriptor: int) -> None:
        """Forget a file descriptor."""
        self._poller.unregister(descriptor)

    def receive(self, until: Instant) -> Sequence[Envelope]:
        """Wait for messages and return what is there, boundedly many.

        Returns nothing at `until`, or before it when woken by a descriptor.
        """
        while True:
            ready = dict(self._poller.poll(self._milliseconds(until)))
            envelopes = self._drain() if self._socket in ready else []
            others = len(ready) - (self._socket in ready)
            if envelopes or others or self._clock.now() >= until:
                return envelopes

    def close(self) -> None:
        """Give the socket back."""
        self._socket.close(linger=0)

    def _milliseconds(self, until: Instant) -> int:
        left = (until - self._clock.now()) * 1000
        return min(math.ceil(left), _LONGEST_POLL_MILLISECONDS) if left > 0 else 0

    def _drain(self) -> list[Envelope]:
        envelopes: list[Envelope] = []
        for _ in range(_MOST_AT_ONCE):
            try:
                frames = self._socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                break
            try:
                (frame,) = frames
                envelopes.append(decode(frame))
            except (Invalid, ValueError):
                self.malformed += 1
        return envelopes
