"""Secrets that stand in files of their own: `<key>_file` beside `<key>`.

Invariant: a secret that everybody on the machine can read is a fault, not a secret.
"""

import stat
from dataclasses import dataclass
from pathlib import Path

from runtime.config.key import Key, Values

_LARGEST_BYTES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretKeys:
    """The two ways to give one secret."""

    inline: Key[str]
    file: Key[Path]


def read_secret(values: Values, keys: SecretKeys, where: str, faults: list[str]) -> str:
    """Return the secret, empty when neither key is given; what is wrong goes to `faults`."""
    inline, path = values.get(keys.inline), values.get(keys.file)
    if path is None:
        return inline or ""
    at = f"{where}.{keys.file.path}"
    if inline is not None:
        faults.append(f"{at}: {keys.inline.path.rsplit('.', 1)[-1]} is given as well; keep one")
        return ""
    secret, fault = _from_file(path)
    if fault:
        faults.append(f"{at}: {path} {fault}")
    return secret


def is_open_to_all(path: Path) -> bool:
    """Whether everybody on this machine can read the file."""
    try:
        return bool(path.stat().st_mode & stat.S_IROTH)
    except OSError:
        return False


def _from_file(path: Path) -> tuple[str, str]:
    """Return the secret and what is wrong with its file; one of them is empty."""
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            return "", "is not a file"
        if mode & stat.S_IRWXO:
            return "", f"is open to everybody (mode {mode & 0o777:04o}); run: chmod o= {path}"
        with path.open("rb") as file:
            content = file.read(_LARGEST_BYTES + 1)
    except OSError as error:
        return "", f"cannot be read: {error.strerror}"
    try:
        secret = content.decode().strip()
    except UnicodeDecodeError:
        return "", "is not UTF-8 text"
    if not secret:
        return "", "is empty"
    if len(content) > _LARGEST_BYTES or not secret.isprintable():
        return "", "does not hold one line of text"
    return secret, ""
