"""An order that finds what it was decided on changed looks again, a few times.

Invariant: between what an order was decided on and what it changes nobody else's change is lost:
each transaction demands the versions that were read.
"""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from cluster.store.store import Change, Store
from runtime.deadline import Deadline
from runtime.errors import Conflict, NotFound

_T = TypeVar("_T")
_ATTEMPTS: Final = 5


def until_applied(
    store: Store,
    decide: Callable[[], tuple[Sequence[Change], _T]],
    deadline: Deadline,
    *,
    what: str,
) -> _T:
    """Read and decide by `decide`, make its changes, return its answer.

    What `decide` raises is the order's refusal. `Conflict` when others were faster each time.
    """
    for _ in range(_ATTEMPTS):
        changes, answer = decide()
        try:
            if changes:
                store.apply(changes, deadline)
        except (Conflict, NotFound):
            continue
        return answer
    raise Conflict(f"{what} changes faster than the order can be carried out; try again")
