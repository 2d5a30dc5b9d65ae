"""Who is calling, and what their role lets them do; pure."""

from dataclasses import dataclass

from runtime.config.api import Role


@dataclass(frozen=True, slots=True)
class Identity:
    """The holder of a token."""

    name: str
    """The token's description, for logs and records; never the token."""
    role: Role | None
    """None for somebody who showed no token where none was needed."""

    @property
    def may_change(self) -> bool:
        """Whether this role may do more than read."""
        return self.role in (Role.OPERATOR, Role.ADMIN)


ANYBODY = Identity("anybody", None)
NO_AUTHENTICATION = Identity("api", Role.ADMIN)
"""Who everybody is while authentication is switched off."""
