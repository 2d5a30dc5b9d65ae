"""Definitions changed by a file or in an editor: what is shown, asked, written and kept."""

import stat
from pathlib import Path

import pytest

from cluster.definition.reading import read
from tests.fakes.api_server import ApiServer, Reply
from tests.fakes.vm_bodies import XML
from tests.unit.cli.conftest import Answers, Pvc, Ran, sent

pytestmark = pytest.mark.usefixtures("web1")


def modified(pvc: Pvc, tmp_path: Path, *words: str) -> Ran:
    file = tmp_path / "new.xml"
    file.write_text(XML.replace("<vcpu>2<", "<vcpu>4<"))
    return pvc("vm", "modify", "web1", str(file), *words)


def test_modify_by_a_file_shows_the_difference_and_asks(
    pvc: Pvc, api: ApiServer, tmp_path: Path, answers: Answers
) -> None:
    asked = answers(True)
    ran = modified(pvc, tmp_path)
    assert ran.code == 0
    assert "\n-  <vcpu>2</vcpu>\n+  <vcpu>4</vcpu>\n" in ran.out
    assert ran.out.endswith("\nWritten.\n")
    assert asked == ["Write this definition of VM 'web1'?"]
    assert read(sent(api, "PUT")[0]["xml"]).vcpus == 4
    answers(False)
    assert modified(pvc, tmp_path).out.endswith("Aborted.\n")
    assert len(sent(api, "PUT")) == 1


@pytest.mark.parametrize(
    ("words", "questions", "restart"),
    [
        (["-y"], 0, "false"),
        (["-d"], 0, "false"),
        (["-r"], 2, "true"),
        (["-r", "-d"], 1, "true"),
        (["-r", "-c"], 1, "true"),
        (["-r", "-d", "-c"], 0, "true"),
        (["-r", "-y"], 0, "true"),
    ],
)
def test_what_modify_asks(
    pvc: Pvc,
    api: ApiServer,
    tmp_path: Path,
    answers: Answers,
    words: list[str],
    questions: int,
    restart: str,
) -> None:
    asked = answers(True, True)
    assert modified(pvc, tmp_path, *words).code == 0
    assert len(asked) == questions
    assert sent(api, "PUT")[0]["restart"] == restart


def test_modify_wants_one_source(pvc: Pvc, api: ApiServer, tmp_path: Path) -> None:
    assert pvc("vm", "modify", "web1").code == 2
    assert modified(pvc, tmp_path, "-e").code == 2
    same = tmp_path / "same.xml"
    same.write_text(XML)
    assert pvc("vm", "modify", "web1", str(same)).out == "Nothing was changed.\n"
    assert sent(api, "PUT") == []


def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> Path:
    """Set an editor that is a shell script; `$1` is the file. Return where the copies are made."""
    program, copies = tmp_path / "editor", tmp_path / "copies"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    copies.mkdir()
    monkeypatch.setenv("VISUAL", str(program))
    monkeypatch.setattr("tempfile.tempdir", str(copies))
    return copies


def test_modify_in_an_editor(
    pvc: Pvc, api: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies = editor(tmp_path, monkeypatch, "sed -i 's/<vcpu>2</<vcpu>4</' \"$1\"")
    assert pvc("vm", "modify", "web1", "-e", "-y").code == 0
    assert read(sent(api, "PUT")[0]["xml"]).vcpus == 4
    assert list(copies.iterdir()) == []


def test_what_was_edited_is_kept_when_it_is_refused(
    pvc: Pvc, api: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies = editor(tmp_path, monkeypatch, "echo '<oops' > \"$1\"")
    api.replies["PUT /vm/web1"] = Reply({"message": "this is no XML: line 2"}, 400)
    ran = pvc("vm", "modify", "web1", "-e", "-y")
    assert ran.code == 1
    (kept,) = copies.iterdir()
    assert kept.read_text() == "<oops\n"
    assert f"What you wrote is kept in {kept}" in ran.err
    assert f"pvc vm modify web1 {kept}" in ran.err
    assert ran.err.endswith("Error: this is no XML: line 2\n")


def test_an_editor_that_changes_nothing_or_fails(
    pvc: Pvc, api: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies = editor(tmp_path, monkeypatch, "exit 0")
    assert pvc("vm", "modify", "web1", "-e").out == "Nothing was changed.\n"
    (tmp_path / "editor").write_text("#!/bin/sh\nexit 1\n")
    assert pvc("vm", "modify", "web1", "-e").code == 1
    assert list(copies.iterdir()) == []
    assert sent(api, "PUT") == []
