"""What goes wrong in the testbed and is told to a person."""


class BedError(Exception):
    """Something the user can read and act on; printed without a traceback."""


class CommandFailed(BedError):
    """A program ended with another status than 0, or did not end in time."""

    def __init__(self, argv: list[str], code: int | None, output: str) -> None:
        """Keep what was run, how it ended (None: not in time) and the end of what it said."""
        how = "did not end in time" if code is None else f"ended with status {code}"
        tail = "\n".join(output.strip().splitlines()[-15:])
        super().__init__(f"{' '.join(argv)[:300]}: {how}\n{tail}".rstrip())
        self.code = code
        self.output = output


class WaitedTooLong(BedError):
    """A condition did not come true before its deadline."""
