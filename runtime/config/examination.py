"""What was found in a configuration file: what it says, or every fault of it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from runtime.config.secret_file import is_open_to_all
from runtime.config.yaml_file import read_yaml
from runtime.errors import ConfigError

C = TypeVar("C")


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination(Generic[C]):
    """What was found in a file."""

    config: C | None
    """None when there are faults."""
    faults: tuple[str, ...]
    notes: tuple[str, ...]
    """Warnings, and what is accepted without effect."""

    def faults_in(self, path: Path) -> str:
        """Return all faults of the file as people read them, a line each."""
        lines = (f"{path} has {len(self.faults)} fault(s):", *(f"  {f}" for f in self.faults))
        return "".join(f"{line}\n" for line in lines)


def examine_file(
    path: Path,
    examine_document: Callable[[object], Examination[C]],
    holds_secret: Callable[[object], bool],
) -> Examination[C]:
    """Read a file and say what is in it; raises nothing."""
    try:
        document = read_yaml(path)
    except ConfigError as error:
        return Examination(config=None, faults=error.faults, notes=())
    found = examine_document(document)
    if not (holds_secret(document) and is_open_to_all(path)):
        return found
    warning = f"{path}: holds secrets and everybody can read it; run: chmod o= {path}"
    return Examination(config=found.config, faults=found.faults, notes=(*found.notes, warning))
