"""The fake hypervisor keeps the contract; real libvirt does in tests/integration."""

import pytest

pytest.register_assert_rewrite(
    "tests.hypervisor_contract", "tests.hypervisor_move_contract", "tests.hypervisor_beds"
)

from tests.hypervisor_beds import FakeBed  # noqa: E402 - after its registration
from tests.hypervisor_contract import HypervisorContract  # noqa: E402
from tests.hypervisor_move_contract import MoveContract  # noqa: E402


class TestFakeHypervisor(HypervisorContract, MoveContract):
    """The suite on fake time."""

    @pytest.fixture
    def bed(self) -> FakeBed:
        return FakeBed()

    def test_nothing_ever_ran_twice(self, bed: FakeBed) -> None:
        self.test_a_vm_moves(bed)
        assert bed.world.double_runs == []
