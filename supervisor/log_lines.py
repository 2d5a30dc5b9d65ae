"""The root's own log lines onto the bus, for the node log."""

from typing import Final

from bus.ends import Outgoing
from bus.messages import Line
from bus.topics import Topic
from runtime.log import LogLine, Sink

_LONGEST: Final = 4096


def onto_the_bus(name: str, outgoing: Outgoing) -> Sink:
    """Return a sink that sends each line; a line that cannot be sent is lost."""

    def sink(line: LogLine) -> None:
        outgoing.send(
            Topic.LOG,
            name,
            Line(
                worker=name,
                at=line.at.isoformat(timespec="milliseconds"),
                level=line.level,
                text=" ".join(part for part in (line.event, line.facts) if part)[:_LONGEST],
            ),
        )

    return sink
