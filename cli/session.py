"""What one invocation was told globally, and the way to its API.

Nothing is opened, read or imported before it is used: most invocations need little of it.
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import click

from cli import timing
from runtime.errors import NotFound

if TYPE_CHECKING:
    from cli.api_client import Answer, ApiClient, Exchange
    from cli.connections import ConnectionStore
    from cli.target import Target

LOCAL: Final = "local"
"""The connection to the API of this machine, which is not stored."""


@dataclass(slots=True, kw_only=True)
class Session:
    """One invocation."""

    connection: str
    is_debug: bool = False
    is_quiet: bool = False
    is_silent: bool = False
    is_unsafe: bool = False
    colour: bool | None = None
    """Whether to colour; None: when the output is a terminal."""
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    _client: "ApiClient | None" = None
    _has_warned: bool = False

    @property
    def store(self) -> "ConnectionStore":
        """The file of stored connections."""
        from cli.connections import ConnectionStore

        return ConnectionStore.of_user(self.environment)

    @property
    def client(self) -> "ApiClient":
        """The API; says once on standard error which one it is."""
        if self._client is None:
            target = self.target(self.connection)
            if not self.is_quiet:
                self.tell(f"Using connection '{target.name}' at {target.url}")
            self._client = self.client_of(target)
        return self._client

    def client_of(self, target: "Target", tries: int = timing.TRIES) -> "ApiClient":
        """Return a client of any API."""
        from cli.api_client import ApiClient

        on_exchange = self._show_exchange if self.is_debug else None
        return ApiClient(target, tries=tries, on_exchange=on_exchange)

    def target(self, name: str) -> "Target":
        """Return the connection with this name."""
        from cli.connections import stored_target

        entries = self.store.entries()
        entry = entries.get(name)
        if name == LOCAL:
            from cli.local_api import local_target

            return local_target((entry or {}).get("cfgfile"))
        if entry is None:
            known = ", ".join(sorted({LOCAL, *entries}))
            raise NotFound(f"there is no connection '{name}' (known: {known})", name=name)
        verify = self.environment.get("PVC_CLIENT_VERIFY_SSL", "True") == "True"
        return stored_target(name, entry, verify=verify)

    def fresh(self, answer: "Answer") -> Any:
        """Return the body of an answer; warn once when its data is old."""
        age = answer.age_seconds
        if age is not None and age > timing.STALE_DATA_SECONDS and not self._has_warned:
            self._has_warned = True
            self.tell(
                f"Warning: this was true {age:.0f} s ago; the API has lost its connection to "
                "Zookeeper"
            )
        return answer.body

    @property
    def width(self) -> int | None:
        """How many characters fit into a line of the terminal; None when there is none."""
        if not sys.stdout.isatty():
            return None
        from shutil import get_terminal_size

        return get_terminal_size().columns

    def say(self, text: str) -> None:
        """Print a result."""
        if not self.is_silent:
            click.echo(text, color=self.colour)

    def tell(self, text: str) -> None:
        """Print something beside the result, on standard error."""
        if not self.is_silent:
            click.echo(text, err=True, color=self.colour)

    def confirm(self, question: str, *, is_sure: bool) -> None:
        """Ask before acting; a declined question ends the invocation with exit code 0."""
        if is_sure or self.is_unsafe:
            return
        if not self.agrees(question):
            click.echo("Aborted.")
            raise click.exceptions.Exit(0)

    def agrees(self, question: str) -> bool:
        """Ask a question of which either answer goes on."""
        return click.confirm(question, default=False, err=True)

    def _show_exchange(self, exchange: "Exchange") -> None:
        self.tell(f"{exchange.line}: {exchange.code}")
        for name, value in exchange.headers:
            self.tell(f"  {name}: {value}")
