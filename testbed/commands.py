"""Running programs of the host.

The testbed has its own little runner and does not use the product's: it must
work while the product is broken, because it is what the product is tested with.
"""

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from testbed.errors import CommandFailed

DEFAULT_TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """How a program ended."""

    code: int
    stdout: str
    stderr: str


def run(
    argv: Sequence[str | Path],
    *,
    timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
    check: bool = True,
    stdin: str = "",
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Completed:
    """Run a program to its end; raise CommandFailed on another status than 0 unless told not to."""
    words = [str(word) for word in argv]
    try:
        done = subprocess.run(
            words,
            input=stdin,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout_seconds,
            env=env,
            cwd=cwd,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise CommandFailed(words, None, _text(error.stdout) + _text(error.stderr)) from error
    except FileNotFoundError as error:
        raise CommandFailed(words, 127, str(error)) from error
    if check and done.returncode != 0:
        raise CommandFailed(words, done.returncode, done.stdout + done.stderr)
    return Completed(code=done.returncode, stdout=done.stdout, stderr=done.stderr)


def run_in_foreground(argv: Sequence[str | Path], *, env: Mapping[str, str] | None = None) -> int:
    """Run a program on the user's own terminal and return its status."""
    return subprocess.run([str(word) for word in argv], env=env, check=False).returncode


def start_in_background(
    argv: Sequence[str | Path], *, log: Path, env: Mapping[str, str], append: bool = True
) -> subprocess.Popen[bytes]:
    """Start a program that outlives the caller: own session, no stdin, output to a file."""
    with log.open("ab" if append else "wb") as output:
        return subprocess.Popen(
            [str(word) for word in argv],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(env),
            cwd="/",
            start_new_session=True,
        )


def clean_environment(**more: str) -> dict[str, str]:
    """Return an environment that carries nothing of the caller's shell but its network settings."""
    kept = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
    base = {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "LANG": "C.UTF-8",
        "HOME": "/root",
    }
    return base | {name: os.environ[name] for name in kept if name in os.environ} | more


def _text(output: bytes | str | None) -> str:
    if output is None:
        return ""
    return output if isinstance(output, str) else output.decode(errors="replace")
