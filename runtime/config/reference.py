"""docs/config.md, generated from the declared keys: `python -m runtime.config.reference`."""

import sys
from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Any, Final

from runtime.config.api_keys import API_FILE_KEYS
from runtime.config.key import Key, Required
from runtime.config.node_keys import NODE_FILE_KEYS
from runtime.config.place import API_FILE, NODE_FILE
from runtime.config.timing import Timing

_HEAD: Final = """\
# Configuration

Generated from the declared keys (`runtime/config/`) by `./dev docs`; do not edit.

Both files are YAML with one top key, `pvc`; the paths below stand under it. Every fault of a file
is listed with its path (`pvcnoded --check`, `pvcapid --check`) and the daemon does not start:
unknown and doubled keys, wrong types and ranges, values that do not fit each other. A key without a
value counts as absent. Keys marked *idle* are accepted and checked but have no effect in this
version; `--check` lists those that a file uses.

Secrets may stand in files of their own (`..._file`): one line of text, not open to everybody
(`chmod o= FILE`). Numbers as passwords need quotes.
"""

_TIMING: Final = """\
## Times

What follows from the intervals, and what must hold; a file that breaks a rule is refused with both
sides in the message. Figures are the defaults.

| Time | Is | Default |
|---|---|---|
| `dead_after` | keepalive_interval * fence_intervals | {dead_after:g} s |
| `self_fence_after` | keepalive_interval * suicide_intervals; 0: never | {self_fence_after:g} s |
| `session_timeout` | the key, or 4 s but at most dead_after - keepalive_interval | {session:g} s |
| `connect_timeout` | 0.3 s but at most session_timeout / 4 | {connect:g} s |
| self-fenced by | keepalive_interval + session_timeout + self_fence_after + {kill:g} s | {by:g} s |
| `self_fence_assumed_after` | when peers believe in it, after the last beat | {assumed:g} s |

* 3 * keepalive_interval <= dead_after: two lost beats are no death.
* session_timeout <= dead_after - keepalive_interval: a dead node's presence is gone when its peers
  decide. Zookeeper grants 2 to 20 of its ticks; set `tickTime` accordingly.
* connect_timeout < session_timeout / 3: three members are tried within one session.
* self_fence_after >= dead_after: no node ends its VMs before its peers even suspect it.
* self-fenced by < self_fence_assumed_after: peers start VMs only when they have surely ended.
* `failed_fence: migrate` needs suicide_intervals above 0: otherwise nobody would make certain that
  the old copy of a VM has ended.
"""


def render() -> str:
    """Return the whole document."""
    return "\n".join(
        (
            _HEAD,
            _file("pvcnoded.yaml", NODE_FILE.default, NODE_FILE.variable, NODE_FILE_KEYS),
            _file("pvcapid.yaml", API_FILE.default, API_FILE.variable, API_FILE_KEYS),
            _times(),
        )
    )


def _file(name: str, path: str, variable: str, keys: Sequence[Key[Any]]) -> str:
    lines = [
        f"## {name}",
        "",
        f"`{path}`, another one by `--config` or the variable `{variable}`.",
        "",
        "| Key below `pvc` | Value | Default | Meaning |",
        "|---|---|---|---|",
        *(_row(key.path, key) for key in keys),
    ]
    for key in keys:
        if key.columns:
            lines += ["", f"Each entry of `{key.path}`:", ""]
            lines += ["| Key | Value | Default | Meaning |", "|---|---|---|---|"]
            lines += _rows(key.columns)
    return "\n".join((*lines, ""))


def _rows(keys: Iterable[Key[Any]]) -> list[str]:
    return [_row(key.path, key) for key in keys]


def _row(path: str, key: Key[Any]) -> str:
    about = key.about
    if key.only_with:
        about += f" Only with `{key.only_with}`."
    if key.idle:
        about += f" *Idle: {key.idle}.*"
    return f"| `{path}` | {key.kind.expected} | {_default(key.default)} | {about} |"


def _default(default: object) -> str:
    if isinstance(default, Required):
        return "required"
    if default is None or default in ("", ()):
        return "-"
    if isinstance(default, bool):
        return "true" if default else "false"
    if isinstance(default, Enum):
        return str(default.value)
    return f"{default:g}" if isinstance(default, float) else str(default)


def _times() -> str:
    timing = Timing()
    return _TIMING.format(
        dead_after=timing.dead_after_seconds,
        self_fence_after=timing.self_fence_after_seconds,
        session=timing.session_timeout_seconds,
        connect=timing.connect_timeout_seconds,
        kill=timing.self_fence_seconds,
        by=timing.self_fenced_by_seconds,
        assumed=timing.self_fence_assumed_after_seconds,
    )


if __name__ == "__main__":
    sys.stdout.write(render())
