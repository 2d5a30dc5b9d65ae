"""All schema steps. Their order follows from their numbers, not from this list."""

from typing import Final

from cluster.schema.plan import Step
from cluster.schema.steps import (
    step_00,
    step_01,
    step_02,
    step_03,
    step_04,
    step_05,
    step_06,
    step_07,
    step_08,
    step_09,
    step_10,
    step_11,
    step_12,
    step_13,
    step_14,
    step_15,
    step_16,
)

STEPS: Final[tuple[Step, ...]] = (
    step_00.STEP,
    step_01.STEP,
    step_02.STEP,
    step_03.STEP,
    step_04.STEP,
    step_05.STEP,
    step_06.STEP,
    step_07.STEP,
    step_08.STEP,
    step_09.STEP,
    step_10.STEP,
    step_11.STEP,
    step_12.STEP,
    step_13.STEP,
    step_14.STEP,
    step_15.STEP,
    step_16.STEP,
)
