"""The command `pvc` as a process: what it imports, how it ends, what it does in a pipe."""

import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.exitcode import ExitCode
from tests.fakes.api_bodies import node
from tests.fakes.api_server import ApiServer, Reply, Request, serving
from tests.fakes.vm_bodies import vm

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def api() -> Iterator[ApiServer]:
    """The API that `pvc` talks to."""
    with serving(ApiServer()) as server:
        yield server


@pytest.fixture
def connected(api: ApiServer, tmp_path: Path) -> dict[str, str]:
    """An environment in which the connection `t` is to `api`."""
    entry = {"host": "127.0.0.1", "port": api.port, "scheme": "http"}
    (tmp_path / "pvc.json").write_text(json.dumps({"t": entry}))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PVC_")}
    return {**kept, "PVC_CLIENT_DIR": str(tmp_path)}


def imports(environment: dict[str, str], *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "cli", *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=REPOSITORY,
        env=environment,
    )


def test_help_imports_little() -> None:
    done = imports({**os.environ}, "--help")
    assert done.returncode == 0
    imported = {line.rsplit("|", 1)[-1].strip() for line in done.stderr.splitlines()}
    for module in ("http.client", "json", "yaml", "ssl", "cli.commands.node", "logging"):
        assert module not in imported, module
    assert "cli.root" in imported


def test_node_list_imports_no_yaml_and_no_other_group(
    api: ApiServer, connected: dict[str, str]
) -> None:
    api.replies["GET /node"] = Reply([node()])
    done = imports(connected, "-c", "t", "node", "list")
    assert done.returncode == 0, done.stderr
    imported = {line.rsplit("|", 1)[-1].strip() for line in done.stderr.splitlines()}
    for module in ("yaml", "requests", "cli.commands.cluster", "logging"):
        assert module not in imported, module


def test_vm_list_imports_no_xml_and_no_other_command(
    api: ApiServer, connected: dict[str, str]
) -> None:
    api.replies["GET /vm"] = Reply([vm()])
    done = imports(connected, "-c", "t", "vm", "list")
    assert done.returncode == 0, done.stderr
    imported = {line.rsplit("|", 1)[-1].strip() for line in done.stderr.splitlines()}
    for module in ("yaml", "xml.etree", "defusedxml", "cluster", "cli.commands.vm_move", "logging"):
        assert module not in imported, module


def test_a_list_of_vms_fits_the_terminal(api: ApiServer, connected: dict[str, str]) -> None:
    tags = [{"name": f"department-{number}"} for number in range(9)]
    nics = [{"vni": str(number)} for number in range(100, 112)]
    long = vm("a-virtual-machine-with-a-name-of-63-characters", tags=tags, networks=nics)
    api.replies["GET /vm"] = Reply([vm(), long])
    shown = {width: _on_a_terminal(connected, width, "vm", "list") for width in (80, 200)}
    for width, text in shown.items():
        lines = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in text.splitlines()]
        assert max(map(len, lines)) <= width, text
        assert len(lines) == 3, text
    assert "\x1b[32mstart\x1b[0m" in shown[80]
    assert all("…" in text for text in shown.values())
    assert long["name"] in shown[200]
    assert long["name"] not in shown[80]


def test_the_shell_completes_names(api: ApiServer, connected: dict[str, str]) -> None:
    api.replies["GET /vm"] = Reply([vm("web1"), vm("db1")])
    done = subprocess.run(
        [sys.executable, "-m", "cli"],
        capture_output=True,
        text=True,
        check=False,
        cwd=REPOSITORY,
        env={
            **connected,
            "PVC_CONNECTION": "t",
            "_PVC_COMPLETE": "bash_complete",
            "COMP_WORDS": "pvc vm start we",
            "COMP_CWORD": "3",
        },
    )
    assert (done.stdout.split(), done.stderr) == (["plain,web1"], "")


def test_the_shell_completes_commands() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cli"],
        capture_output=True,
        text=True,
        check=False,
        cwd=REPOSITORY,
        env={
            **os.environ,
            "_PVC_COMPLETE": "bash_complete",
            "COMP_WORDS": "pvc cluster fault ack",
            "COMP_CWORD": "3",
        },
    )
    assert done.stdout.split() == ["plain,ack", "plain,ack-all"]


def test_a_reader_that_leaves_is_no_error(api: ApiServer, connected: dict[str, str]) -> None:
    api.replies["GET /node"] = Reply([node(f"hv{number}") for number in range(2000)])
    with subprocess.Popen(
        [sys.executable, "-m", "cli", "-q", "-c", "t", "node", "list"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=REPOSITORY,
        env=connected,
    ) as done:
        assert done.stdout is not None
        assert done.stderr is not None
        done.stdout.read(10)
        done.stdout.close()
        assert done.stderr.read() == b""
    assert done.returncode in (ExitCode.OK, ExitCode.REFUSED)


def test_an_interrupted_wait_says_that_the_order_goes_on(
    api: ApiServer, connected: dict[str, str]
) -> None:
    has_asked = threading.Event()

    def answer(request: Request) -> Reply:
        has_asked.set()
        return Reply([vm(state="shutdown")])

    api.replies["POST /vm/web1/state"] = Reply({"message": "Shutting down."})
    api.replies["GET /vm/web1"] = answer
    command = ["-q", "-c", "t", "vm", "shutdown", "web1", "-y", "--wait"]
    with subprocess.Popen(
        [sys.executable, "-m", "cli", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
        env=connected,
    ) as process:
        assert process.stderr is not None
        assert has_asked.wait(20)
        assert process.stderr.readline() == "VM 'web1' is shutting down\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (ExitCode.REFUSED, "")
    assert err == ("No longer waiting. The order for VM 'web1' stays in force: pvc vm info web1\n")


def test_node_log_follows_until_it_is_interrupted(
    api: ApiServer, connected: dict[str, str]
) -> None:
    has_asked_again = threading.Event()

    def answer(request: Request) -> Reply:
        if "since" not in request.parameters:
            return Reply({"data": "a\nb", "first": 0, "next": 2})
        if request.parameters["since"] == "2":
            return Reply({"data": "c", "first": 2, "next": 3})
        has_asked_again.set()
        return Reply({"data": "", "first": 3, "next": 3})

    api.replies["GET /node/hv1/log"] = answer
    command = [sys.executable, "-m", "cli", "-q", "-c", "t", "node", "log", "hv1", "-f"]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
        env=connected,
    ) as process:
        assert has_asked_again.wait(20)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (0, "a\nb\nc\n", "")
    assert api.requests[0].parameters == {"lines": "10"}


def _on_a_terminal(environment: dict[str, str], width: int, *words: str) -> str:
    """Return what a command writes to a terminal of this width."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    with subprocess.Popen(
        [sys.executable, "-m", "cli", "-q", "-c", "t", *words],
        stdout=theirs,
        stdin=subprocess.DEVNULL,
        cwd=REPOSITORY,
        env={name: value for name, value in environment.items() if name != "COLUMNS"},
    ):
        os.close(theirs)
        shown = b""
        try:
            while part := os.read(ours, 65536):
                shown += part
        except OSError:  # so the end of a terminal is told
            pass
    os.close(ours)
    return shown.decode()
