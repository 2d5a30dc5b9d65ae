"""The file of stored connections, `pvc.json`: name to address and key.

Invariant: it is replaced as a whole and never readable by others, so a crash in the middle loses
nothing and a key is never exposed, not even for a moment.
"""

import contextlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cli.target import Target
from runtime.errors import ConfigError, NotFound

FILE_NAME: Final = "pvc.json"
DEFAULT_PORT: Final = 7370
_DEFAULT_MODE: Final = 0o600

Entry = dict[str, Any]
"""{"host", "port", "scheme", "api_key", "description"} or {"cfgfile"}, as the file has it."""


@dataclass(frozen=True, slots=True)
class ConnectionStore:
    """The file."""

    path: Path
    mode: int = _DEFAULT_MODE

    @classmethod
    def of_user(cls, environment: Mapping[str, str]) -> "ConnectionStore":
        """Return the store of whoever runs this."""
        given = environment.get("PVC_CLIENT_DIR")
        try:
            directory = Path(given) if given else Path("~/.config/pvc").expanduser()
        except RuntimeError as error:
            raise ConfigError("this user has no home directory; set PVC_CLIENT_DIR") from error
        return cls(directory / FILE_NAME, _mode(environment.get("PVC_CLIENT_DB_PERMS", "")))

    def entries(self) -> dict[str, Entry]:
        """Return what is stored, by name; nothing when there is no file."""
        try:
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{self.path} cannot be read: {_reason(error)}") from error
        try:
            stored = json.loads(text or "{}")
        except ValueError as error:
            raise ConfigError(
                f"{self.path} is not valid JSON ({error}); mend it or remove it"
            ) from error
        if not isinstance(stored, dict) or not all(isinstance(x, dict) for x in stored.values()):
            raise ConfigError(f"{self.path} does not hold connections; mend it or remove it")
        return stored

    def put(self, name: str, entry: Entry) -> None:
        """Store one connection."""
        self._write({**self.entries(), name: entry})

    def remove(self, name: str) -> None:
        """Forget one connection."""
        entries = self.entries()
        if name not in entries:
            raise NotFound(f"there is no stored connection '{name}'", name=name)
        del entries[name]
        self._write(entries)

    def _write(self, entries: Mapping[str, Entry]) -> None:
        beside = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
            with os.fdopen(os.open(beside, flags, 0o600), "w", encoding="utf-8") as file:
                os.fchmod(file.fileno(), self.mode)
                json.dump(entries, file, indent=4)
                file.write("\n")
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self.path)
        except OSError as error:
            with contextlib.suppress(OSError):
                beside.unlink()
            raise ConfigError(f"{self.path} cannot be written: {_reason(error)}") from error


def stored_target(name: str, entry: Mapping[str, Any], *, verify: bool) -> Target:
    """Return the connection of a stored entry."""
    host, port = entry.get("host"), entry.get("port", DEFAULT_PORT)
    scheme, key = entry.get("scheme", "http"), entry.get("api_key")
    if not isinstance(host, str) or not host or scheme not in ("http", "https"):
        raise ConfigError(
            f"the stored connection '{name}' lacks a host or a scheme; "
            f"mend it with: pvc connection add {name} --address HOST"
        )
    try:
        number = int(port)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"the stored connection '{name}' has no valid port") from error
    return Target(
        name=name,
        host=host,
        port=number,
        scheme=scheme,
        api_key=str(key) if key else "",
        description=str(entry.get("description") or "N/A"),
        verify=verify,
    )


def _mode(text: str) -> int:
    try:
        return int(text, 8) & 0o777 if text else _DEFAULT_MODE
    except ValueError:
        return _DEFAULT_MODE


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
