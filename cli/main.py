"""One invocation: from the command line to an exit code. No traceback ever reaches the terminal,
but with --debug.
"""

import os
import sys
from collections.abc import Callable, Sequence

import click

from cli import audit
from cli.errors import exit_code, explained
from cli.root import root
from cli.session import Session
from runtime.exitcode import ExitCode


def main(arguments: Sequence[str], record: Callable[[Sequence[str]], None] = audit.record) -> int:
    """Run one command line, after a `record` of it, and return its exit code."""
    if "_PVC_COMPLETE" not in os.environ:
        record(arguments)
    session: list[Session] = []
    try:
        result = root.main(
            args=list(arguments), prog_name="pvc", standalone_mode=False, obj=session
        )
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Aborted.", err=True)
        return ExitCode.REFUSED
    except BrokenPipeError:
        # The reader (head, a pager) has gone; Python would complain again when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.REFUSED
    except Exception as error:  # noqa: BLE001 - nobody above could explain it
        return _failed(error, session[0] if session else None)
    return result if isinstance(result, int) else ExitCode.OK


def _failed(error: Exception, session: Session | None) -> int:
    if session is None or not session.is_silent:
        click.echo(explained(error), err=True)
    if session is not None and session.is_debug:
        import traceback

        traceback.print_exception(error)
    return exit_code(error)
