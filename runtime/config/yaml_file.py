"""A YAML file as plain values: safe tags only, and a key written twice is a fault.

The only file that imports PyYAML: whoever needs no YAML does not pay for it.
"""

from pathlib import Path
from typing import Any

import yaml

from runtime.errors import ConfigError

_LARGEST_BYTES = 1_000_000


class _Loader(yaml.SafeLoader):
    """PyYAML keeps the last of two equal keys; a doubled section would silently lose the first."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: dict[str, yaml.Node] = {}
        for name, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            if not isinstance(name, yaml.ScalarNode) or name.tag == "tag:yaml.org,2002:merge":
                continue
            if name.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key '{name.value}' is written twice", name.start_mark
                )
            seen[name.value] = name
        return super().construct_mapping(node, deep)


def read_yaml(path: Path) -> object:
    """Return what the file holds; raises `ConfigError` naming the path, the line and the cure."""
    text = _read_text(path)
    try:
        return yaml.load(text, Loader=_Loader)  # a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise _fault(path, f"is not valid YAML{line}: {error.problem or error.context}") from error
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError, AttributeError) as error:
        # A date such as 2026-99-99 or a number of thousands of digits fails inside PyYAML.
        raise _fault(path, f"is not valid YAML: {' '.join(str(error).split())}") from error


def to_yaml(value: object) -> str:
    """Return plain values as YAML, in their order."""
    return str(yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=100))


def _read_text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_BYTES + 1)
    except FileNotFoundError as error:
        cure = "create it, or name another file with --config"
        raise _fault(path, f"does not exist; {cure}") from error
    except OSError as error:
        raise _fault(path, f"cannot be read: {error.strerror}") from error
    if len(content) > _LARGEST_BYTES:
        raise _fault(path, "is larger than 1 MB")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise _fault(path, f"is not UTF-8 in line {line}") from error


def _fault(path: Path, what: str) -> ConfigError:
    fault = f"{path}: {what}"
    return ConfigError(fault, (fault,), path=str(path))
