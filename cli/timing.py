"""How long the command line waits for anything."""

from typing import Final

CONNECT_SECONDS: Final = 2.05
ANSWER_SECONDS: Final = 60.0
"""The API answers from memory; whoever is silent this long hangs."""
COMPLETION_SECONDS: Final = 2.0
"""Whoever presses the tabulator key waits no longer."""
TRIES: Final = 3
"""Of a GET; other calls might do their work twice."""
PAUSES_SECONDS: Final = (0.2, 0.8)
"""Before the second and the third try."""
POLL_SECONDS: Final = 0.5
STALE_DATA_SECONDS: Final = 5.0
"""An API that has not heard from Zookeeper for this long shows yesterday's cluster."""
STALE_FACTS_SECONDS: Final = 10.0
"""A worker whose facts are older is stuck or gone."""
