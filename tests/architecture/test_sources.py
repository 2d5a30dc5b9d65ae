"""Rules of the style guide that a look at the sources can check."""

import ast
import sys
from pathlib import Path

import pytest

from tests.architecture.source import PACKAGES, ROOT, defined_words, imported, name, sources, tree

_PURE_FOLDERS = (
    "cluster/definition/",
    "cluster/model/",
    "cluster/lifecycle/",
    "cluster/schema/steps/",
)
_PURE_NAMES = ("decide.py", "plan.py", "placement.py", "child.py", "intensity.py", "roster.py")
_PURE_PREFIXES = ("views_",)
_PURE_FILES = (
    "cluster/schema/advance.py",
    "cluster/schema/codec.py",
    "cluster/schema/layout.py",
    "cluster/schema/migration.py",
    "cluster/schema/shape.py",
)
_IMPURE = frozenset(
    {"time", "os", "socket", "subprocess", "threading", "logging", "kazoo", "zmq", "random"}
)
_CLOCKS = ("runtime/clock.py",)
_EXCEPT_EXCEPTION = ("workers/main.py", "cli/main.py")
_NEVER_SAID = frozenset(
    {"heartbeat", "daemonize", "subprocesses", "arbiter", "stonith", "hypervisors"}
)
_NO_MODULE = frozenset({"utils", "util", "helpers", "common", "misc", "manager"})
_LIBRARIES = frozenset(
    {
        "kazoo",
        "zmq",
        "msgpack",
        "libvirt",
        "pyroute2",
        "rados",
        "rbd",
        "bottle",
        "waitress",
        "click",
    }
)


def _is_pure(path: Path) -> bool:
    text = name(path)
    return (
        text.startswith(_PURE_FOLDERS)
        or path.name in _PURE_NAMES
        or path.name.startswith(_PURE_PREFIXES)
        or text in _PURE_FILES
    )


def test_there_are_sources() -> None:
    assert len(sources()) > 50
    assert sum(map(_is_pure, sources())) > 20


@pytest.mark.parametrize("path", [p for p in sources() if _is_pure(p)], ids=name)
def test_pure_modules_import_nothing_that_acts(path: Path) -> None:
    assert not {module.split(".")[0] for module in imported(path)} & _IMPURE


def test_one_file_reads_the_clock() -> None:
    readers = [name(path) for path in sources() if "time" in imported(path)]
    assert readers == list(_CLOCKS)


def test_nobody_asks_the_wall_clock_directly() -> None:
    asked = [
        f"{name(path)}:{node.lineno}"
        for path in sources()
        if name(path) not in _CLOCKS
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and node.attr in ("utcnow", "now", "today")
        if isinstance(node.value, ast.Name) and node.value.id in ("datetime", "date")
    ]
    assert not asked


def test_no_module_is_named_like_a_library() -> None:
    standard = sys.stdlib_module_names
    for path in sources():
        top = path.relative_to(ROOT).parts[0]
        assert top in PACKAGES and top not in standard
        assert path.stem not in _LIBRARIES, name(path)
        assert path.stem not in _NO_MODULE, name(path)


def test_every_error_is_caught_in_few_places() -> None:
    allowed = (*_EXCEPT_EXCEPTION, "api/")
    wide = [
        f"{name(path)}:{node.lineno}"
        for path in sources()
        if not name(path).startswith(allowed)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ExceptHandler)
        if node.type is None or (isinstance(node.type, ast.Name) and node.type.id == "Exception")
    ]
    assert not wide


def test_words_of_the_glossary() -> None:
    wrong = {name(p): found for p in sources() if (found := _NEVER_SAID & set(defined_words(p)))}
    assert not wrong


@pytest.mark.parametrize("path", sources(), ids=name)
def test_a_module_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(tree(path)), "no docstring"


def test_packages_are_one_docstring() -> None:
    for path in sources():
        if path.name == "__init__.py":
            assert len(tree(path).body) == 1, name(path)


def test_tests_have_no_packages_but_two() -> None:
    found = {name(path) for path in (ROOT / "tests").rglob("__init__.py")}
    assert found == {"tests/__init__.py", "tests/fakes/__init__.py"}


def test_packaging_holds_no_python() -> None:
    assert not list((ROOT / "packaging").rglob("*.py"))


def test_every_package_is_installed() -> None:
    packages = {
        name(path.parent).replace("/", ".") for path in sources() if path.name == "__init__.py"
    }
    text = (ROOT / "pyproject.toml").read_text()
    assert not [package for package in sorted(packages) if f'"{package}"' not in text]
