"""Definitions changed by commands: what is written, what is plugged in, what is asked."""

import json

import pytest

from cluster.definition.reading import read
from tests.fakes.api_server import ApiServer, Reply
from tests.fakes.vm_bodies import vm
from tests.unit.cli.conftest import Answers, Pvc, sent

pytestmark = pytest.mark.usefixtures("web1")


def is_off(api: ApiServer) -> None:
    api.replies["GET /vm/web1"] = Reply([vm(state="stop")])


def test_vcpu(pvc: Pvc, api: ApiServer) -> None:
    assert "vCPUs:                 2\nSockets/cores/threads: 1/2/1" in (
        pvc("vm", "vcpu", "get", "web1").out
    )
    assert pvc("vm", "vcpu", "get", "web1", "-f", "raw").out == "2\n"
    ran = pvc("vm", "vcpu", "set", "web1", "8", "-t", "2,2,2", "-R")
    assert ran.out == "Written.\n"
    (put,) = sent(api, "PUT")
    assert put["restart"] == "false"
    assert (read(put["xml"]).vcpus, read(put["xml"]).topology) == (8, "2/2/2")
    pvc("vm", "vcpu", "set", "web1", "4", "-R")
    assert read(sent(api, "PUT")[1]["xml"]).topology == "1/4/1"
    for words in (["8", "-t", "1,2,3"], ["8", "-t", "x"]):
        assert pvc("vm", "vcpu", "set", "web1", *words).code == 1
    assert pvc("vm", "vcpu", "set", "web1", "0").code == 2
    assert len(sent(api, "PUT")) == 2


def test_memory(pvc: Pvc, api: ApiServer) -> None:
    assert pvc("vm", "memory", "get", "web1").out == "Name:   web1\nMemory: 2.0G (2048 MiB)\n"
    assert pvc("vm", "memory", "get", "web1", "-f", "raw").out == "2048\n"
    assert json.loads(pvc("vm", "memory", "get", "web1", "-f", "json").out)["memory"] == 2048
    for text, mib in (("4096", 4096), ("4G", 4096), ("1T", 1024**2), ("512MiB", 512)):
        assert pvc("vm", "memory", "set", "web1", text, "-R").code == 0
        assert read(sent(api, "PUT")[-1]["xml"]).memory_mb == mib
    for text in ("0", "x", "-1", "1.5G", ""):
        assert pvc("vm", "memory", "set", "web1", text, "-R").code == 2


@pytest.mark.parametrize(
    ("words", "replies", "restarts", "asked"),
    [
        ([], [True], "true", "now, so that"),
        ([], [False], "false", "now, so that"),
        (["-r"], [True], "true", "Restart VM 'web1' for the change"),
        (["-r", "-y"], [], "true", ""),
        (["-R"], [], "false", ""),
        (["-y"], [], "false", ""),  # nobody said that the guest may be cut off
    ],
)
def test_whether_a_running_vm_is_restarted(
    pvc: Pvc,
    api: ApiServer,
    answers: Answers,
    words: list[str],
    replies: list[bool],
    restarts: str,
    asked: str,
) -> None:
    questions = answers(*replies)
    assert pvc("vm", "memory", "set", "web1", "4G", *words).code == 0
    assert sent(api, "PUT")[0]["restart"] == restarts
    assert len(questions) == len(replies)
    assert asked in "".join(questions)


def test_a_restart_that_is_declined_changes_nothing(
    pvc: Pvc, api: ApiServer, answers: Answers
) -> None:
    answers(False)
    assert pvc("vm", "memory", "set", "web1", "4G", "-r").out == "Aborted.\n"
    assert sent(api, "PUT") == []


def test_a_vm_that_is_off_is_neither_restarted_nor_asked_about(
    pvc: Pvc, api: ApiServer, answers: Answers
) -> None:
    is_off(api)
    answers()
    assert pvc("vm", "memory", "set", "web1", "4G", "-r").out == "Written.\n"
    assert pvc("vm", "network", "add", "web1", "101").out == "Written.\n"
    assert {put["restart"] for put in sent(api, "PUT")} == {"false"}
    assert sent(api, "POST") == []
