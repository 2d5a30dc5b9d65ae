"""How much fits in one request; pure.

Zookeeper answers a request above its limit (jute.maxbuffer) by closing the connection, which looks
like an outage and is repeated for ever by whoever retries. So it is refused before it is sent.
"""

from collections.abc import Sequence
from typing import Final

from cluster.store.store import Change, Create, Write
from runtime.errors import Invalid

MOST_BYTES: Final = 0xFFFFF
"""Zookeeper's default for a whole request."""

_OVERHEAD_BYTES: Final = 128
"""For headers, flags and the access list of one change; generous."""


def check_size(changes: Sequence[Change]) -> None:
    """Raise `Invalid`, naming the size, when the changes do not fit in one request."""
    total = 0
    for index, change in enumerate(changes):
        size = len(change.path.encode()) + _OVERHEAD_BYTES
        if isinstance(change, Create | Write):
            size += len(change.data)
        if size > MOST_BYTES:
            raise Invalid(
                f"{change.path} would hold {size} bytes; at most {MOST_BYTES} fit",
                path=change.path,
                index=index,
                size_bytes=size,
            )
        total += size
    if total > MOST_BYTES:
        raise Invalid(
            f"{len(changes)} changes of {total} bytes; at most {MOST_BYTES} fit in one transaction",
            size_bytes=total,
        )
