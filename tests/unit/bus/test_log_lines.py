"""Log lines of a process on their way to the node log."""

from datetime import UTC, datetime

import pytest

from bus.codec import decode, encode
from bus.log_lines import LONGEST_TEXT, onto_the_bus
from bus.messages import Envelope, Line, Message
from bus.topics import Topic, address
from runtime.clock import Instant
from runtime.log import LogLine


class Encoding:
    """Sends as a socket would: what cannot be written raises."""

    def __init__(self) -> None:
        self.heard: list[Message] = []

    def send(self, topic: Topic, name: str, message: Message) -> bool:
        envelope = Envelope(
            address=address(topic, name), sender=name, sequence=1, at=Instant(1.0), message=message
        )
        self.heard.append(decode(encode(envelope)).message)
        return True


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        ("", "disk_seen"),
        ("disk=sda", "disk_seen disk=sda"),
        ("file=\udcff", "disk_seen file=\\udcff"),
        ("x" * 9000, "disk_seen " + "x" * (LONGEST_TEXT - 10)),
    ],
)
def test_each_line_is_sent_whole_cut_or_escaped(facts: str, text: str) -> None:
    bus = Encoding()
    at = datetime(2030, 1, 1, tzinfo=UTC)
    onto_the_bus("ceph", bus)(
        LogLine(at=at, level="info", part="x", event="disk_seen", facts=facts)
    )
    assert bus.heard == [
        Line(worker="ceph", at="2030-01-01T00:00:00.000+00:00", level="info", text=text)
    ]
