"""Who may make a call: the key or session shown against what the endpoint asks for; pure.

The key is looked at before the parameters: a stranger learns nothing about those.
"""

from dataclasses import dataclass

from api.access import Access
from api.identity import ANYBODY, NO_AUTHENTICATION, Identity
from api.tokens import Tokens
from runtime.errors import Refused


class Unauthenticated(Refused):
    """No token that we know was shown."""

    code = "unauthenticated"


class Forbidden(Refused):
    """The token's role does not allow this."""

    code = "forbidden"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a request shows of who is calling."""

    key: str | None
    """The header X-Api-Key, None without one."""
    cookie: str | None


@dataclass(frozen=True, slots=True)
class Authentication:
    """The configured way to find out who calls."""

    tokens: Tokens
    is_enabled: bool

    def admit(self, shown: Shown, access: Access, now: float) -> Identity:
        """Return who calls; raises `Unauthenticated` or `Forbidden`."""
        if access is Access.OPEN:
            return ANYBODY
        identity = self._who(shown, now) if self.is_enabled else NO_AUTHENTICATION
        if access is Access.CHANGE and not identity.may_change:
            raise Forbidden(
                f"The token '{identity.name}' is read-only and may not change anything."
            )
        return identity

    def _who(self, shown: Shown, now: float) -> Identity:
        if shown.key is not None:
            if (holder := self.tokens.holder(shown.key)) is None:
                raise Unauthenticated("X-Api-Key Authentication failed.")
            return holder
        holder = self.tokens.session(shown.cookie, now) if shown.cookie else None
        if holder is None:
            raise Unauthenticated("X-Api-Key Authentication required.")
        return holder
