"""What an endpoint asks of its caller."""

from enum import StrEnum


class Access(StrEnum):
    """Who may call an endpoint."""

    OPEN = "open"
    """Anybody, without a token."""
    READ = "read"
    """Every token."""
    CHANGE = "change"
    """Tokens of operators and admins."""
