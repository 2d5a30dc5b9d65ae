"""Changes as one Zookeeper transaction, and what its answer means.

kazoo returns the errors of a failed transaction as values: one of them is the cause, the others
only say that nothing was done because of it.
"""

from collections.abc import Sequence
from typing import Any, Final, assert_never

from kazoo.exceptions import NoNodeError, RolledBackError, RuntimeInconsistency
from kazoo.protocol.serialization import CheckVersion, SetData, Transaction
from kazoo.protocol.serialization import Create as CreateRequest
from kazoo.protocol.serialization import Delete as DeleteRequest
from kazoo.security import OPEN_ACL_UNSAFE

from cluster.store.kazoo_errors import KAZOO_ERRORS, translate
from cluster.store.paths import check_path, parent_of
from cluster.store.size import check_size
from cluster.store.store import Change, Check, Create, Delete, Write
from runtime.errors import PvcError

_EPHEMERAL: Final = 1


def to_request(changes: Sequence[Change], acl: Sequence[Any] | None) -> Transaction:
    """Return the request for all changes; raises `Invalid` for what can never be accepted."""
    check_size(changes)
    return Transaction([_operation(change, acl or OPEN_ACL_UNSAFE) for change in changes])


def check_answer(changes: Sequence[Change], answer: Sequence[object]) -> None:
    """Raise what made the transaction fail; nothing when it did not."""
    failed = [(i, a) for i, a in enumerate(answer) if isinstance(a, Exception)]
    for index, error in failed:
        if not isinstance(error, RolledBackError | RuntimeInconsistency):
            path = changes[index].path
            is_parent = isinstance(changes[index], Create) and isinstance(error, NoNodeError)
            what = parent_of(path) if is_parent else path
            raise translate(error, what, path=path, index=index)
    if failed:
        raise translate(failed[0][1], "a transaction")


def unknown_outcome(changes: Sequence[Change], error: Exception) -> PvcError:
    """Return our error for a transaction that got no answer."""
    first = changes[0].path if changes else "nothing"
    return translate(error, f"a transaction on {first}", path=first)


def _operation(change: Change, acl: Sequence[Any]) -> Any:
    path = check_path(change.path)
    match change:
        case Create():
            return CreateRequest(path, change.data, acl, _EPHEMERAL if change.ephemeral else 0)
        case Write():
            return SetData(path, change.data, change.version)
        case Delete():
            return DeleteRequest(path, change.version)
        case Check():
            return CheckVersion(path, change.version)
        case _:
            assert_never(change)


class Underway:
    """A transaction that nobody waits for."""

    def __init__(self, changes: Sequence[Change], result: Any) -> None:
        self._changes = changes
        self._result = result

    def is_done(self) -> bool:
        """Whether its outcome is known."""
        return bool(self._result.ready())

    def check(self) -> None:
        """Raise what the transaction raised; nothing when it succeeded or is not done."""
        if not self._result.ready():
            return
        self.wait(0.0)

    def wait(self, seconds: float) -> None:
        """Wait for the outcome and raise what it was."""
        try:
            answer = self._result.get(timeout=seconds)
        except KAZOO_ERRORS as error:
            raise unknown_outcome(self._changes, error) from error
        check_answer(self._changes, answer)


class Nothing:
    """The empty transaction: done, and nothing to say."""

    def is_done(self) -> bool:
        """Whether its outcome is known: always."""
        return True

    def check(self) -> None:
        """Raise nothing."""
