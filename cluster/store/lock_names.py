"""Names of the nodes a lock is made of, and their order; pure.

A lock is an ephemeral, sequential child of the locked key, named `<32 hex>__lock__<10 digits>`;
`__rlock__` is a reader's of the earlier implementation. The lowest number holds the lock.
"""

import re
import secrets
from collections.abc import Iterable
from typing import Final

_NAME: Final = re.compile(r"[0-9a-f]{32}__r?lock__(-?\d{10,11})")


def new_prefix() -> str:
    """Return the part of a lock node's name that is ours alone."""
    return f"{secrets.token_hex(16)}__lock__"


def is_lock_node(name: str) -> bool:
    """Whether a name is one of a lock's nodes."""
    return _NAME.fullmatch(name) is not None


def in_order(names: Iterable[str]) -> list[str]:
    """Return the lock nodes among names, the holder first."""
    numbered = [(int(m.group(1)), name) for name in names if (m := _NAME.fullmatch(name))]
    return [name for _, name in sorted(numbered)]
