"""Schema 16: wanted and seen are two keys, each key has one writer.

The order matters for a conversion that is killed and resumed: VMs before nodes, since which VMs ran
is told by the nodes' keys; and each new key in the same transaction as, or before, the removal of
the keys it was made from.
"""

from typing import Final

from cluster.schema.key import Key
from cluster.schema.layout import layout
from cluster.schema.plan import Step, StepPlan
from cluster.schema.shape import Shape, each_alone
from cluster.schema.steps.adding import additions
from cluster.schema.steps.to_16_cluster import convert_cluster
from cluster.schema.steps.to_16_fault import convert_faults
from cluster.schema.steps.to_16_log import convert_logs
from cluster.schema.steps.to_16_node import convert_nodes
from cluster.schema.steps.to_16_vm import convert_vms
from cluster.schema.table import KEYS
from cluster.schema.tree import Tree

_NUMBER: Final = 16


def _plan(tree: Tree) -> StepPlan:
    shape = Shape(tree)
    groups, notes = list(each_alone(additions(shape, _completed()))), list[str]()
    for convert in (convert_vms, convert_nodes, convert_faults, convert_logs, convert_cluster):
        plan = convert(shape)
        groups += plan.groups
        notes += plan.unconverted
    return StepPlan(tuple(groups), (*notes, *_left_behind(shape)))


def _completed() -> list[Key]:
    """New keys of the tree as a whole, and all that the earlier layouts have too: the earlier
    implementation's own updates left some out on objects that existed."""
    return [
        key
        for key in layout(_NUMBER).rows()
        if key.since < _NUMBER or ("{" not in key.path and key.name not in _CONVERTED)
    ]


_CONVERTED: Final = ("cluster.wanted_maintenance",)


def _left_behind(shape: Shape) -> list[str]:
    """Keys that should be gone and could not be removed."""
    at_home = {key.path for key in layout(_NUMBER).rows()}
    gone = [key.path for key in KEYS if key.until and key.path not in at_home]
    return [
        f"{path} stays: there are unknown keys below it"
        for template in gone
        for path in shape.matches(template)
        if not path.startswith("/logs/") and shape.below(path)
    ]


STEP: Final = Step(number=_NUMBER, about="wanted and seen apart, one writer per key", plan=_plan)
