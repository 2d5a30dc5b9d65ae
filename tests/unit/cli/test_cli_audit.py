"""The syslog line names the command and never a key."""

import pytest

from cli.audit import line, without_keys


@pytest.mark.parametrize(
    "words",
    [
        ["connection", "add", "x", "-a", "h", "-k", "hunter2"],
        ["connection", "add", "x", "-a", "h", "-khunter2"],
        ["connection", "add", "x", "-a", "h", "-k=hunter2"],
        ["connection", "add", "x", "-sk", "hunter2"],
        ["connection", "add", "x", "-skhunter2"],
        ["connection", "add", "x", "--api-key", "hunter2"],
        ["connection", "add", "x", "--api-key=hunter2"],
        ["connection", "add", "x", "--api-key=\nhunter2"],
        ["vm", "mirror", "create", "v", "d", "--destination-api-key", "hunter2"],
        ["vm", "mirror", "create", "v", "d", "--destination-api-key=hunter2"],
    ],
)
def test_a_key_is_hidden_however_it_is_given(words: list[str]) -> None:
    shown = line(words, "root")
    assert "hunter2" not in shown
    assert "***" in shown


def test_the_rest_is_told() -> None:
    words = ["-c", "east", "node", "list", "a b", "--daemon-state=run"]
    assert without_keys(words) == words
    assert line(words, "ann") == ("user=ann command=pvc -c east node list 'a b' --daemon-state=run")


def test_no_second_line_can_be_forged() -> None:
    shown = line(["node", "x\nOct 1 sshd: accepted"], "root")
    assert "\n" not in shown


def test_a_long_line_is_cut() -> None:
    assert len(line(["x" * 10_000], "root")) == 2000
