"""What the root hands a worker at its start: JSON on standard input, read once.

The root has checked the configuration once for the whole tree, so a half-edited file never takes
down a restarted worker, and no worker pays for a YAML parser.
"""

import json
from dataclasses import dataclass

from runtime.config.node import NodeConfig
from runtime.config.plain import from_plain, to_plain


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerOrders:
    """Everything a worker process is told before its first round."""

    worker: str
    root_pid: int
    """If our parent is another process than this one, the root has died: end at once."""
    incarnation: int
    """Number of this start; stands in each beat, so that a late beat of a killed predecessor is
    not taken for the successor's."""
    schema_version: int
    """The version of the tree's layout that this worker must speak."""
    run_id: str
    """Names this life of the node's tree of processes; a new one for each start of the unit, kept
    over `execv`."""
    config: NodeConfig

    def to_json(self) -> str:
        """Return the text the worker reads."""
        return json.dumps(to_plain(self))

    @classmethod
    def from_json(cls, text: str) -> "WorkerOrders":
        """Read the text again; raises when it is not ours: a bug of the root."""
        return from_plain(cls, json.loads(text))
