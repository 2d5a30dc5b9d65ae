"""Groups whose commands are imported when they are named, so that `--help` stays fast."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module

import click


@dataclass(frozen=True, slots=True)
class Member:
    """A command of a lazy group."""

    module: str
    attribute: str
    help: str
    """Its line in the group's help, known without importing it."""


class LazyGroup(click.Group):
    """click asks a group for its commands by overriding; there is no other way."""

    def __init__(self, *args: object, members: Mapping[str, Member], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self._members = members

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return all names, loaded or not."""
        return sorted({*super().list_commands(ctx), *self._members})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command that was named."""
        member = self._members.get(cmd_name)
        if member is None:
            return super().get_command(ctx, cmd_name)
        command: click.Command = getattr(import_module(member.module), member.attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        lines = [(name, self._help_of(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(lines)

    def _help_of(self, ctx: click.Context, name: str) -> str:
        if name in self._members:
            return self._members[name].help
        command = super().get_command(ctx, name)
        return command.get_short_help_str(80) if command else ""
