"""What the root writes of its node into the tree."""

from dataclasses import replace
from pathlib import Path

from cluster.schema.layout import layout
from cluster.schema.versions import NEWEST
from cluster.store.store import Change, Create, Delete, Value, Write
from runtime.config.node import IpmiSection, NodeConfig
from supervisor.registration import registered_keys, registration
from tests.fakes.node_config import node_config

CONFIG = node_config(Path("/nowhere"))
KEYS = layout(NEWEST)
NAME = KEYS.path("cluster")
PASSWORD = KEYS.path("node.ipmi.password", node="hv1")


def _there(config: NodeConfig, **other: bytes) -> dict[str, Value | None]:
    held = {path: Value(data, 1) for path, data in registered_keys(config, NEWEST).items()}
    return {**held, **{path: Value(data, 1) for path, data in other.items()}}


def _changes_of(path: str, changes: tuple[Change, ...]) -> list[Change]:
    return [change for change in changes if change.path == path]


def _with_credential(config: NodeConfig) -> NodeConfig:
    ipmi = IpmiSection(host="bmc1", user="admin", password="secret")
    store = replace(config.store, username="pvc", password="word")
    return replace(config, store=store, fencing=replace(config.fencing, ipmi=ipmi))


def test_a_new_node_is_made_whole() -> None:
    config = CONFIG
    there = dict.fromkeys(registered_keys(config, NEWEST))
    changes = registration(config, NEWEST, there)
    assert {type(change) for change in changes} == {Create}
    assert {change.path for change in changes} == set(there)


def test_a_known_node_changes_nothing() -> None:
    config = CONFIG
    assert registration(config, NEWEST, _there(config), is_first=True) == ()


def test_a_nameless_cluster_gets_the_configured_name() -> None:
    config = replace(CONFIG, cluster_name="lab")
    changes = registration(config, NEWEST, _there(config, **{NAME: b""}))
    assert changes == (Write(NAME, b"lab", 1),)


def test_a_cluster_that_has_a_name_keeps_it() -> None:
    config = replace(CONFIG, cluster_name="lab")
    assert registration(config, NEWEST, _there(config, **{NAME: b"prod"})) == ()


def test_with_a_credential_secrets_are_made_anew_once() -> None:
    config = _with_credential(CONFIG)
    first = registration(config, NEWEST, _there(config), is_first=True)
    assert _changes_of(PASSWORD, first) == [Delete(PASSWORD, 1), Create(PASSWORD, b"secret")]
    assert registration(config, NEWEST, _there(config)) == ()


def test_a_changed_secret_is_written() -> None:
    config = _with_credential(CONFIG)
    changes = registration(config, NEWEST, _there(config, **{PASSWORD: b"old"}))
    assert changes == (Write(PASSWORD, b"secret", 1),)
