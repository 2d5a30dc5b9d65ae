"""The sending end of the bus.

Invariant: a send returns at once, whoever is slow, absent or frozen. What cannot be sent is
dropped and counted: it was only a hint. Only log lines are kept for a while when nobody listens:
those that tell why the worker that keeps them has died, or how the tree has started, matter most.
"""

import threading
from collections import deque
from pathlib import Path
from typing import Final

import zmq

from bus.codec import encode, subscription
from bus.endpoints import HIGH_WATER_MARK, RECONNECT_MILLISECONDS, entrance, ipc
from bus.messages import Envelope, Message
from bus.topics import Topic, address
from runtime.clock import SYSTEM_CLOCK, Clock, Instant
from runtime.errors import Invalid

_MOST_KEPT: Final = 200
"""Log lines kept while nobody listens to them."""


class Publisher:
    """Sends under one name; may be shared by threads."""

    def __init__(self, directory: Path, sender: str, clock: Clock = SYSTEM_CLOCK) -> None:
        self._sender = sender
        self._clock = clock
        self._lock = threading.Lock()
        self._sequences: dict[str, int] = {}
        self._wanted: set[bytes] = set()
        self._kept: deque[bytes] = deque()
        self.dropped = 0
        """How many messages did not leave this process."""
        # One context, so one pair of zmq's threads, for all ends in this process.
        self._socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.XPUB)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.SNDHWM, HIGH_WATER_MARK)
        # A full queue refuses the message instead of losing it unseen.
        self._socket.setsockopt(zmq.XPUB_NODROP, 1)
        self._socket.setsockopt(zmq.RECONNECT_IVL, RECONNECT_MILLISECONDS)
        self._socket.connect(ipc(entrance(directory)))

    def send(self, topic: Topic, name: str, message: Message) -> bool:
        """Send, or keep, and return at once; False (and counted) when it had to be dropped."""
        to = address(topic, name)
        with self._lock:
            sequence = self._sequences[to] = self._sequences.get(to, 0) + 1
            envelope = Envelope(
                address=to,
                sender=self._sender,
                sequence=sequence,
                at=self._clock.now(),
                message=message,
            )
            try:
                self._put(encode(envelope), is_keepable=topic is Topic.LOG)
            except (Invalid, zmq.ZMQError):
                self.dropped += 1
                return False
        return True

    def send_kept(self) -> None:
        """Send the log lines that were kept, if somebody listens to them by now."""
        with self._lock:
            self._note_interests()
            self._send_kept()

    def wait_until_heard(self, interest: str, until: Instant) -> bool:
        """Wait until somebody has this topic or address among his interests; what was sent before
        is lost."""
        wanted = subscription(interest)
        while not self._is_heard(wanted):
            left = until - self._clock.now()
            if left <= 0:
                return False
            self._socket.poll(max(1, int(left * 1000)), zmq.POLLIN)
        return True

    def close(self) -> None:
        """Give the socket back; what has not left yet is lost."""
        with self._lock:
            self._socket.close(linger=0)

    def _is_heard(self, wanted: bytes) -> bool:
        with self._lock:
            self._note_interests()
            return wanted in self._wanted

    def _put(self, frame: bytes, *, is_keepable: bool) -> None:
        self._note_interests()
        self._send_kept()
        if is_keepable and not self._has_listener(frame):
            if len(self._kept) >= _MOST_KEPT:
                self._kept.popleft()
                self.dropped += 1
            self._kept.append(frame)
        else:
            self._socket.send(frame, zmq.NOBLOCK)

    def _send_kept(self) -> None:
        while self._kept and self._has_listener(self._kept[0]):
            try:
                self._socket.send(self._kept[0], zmq.NOBLOCK)
            except zmq.ZMQError:
                return  # full: they stay kept
            self._kept.popleft()

    def _has_listener(self, frame: bytes) -> bool:
        return any(frame.startswith(wanted) for wanted in self._wanted)

    def _note_interests(self) -> None:
        # Unread, they would pile up for as long as we live.
        while int(self._socket.getsockopt(zmq.EVENTS)) & zmq.POLLIN:
            told = self._socket.recv(zmq.NOBLOCK)
            if told[:1] == b"\1":
                self._wanted.add(told[1:])
            else:
                self._wanted.discard(told[1:])
