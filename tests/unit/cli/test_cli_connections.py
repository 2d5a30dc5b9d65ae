"""The stored connections: one file, replaced as a whole, closed to others."""

import json
import os
import stat
from pathlib import Path

import pytest

from cli.connections import ConnectionStore, stored_target
from cli.local_api import local_target
from cli.session import Session
from runtime.errors import ConfigError, NotFound
from tests.fakes.api_bodies import status
from tests.fakes.api_server import ApiServer, Reply
from tests.unit.cli.conftest import Pvc


def test_add_list_remove(invoke: Pvc, directory: Path) -> None:
    added = invoke("connection", "add", "east", "-a", "10.0.0.1", "-k", "s3cret", "-d", "Eastern")
    assert (added.code, added.out) == (0, "Added connection 'east'.\n")
    file = directory / "pvc.json"
    assert json.loads(file.read_text()) == {
        "east": {
            "description": "Eastern",
            "host": "10.0.0.1",
            "port": 7370,
            "scheme": "http",
            "api_key": "s3cret",
        }
    }
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    listed = invoke("connection", "list")
    assert "10.0.0.1" in listed.out
    assert "HIDDEN" in listed.out
    assert "s3cret" not in listed.out
    assert "s3cret" not in invoke("connection", "list", "-f", "json").out
    assert "s3cret" in invoke("connection", "list", "-k").out
    assert invoke("connection", "list", "-f", "raw").out == "local\neast\n"
    again = invoke("connection", "add", "east", "-a", "10.0.0.2", "-s")
    assert again.out == "Replaced connection 'east'.\n"
    assert json.loads(file.read_text())["east"]["scheme"] == "https"
    assert invoke("connection", "remove", "east").code == 0
    assert json.loads(file.read_text()) == {}
    gone = invoke("connection", "remove", "east")
    assert gone.code == 1
    assert gone.err == "Error: there is no stored connection 'east'\n"


def test_local_is_not_for_storing(invoke: Pvc) -> None:
    assert invoke("connection", "add", "local", "-a", "h").code == 1


def test_prometheus_finds_its_targets(invoke: Pvc) -> None:
    invoke("connection", "add", "east", "-a", "10.0.0.1", "-d", "Eastern")
    (target,) = json.loads(invoke("connection", "list", "-f", "json-prometheus").out)
    assert target["targets"] == ["10.0.0.1:7370"]
    assert target["labels"]["connection"] == "east"


def test_detail_asks_each_cluster_and_bears_a_dead_one(pvc: Pvc, api: ApiServer) -> None:
    api.replies["GET /status"] = Reply(status())
    pvc("connection", "add", "dead", "-a", "127.0.0.1", "-p", "1")
    ran = pvc("connection", "detail", "-f", "json")
    assert ran.code == 0
    by_name = {each["name"]: each for each in json.loads(ran.out)}
    assert by_name["test"]["nodes"] == 3
    assert by_name["test"]["health"] == 75
    assert "cannot be reached: Connection refused" in by_name["dead"]["error"]
    assert "75%" in pvc("connection", "detail").out


def test_an_interrupted_write_leaves_the_old_file(tmp_path: Path) -> None:
    store = ConnectionStore(tmp_path / "pvc.json")
    store.put("a", {"host": "h"})
    (tmp_path / f".pvc.json.{os.getpid()}").touch()  # as if another were at it
    with pytest.raises(ConfigError, match="cannot be written"):
        store.put("b", {"host": "h"})
    assert list(store.entries()) == ["a"]
    store.put("b", {"host": "h"})
    assert sorted(store.entries()) == ["a", "b"]


def test_the_directory_is_made_and_closed(tmp_path: Path) -> None:
    store = ConnectionStore.of_user({"PVC_CLIENT_DIR": str(tmp_path / "a/b")})
    store.put("x", {"host": "h"})
    assert stat.S_IMODE((tmp_path / "a/b").stat().st_mode) == 0o700
    assert [each.name for each in (tmp_path / "a/b").iterdir()] == ["pvc.json"]


@pytest.mark.parametrize(("given", "mode"), [("640", 0o640), ("", 0o600), ("junk", 0o600)])
def test_the_mode_can_be_set(tmp_path: Path, given: str, mode: int) -> None:
    store = ConnectionStore.of_user({"PVC_CLIENT_DIR": str(tmp_path), "PVC_CLIENT_DB_PERMS": given})
    store.put("x", {"host": "h"})
    assert stat.S_IMODE(store.path.stat().st_mode) == mode


@pytest.mark.parametrize("text", ["{", "[]", '{"a": 1}', "\xff"])
def test_a_broken_file_is_explained(invoke: Pvc, directory: Path, text: str) -> None:
    (directory / "pvc.json").write_bytes(text.encode("latin-1"))
    ran = invoke("-c", "a", "node", "list")
    assert ran.code == 78
    assert "pvc.json" in ran.err


@pytest.mark.parametrize("entry", [{}, {"host": ""}, {"host": "h", "port": "x"}, {"host": 7}])
def test_a_broken_entry_is_explained(entry: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="the stored connection 'a'"):
        stored_target("a", entry, verify=True)


def test_an_unknown_connection_names_the_known(invoke: Pvc) -> None:
    ran = invoke("-c", "west", "node", "list")
    assert (ran.code, ran.err) == (1, "Error: there is no connection 'west' (known: local)\n")


def test_certificates_are_checked_unless_told_otherwise(directory: Path) -> None:
    (directory / "pvc.json").write_text('{"a": {"host": "h", "scheme": "https"}}')
    environment = {"PVC_CLIENT_DIR": str(directory)}
    assert Session(connection="a", environment=environment).target("a").verify
    environment["PVC_CLIENT_VERIFY_SSL"] = "False"
    assert not Session(connection="a", environment=environment).target("a").verify


# --- the API of this machine


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "api.yaml"
    path.write_text(text)
    return path


def test_local_reads_our_file(tmp_path: Path) -> None:
    text = """
pvc:
  coordinators: [hv1]
  api:
    listen_address: 0.0.0.0
    listen_port: 7371
    authentication: {enabled: true, tokens: [{token: first}, {token: second}]}
"""
    target = local_target(files=[tmp_path / "absent", written(tmp_path, text)])
    assert (target.url, target.api_key, target.verify) == ("http://127.0.0.1:7371", "first", False)


def test_local_reads_a_token_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-file\n")
    tokens = f"[{{token_file: {tmp_path}/token}}]"
    text = f"pvc: {{api: {{authentication: {{enabled: true, tokens: {tokens}}}}}}}"
    assert local_target(files=[written(tmp_path, text)]).api_key == "from-file"
    (tmp_path / "token").unlink()
    with pytest.raises(ConfigError, match="cannot be read"):
        local_target(files=[written(tmp_path, text)])


def test_local_reads_the_earlier_file(tmp_path: Path) -> None:
    text = """
api:
  listen: {address: 10.0.0.9, port: 7372}
  authentication: {enabled: yes, source: token}
  token: [{description: x, token: old}]
  ssl: {enabled: true}
"""
    target = local_target(files=[written(tmp_path, text)])
    assert (target.url, target.api_key) == ("https://10.0.0.9:7372", "old")


@pytest.mark.parametrize("text", ["", "pvc: 7", "[]", "pvc: {api: {authentication: {tokens: 3}}}"])
def test_local_bears_an_odd_file(tmp_path: Path, text: str) -> None:
    assert local_target(files=[written(tmp_path, text)]).url == "http://127.0.0.1:7370"


def test_no_local_api_names_the_files_and_the_cure(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"neither .*/a nor .*/b. Name a stored connection"):
        local_target(files=[tmp_path / "a", tmp_path / "b"])
    with pytest.raises(ConfigError, match="port is not a number"):
        local_target(files=[written(tmp_path, "pvc: {api: {listen_port: x}}")])
    with pytest.raises(NotFound):
        Session(connection="x", environment={"PVC_CLIENT_DIR": str(tmp_path)}).target("x")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_closed_local_file_is_explained(tmp_path: Path) -> None:
    path = written(tmp_path, "pvc: {}")
    path.chmod(0o600)
    os.seteuid(65534)
    try:
        with pytest.raises(ConfigError, match=r"cannot be read by this user .* run pvc as root"):
            local_target(files=[path])
    finally:
        os.seteuid(0)


def test_a_user_without_a_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr("os.getuid", lambda: 4_000_000)
    with pytest.raises(ConfigError, match="set PVC_CLIENT_DIR"):
        ConnectionStore.of_user({})
