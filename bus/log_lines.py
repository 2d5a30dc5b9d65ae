"""A process's own log lines onto the bus, for the node log.

Invariant: a line that cannot be sent is lost and holds up nobody. It travels by a socket of its
own: a flood of lines must not drop the sender's beats.
"""

from typing import Final

from bus.ends import Outgoing
from bus.messages import Line
from bus.topics import Topic
from runtime.log import LogLine, Sink

LONGEST_TEXT: Final = 4096
"""Characters of one line; the rest is cut off."""


def onto_the_bus(sender: str, outgoing: Outgoing) -> Sink:
    """Return a sink for `runtime.log.add_sink` that sends each line."""

    def sink(line: LogLine) -> None:
        text = " ".join(part for part in (line.event, line.facts) if part)[:LONGEST_TEXT]
        outgoing.send(
            Topic.LOG,
            sender,
            Line(
                worker=sender,
                at=line.at.isoformat(timespec="milliseconds"),
                level=line.level,
                # Half a character (of a file's name that is no UTF-8) cannot travel as it is.
                text=text.encode(errors="backslashreplace").decode(),
            ),
        )

    return sink
