"""The sources that the architecture tests read."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
PACKAGES: Final = ("api", "bus", "cli", "cluster", "runtime", "supervisor", "workers")


@cache
def sources() -> tuple[Path, ...]:
    """Return all files of the product."""
    return tuple(sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py")))


def name(path: Path) -> str:
    """Return a file's name from the root of the repository."""
    return path.relative_to(ROOT).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    """Return a file's syntax tree."""
    return ast.parse(path.read_text())


def imported(path: Path) -> set[str]:
    """Return the modules that a file imports anywhere in it, with their full names."""
    found: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def defined_words(path: Path) -> Iterator[str]:
    """Yield the words of all names that a file defines, in lower case."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            yield from words(node.name)
        elif isinstance(node, ast.arg):
            yield from words(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield from words(node.id)


def words(text: str) -> list[str]:
    """Split a name into words."""
    return re.findall(r"[a-z]+", re.sub(r"([a-z])([A-Z])", r"\1_\2", text).lower())
