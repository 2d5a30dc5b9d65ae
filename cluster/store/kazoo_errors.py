"""kazoo's exceptions into ours; nobody above the adapter sees one of kazoo's."""

from kazoo import exceptions as kazoo
from kazoo.handlers.threading import KazooTimeoutError

from runtime.errors import Conflict, DeadlineExceeded, Invalid, NotFound, PvcError, StoreUnavailable

KAZOO_ERRORS = (kazoo.KazooException, KazooTimeoutError)
"""Everything that a request may end with."""

NOT_CONNECTED = (
    kazoo.ConnectionLoss,
    kazoo.ConnectionClosedError,
    kazoo.SessionExpiredError,
    kazoo.SessionMovedError,
)
"""The connection went away under the request; it may or may not have been carried out."""

_CREDENTIAL = (kazoo.NoAuthError, kazoo.AuthFailedError, kazoo.InvalidACLError)
_REFUSALS: tuple[tuple[type[Exception], type[PvcError], str], ...] = (
    (kazoo.NoNodeError, NotFound, "does not exist"),
    (kazoo.NodeExistsError, Conflict, "exists already"),
    (kazoo.BadVersionError, Conflict, "was changed by another"),
    (kazoo.NotEmptyError, Conflict, "has keys below it"),
    (kazoo.NoChildrenForEphemeralsError, Conflict, "is ephemeral and can have no keys below it"),
    (kazoo.BadArgumentsError, Invalid, "is not accepted by Zookeeper"),
)


def translate(error: Exception, what: str, **fields: object) -> PvcError:
    """Return our error for one of kazoo's; `what` is the key or the work it was about."""
    for theirs, ours, text in _REFUSALS:
        if isinstance(error, theirs):
            return ours(f"{what} {text}", **fields)
    if isinstance(error, _CREDENTIAL):
        return StoreUnavailable(
            f"Zookeeper refuses our credential for {what}", reason="credential", **fields
        )
    if isinstance(error, KazooTimeoutError):
        return DeadlineExceeded(f"Zookeeper did not answer in time about {what}", **fields)
    return StoreUnavailable(f"Zookeeper failed on {what}: {type(error).__name__}", **fields)
