"""Which exit code an error gets and what is printed; nowhere else."""

from runtime.errors import ConfigError, PvcError, Refused, Unavailable
from runtime.exitcode import ExitCode


class CallFailed(PvcError):
    """The API answered that it failed."""

    code = "call_failed"


def exit_code(error: Exception) -> ExitCode:
    """Return the exit code for an error."""
    match error:
        case ConfigError():
            return ExitCode.CONFIG
        case Unavailable():
            return ExitCode.UNAVAILABLE
        case Refused() | PvcError():
            return ExitCode.REFUSED
        case _:
            return ExitCode.OUR_BUG


def explained(error: Exception) -> str:
    """Return what is printed for an error: what, where and how to mend it."""
    if isinstance(error, ConfigError) and len(error.faults) > 1:
        return "Error: the configuration has faults:\n" + "\n".join(
            f"  {fault}" for fault in error.faults
        )
    if isinstance(error, PvcError):
        return f"Error: {error.message}"
    return (
        f"Error: {type(error).__name__}: {error}\n"
        "This is a bug in pvc; run it again with --debug and report what it prints."
    )
