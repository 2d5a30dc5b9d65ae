"""key=value log lines on standard error, kept by the journal.

An event is `noun_past`, facts are fields: `log.info("vm_state_changed", vm=name, old=old)`. Debug
is a state of its own: a debug line names the part it comes from in the field `part`. Whoever wants
the lines elsewhere too (the node log) adds a sink. Secrets are never logged.
"""

import logging
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

_SYSLOG_PRIORITY: Final = {"debug": 7, "info": 6, "warning": 4, "error": 3}
_OUR_FIELDS: Final = "pvc_fields"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One event as people read it."""

    at: datetime
    level: str
    part: str
    event: str
    facts: str
    """The fields as `key=value`, separated by blanks."""


Sink = Callable[[LogLine], None]


class Logger:
    """Writes events of one module."""

    def __init__(self, part: str) -> None:
        self._part = part
        self._logger = logging.getLogger(f"pvc.{part}")

    def debug(self, event: str, **fields: object) -> None:
        """Log what happens in a round; dropped unless debug is on."""
        self._write(logging.DEBUG, event, fields)

    def info(self, event: str, **fields: object) -> None:
        """Log a change."""
        self._write(logging.INFO, event, fields)

    def warning(self, event: str, **fields: object) -> None:
        """Log something degraded that is retried."""
        self._write(logging.WARNING, event, fields)

    def error(self, event: str, **fields: object) -> None:
        """Log something a person should look at."""
        self._write(logging.ERROR, event, fields)

    def exception(self, event: str, error: BaseException, **fields: object) -> None:
        """Log an error with its traceback."""
        self._logger.error(
            event,
            exc_info=error,
            extra={_OUR_FIELDS: {**fields, "error": error}, "part": self._part},
        )

    def _write(self, level: int, event: str, fields: dict[str, object]) -> None:
        if self._logger.isEnabledFor(level):
            self._logger.log(level, event, extra={_OUR_FIELDS: fields, "part": self._part})


def get_logger(module: str) -> Logger:
    """Return the logger of a module; call it with `__name__`."""
    return Logger(module)


def set_up_logging(*, debug: bool, **bound: object) -> None:
    """Send this process's lines to standard error; `bound` (node, worker) stands in each line."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JournalFormatter(_render(bound), prefix="JOURNAL_STREAM" in os.environ))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("pvc").setLevel(logging.DEBUG if debug else logging.INFO)


def add_sink(sink: Sink) -> None:
    """Hand each of our lines to `sink` too; it must neither block nor raise."""
    logging.getLogger("pvc").addHandler(_SinkHandler(sink))


class _SinkHandler(logging.Handler):
    def __init__(self, sink: Sink) -> None:
        super().__init__()
        self._sink = sink

    def emit(self, record: logging.LogRecord) -> None:
        self._sink(_line(record))


class _JournalFormatter(logging.Formatter):
    """`<6>event part=… key=value node=… worker=…`, the priority only when the journal reads."""

    def __init__(self, bound: str, *, prefix: bool) -> None:
        super().__init__()
        self._bound = bound
        self._prefix = prefix

    def format(self, record: logging.LogRecord) -> str:
        line = _line(record)
        text = " ".join(x for x in (line.event, f"part={line.part}", line.facts, self._bound) if x)
        if record.exc_info:
            text = f"{text}\n{self.formatException(record.exc_info)}"
        if not self._prefix:
            return f"{line.at:%Y-%m-%dT%H:%M:%S.%fZ} {line.level} {text}"
        priority = _SYSLOG_PRIORITY.get(line.level, 6)
        return "\n".join(f"<{priority}>{part}" for part in text.splitlines())


def _line(record: logging.LogRecord) -> LogLine:
    fields = getattr(record, _OUR_FIELDS, {})
    return LogLine(
        at=datetime.fromtimestamp(record.created, UTC),
        level=record.levelname.lower(),
        part=getattr(record, "part", record.name),
        event=record.getMessage(),
        facts=_render(fields),
    )


def _render(fields: dict[str, object]) -> str:
    return " ".join(f"{key}={_quoted(value)}" for key, value in fields.items())


def _quoted(value: object) -> str:
    text = str(value)
    if text and text.isprintable() and not any(c in text for c in ' "='):
        return text
    return '"' + "".join(_escaped(c) for c in text) + '"'


def _escaped(character: str) -> str:
    if character in ('"', "\\"):
        return f"\\{character}"
    # Whatever ends a line or moves the cursor: a stranger's text must not look like a line of ours.
    return character if character.isprintable() else character.encode("unicode_escape").decode()
