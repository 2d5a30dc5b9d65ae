"""Schema 10: OSDs may share a device; the command queue is gone.

Whoever still waited for an answer in the command queue has long given up.
"""

from typing import Final

from cluster.schema.layout import layout
from cluster.schema.plan import Step, StepPlan
from cluster.schema.shape import Shape, each_alone
from cluster.schema.steps.adding import additions
from cluster.schema.tree import Tree

_GONE: Final = ("/cmd/nodes", "/cmd/domains", "/cmd/ceph", "/cmd")


def _plan(tree: Tree) -> StepPlan:
    shape = Shape(tree)
    changes = additions(shape, [layout(10).key("osd.is_split")])
    changes += shape.remove(_GONE)
    stays = [f"{path} stays: there are unknown keys below it" for path in _GONE if path in shape]
    return StepPlan(each_alone(changes), tuple(stays))


STEP: Final = Step(number=10, about="shared devices of OSDs, no command queue", plan=_plan)
