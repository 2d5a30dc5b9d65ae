"""pvcapid.yaml: what is accepted, and its own kinds of fault."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from runtime.config import api_file
from runtime.config.api import Role
from runtime.config.place import API_FILE

SAMPLE = Path(__file__).parents[3] / "packaging/config/pvcapid.sample.yaml"


def document(**authentication: Any) -> dict[str, Any]:
    api: dict[str, Any] = {"listen_address": "127.0.0.1", "listen_port": "7371"}
    if authentication:
        api["authentication"] = {"enabled": True, "secret_key": "k", **authentication}
    return {"pvc": {"coordinators": ["hv1", "10.0.0.2", "hv3.example.com"], "api": api}}


def faults_of(tree: object) -> tuple[str, ...]:
    return api_file.examine_document(tree).faults


def test_a_right_file_becomes_a_config() -> None:
    tokens = [
        {"description": "all", "token": "aaa"},
        {"description": "look", "token": "bbb", "role": "Read-Only"},
    ]
    found = api_file.examine_document(document(tokens=tokens), own="hv3.example.com")
    config = found.config
    assert config is not None
    assert found.notes == ()
    assert config.listen_port == 7371
    assert [token.role for token in config.tokens] == [Role.ADMIN, Role.READ_ONLY]
    assert config.store.hosts[0] == "hv3.example.com:2181"
    assert "aaa" not in repr(config)


def test_the_sample_is_right() -> None:
    found = api_file.examine(SAMPLE)
    assert found.faults == ()
    assert any("everybody who reaches the API" in note for note in found.notes)


@pytest.mark.parametrize(
    ("authentication", "fault"),
    [
        ({"tokens": []}, "pvc.api.authentication.tokens: is empty while authentication is enabled"),
        (
            {"tokens": [{"token": "a"}], "secret_key": None},
            "pvc.api.authentication.secret_key: is missing while authentication is enabled",
        ),
        ({"tokens": [{"token": ""}]}, "pvc.api.authentication.tokens[0].token: the value is empty"),
        ({"tokens": [{"description": "x"}]}, "pvc.api.authentication.tokens[0].token: is missing"),
        (
            {"tokens": [{"token": "a"}, {"token": "a"}]},
            "pvc.api.authentication.tokens[1].token: is the same as another entry's",
        ),
        (
            {"tokens": [{"token": "a", "role": "root"}]},
            "tokens[0].role: 'root' is not one of the choices (expected one of read-only, ",
        ),
        ({"tokens": [{"token": "a", "rolle": "x"}]}, "(did you mean 'role'?)"),
        ({"tokens": [{"token": 12345}]}, "tokens[0].token: the value is not a text"),
        ({"tokens": "abc"}, "pvc.api.authentication.tokens: 'abc' is not a list of maps"),
        ({"enabled": "maybe"}, "pvc.api.authentication.enabled: 'maybe' is neither true nor false"),
    ],
)
def test_faults_of_authentication(authentication: dict[str, Any], fault: str) -> None:
    faults = faults_of(document(**authentication))
    assert len(faults) == 1, faults
    assert fault in faults[0]


def test_a_token_of_its_own_file(tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text("from-file\n")
    secret.chmod(0o600)
    tokens = [{"token_file": str(secret)}]
    config = api_file.examine_document(document(tokens=tokens)).config
    assert config is not None
    assert config.tokens[0].token == "from-file"
    secret.chmod(0o604)
    (fault,) = faults_of(document(tokens=tokens))
    assert fault.startswith("pvc.api.authentication.tokens[0].token_file: ")
    assert "is open to everybody" in fault


def test_coordinators_are_needed() -> None:
    assert "pvc.coordinators: is missing (expected list: host name or IPv4 address)" in faults_of(
        {"pvc": {}}
    )


def test_an_old_file_loads() -> None:
    tree = document(tokens=[{"description": "x", "token": "t"}])
    tree["pvc"]["provisioner"] = {
        "database": {"host": "localhost", "port": 5432, "name": "n", "user": "u", "pass": "p"},
        "queue": {"host": "localhost", "port": 6379, "path": "/0"},
        "ceph_cluster": {
            "storage_hosts": ["ceph1"],
            "storage_domain": "s.local",
            "ceph_monitor_port": 6789,
            "ceph_storage_secret_uuid": "c416032b-2ce9-457f-a5dc-18704a3485f4",
        },
    }
    tree["pvc"]["api"]["ssl"] = {"enabled": False, "cert_file": "", "key_file": ""}
    found = api_file.examine_document(tree)
    assert found.faults == ()
    assert len(found.notes) == 3


def test_load_raises_and_the_path_comes_from_the_environment(tmp_path: Path) -> None:
    path = tmp_path / "pvcapid.yaml"
    path.write_text(yaml.safe_dump(document(tokens=[])))
    (fault,) = api_file.examine(path).faults
    assert "nobody could call" in fault
    assert API_FILE.path({"PVC_CONFIG_FILE": str(path)}) == path
    path.write_text(yaml.safe_dump(document(tokens=[{"token": "abc"}])))
    path.chmod(0o644)
    found = api_file.examine(path)
    assert found.config is not None
    assert found.config.tokens[0].token == "abc"
    assert any("everybody can read it" in note for note in found.notes)
