"""A volume that does not exist, with a stand-in for the `rbd` program."""

import os
from pathlib import Path

import pytest

from workers.vm import jobs
from workers.vm.child import volumes
from workers.vm.job_lines import Surroundings
from workers.vm.jobs import Ending

UUID = "1c2f64a0-0000-4c0e-9c5a-00000000abcd"


@pytest.fixture(autouse=True)
def rbd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that knows one volume, `vms/there`, which has no locks."""
    program = tmp_path / "rbd"
    program.write_text('#!/bin/sh\ncase "$*" in *vms/there*) echo "[]" ;; *) exit 2 ;; esac\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")


def test_a_vm_without_its_volume_is_not_started_and_the_reason_names_it() -> None:
    # QEMU would say so, too, in 500 characters that end with it, and be tried again five times.
    job = jobs.Start(uuid=UUID, xml="", volumes=("vms/there", "vms/lost"))
    refusal = volumes.clear(Surroundings(), job, dict)
    assert refusal == "volume vms/lost does not exist: make it, or correct the VM's definition"


def test_a_vm_whose_volumes_are_there_is_started() -> None:
    job = jobs.Start(uuid=UUID, xml="", volumes=("vms/there",))
    assert volumes.clear(Surroundings(), job, dict) == ""


def test_the_locks_of_a_volume_that_does_not_exist_cannot_be_freed() -> None:
    job = jobs.FreeLocks(uuid=UUID, volumes=("vms/lost",))
    assert volumes.do(Surroundings(), job) == (Ending.REFUSED, "volume vms/lost does not exist")
