"""The two ends of the bus as those who use it see them; sockets and the tests' fake implement both.

Nobody waits on a send; whoever receives says until when.
"""

from collections.abc import Sequence
from typing import Protocol

from bus.messages import Envelope, Message
from bus.topics import Topic
from runtime.clock import Instant


class Outgoing(Protocol):
    """Where messages are put."""

    def send(self, topic: Topic, name: str, message: Message) -> bool:
        """Send and return at once; False (and counted) when it had to be dropped."""


class Incoming(Protocol):
    """Where messages of one's interests arrive."""

    def receive(self, until: Instant) -> Sequence[Envelope]:
        """Wait for messages and return what is there, boundedly many.

        Returns nothing at `until`, or before it when woken by something other than a message.
        """
