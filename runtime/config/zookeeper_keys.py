"""How to reach Zookeeper: the keys that both files have, and the section they make."""

from collections.abc import Sequence
from typing import Any, Final

from runtime.config.key import Key, Values
from runtime.config.kinds import FILLED_TEXT, PATH, PORT, SECRET, seconds
from runtime.config.node import StoreSection
from runtime.config.secret_file import SecretKeys, read_secret
from runtime.config.timing import Timing

PORT_KEY: Final = Key(
    path="cluster.zookeeper.port", kind=PORT, default=2181, about="Client port of each member."
)
USERNAME: Final = Key(
    path="cluster.zookeeper.username",
    kind=FILLED_TEXT,
    about="Digest credential of the tree; without one the tree is open. Set it on all nodes, in"
    " both files, before the first start: keys made earlier stay open, but for secrets.",
)
PASSWORD: Final = SecretKeys(
    inline=Key(
        path="cluster.zookeeper.password", kind=SECRET, about="Password of that credential."
    ),
    file=Key(
        path="cluster.zookeeper.password_file",
        kind=PATH,
        about="File holding that password, not open to everybody.",
    ),
)
SESSION_TIMEOUT: Final = Key(
    path="cluster.zookeeper.session_timeout",
    kind=seconds(3600),
    about="Asked of Zookeeper, which grants 2 to 20 of its ticks; without it 4 s, less when "
    "dead_after demands it.",
)

ZOOKEEPER_KEYS: Final[tuple[Key[Any], ...]] = (
    PORT_KEY,
    USERNAME,
    PASSWORD.inline,
    PASSWORD.file,
    SESSION_TIMEOUT,
)


def read_store(
    values: Values, names: Sequence[str], own: str, timing: Timing, faults: list[str]
) -> StoreSection:
    """Return the section; `own` is the name whose member is asked first."""
    username = values.get(USERNAME) or ""
    password = read_secret(values, PASSWORD, "pvc", faults)
    if bool(username) != bool(password) and not any("zookeeper" in fault for fault in faults):
        faults.append(
            "pvc.cluster.zookeeper: username and password belong together; one is missing"
        )
    port = values.get(PORT_KEY) or 2181
    ordered = sorted(names, key=lambda name: name != own)
    return StoreSection(
        hosts=tuple(f"{name}:{port}" for name in ordered),
        username=username,
        password=password,
        session_timeout_seconds=timing.session_timeout_seconds,
        connect_timeout_seconds=timing.connect_timeout_seconds,
        call_seconds=timing.store_call_seconds,
    )
