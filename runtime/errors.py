"""The errors of this program: a stable code, a sentence for people, and fields.

Adapters translate a library's exceptions into these; nobody above an adapter sees a library's
exception. HTTP status and exit codes are chosen in `api/errors.py` and `cli/errors.py` only.
"""

from typing import ClassVar


class PvcError(Exception):
    """Any error that this program raises on purpose."""

    code: ClassVar[str] = "error"

    def __init__(self, message: str, **fields: object) -> None:
        super().__init__(message)
        self.message = message
        self.fields = fields


class Refused(PvcError):
    """The caller's mistake: answered, not logged as an error."""

    code = "refused"


class NotFound(Refused):
    """What was named does not exist."""

    code = "not_found"


class Conflict(Refused):
    """The order does not fit what is there now."""

    code = "conflict"


class Invalid(Refused):
    """A value that cannot be accepted."""

    code = "invalid"


class Unavailable(PvcError):
    """Something outside does not answer; later it may."""

    code = "unavailable"


class StoreUnavailable(Unavailable):
    """Zookeeper cannot be asked at the moment."""

    code = "store_unavailable"


class DeadlineExceeded(Unavailable):
    """A call did not end in the time it was given."""

    code = "deadline_exceeded"


class ConfigError(PvcError):
    """The operator must act; `faults` lists every fault with its path."""

    code = "config_error"

    def __init__(self, message: str, faults: tuple[str, ...] = (), **fields: object) -> None:
        super().__init__(message, **fields)
        self.faults = faults
