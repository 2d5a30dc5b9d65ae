"""All schema steps; their order follows from their numbers, not from this list."""

from typing import Final

from cluster.schema.plan import Step

STEPS: Final[tuple[Step, ...]] = ()
