"""Which workers a node has by its configuration."""

from dataclasses import replace
from pathlib import Path

import pytest

from supervisor.carried import Carried
from supervisor.roster import draw_up
from tests.fakes.node_config import node_config
from workers.spec import RunsOn, WorkerSpec

CATALOGUE = tuple(WorkerSpec(name=runs_on.value, runs_on=runs_on) for runs_on in RunsOn)


@pytest.mark.parametrize(
    ("node", "is_hypervisor", "expected"),
    [
        ("hv1", True, {"every_node", "coordinators", "vm_nodes"}),
        ("hv1", False, {"every_node", "coordinators"}),
        ("hv9", True, {"every_node", "vm_nodes"}),
        ("hv9", False, {"every_node"}),
    ],
)
def test_a_node_has_the_workers_of_what_it_is(
    node: str, is_hypervisor: bool, expected: set[str]
) -> None:
    config = node_config(Path("/nowhere"), node)
    config = replace(config, hypervisor=replace(config.hypervisor, is_enabled=is_hypervisor))
    roster = draw_up(CATALOGUE, config, Carried(pid=1, run_id="r"))
    assert {spec.name for spec in roster.specs} == expected
