"""What a transaction's answer says: the cause is found among the consequences."""

import pytest
from kazoo.exceptions import (
    BadVersionError,
    NoAuthError,
    NodeExistsError,
    NoNodeError,
    RolledBackError,
    RuntimeInconsistency,
)

from cluster.store.size import MOST_BYTES
from cluster.store.store import Change, Check, Create, Write
from cluster.store.transaction import check_answer, to_request
from runtime.errors import Conflict, Invalid, NotFound, PvcError, StoreUnavailable

CHANGES: list[Change] = [Create("/a", b""), Check("/b", 3), Create("/c/d", b"")]


def test_success_raises_nothing() -> None:
    check_answer(CHANGES, ["/a", True, "/c/d"])


@pytest.mark.parametrize(
    ("answer", "error", "index", "text"),
    [
        ([RolledBackError(), BadVersionError(), RuntimeInconsistency()], Conflict, 1, "/b was"),
        ([NodeExistsError(), *[RuntimeInconsistency()] * 2], Conflict, 0, "/a exists"),
        ([RolledBackError(), RolledBackError(), NoNodeError()], NotFound, 2, "/c does not"),
        ([RolledBackError(), NoAuthError(), RuntimeInconsistency()], StoreUnavailable, 1, "/b"),
    ],
)
def test_the_cause_is_found_among_the_consequences(
    answer: list[object], error: type[PvcError], index: int, text: str
) -> None:
    with pytest.raises(error, match=text) as caught:
        check_answer(CHANGES, answer)
    assert caught.value.fields["index"] == index


def test_a_failure_without_a_cause_is_still_a_failure() -> None:
    with pytest.raises(StoreUnavailable):
        check_answer(CHANGES, [RolledBackError()] * 3)


def test_what_does_not_fit_is_refused_before_it_is_sent() -> None:
    with pytest.raises(Invalid, match="/big would hold"):
        to_request([Write("/a", b""), Write("/big", b"x" * MOST_BYTES)], None)
    with pytest.raises(Invalid, match="6 changes of"):
        to_request([Write(f"/{n}", b"x" * (MOST_BYTES // 5)) for n in range(6)], None)
