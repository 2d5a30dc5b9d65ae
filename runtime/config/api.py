"""What `/etc/pvc/pvcapid.yaml` says."""

from dataclasses import dataclass, field
from enum import StrEnum

from runtime.config.node import StoreSection


class Role(StrEnum):
    """What a token's holder may do; each role includes the ones before it."""

    READ_ONLY = "read-only"
    OPERATOR = "operator"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One credential of a client."""

    description: str
    token: str = field(repr=False)
    role: Role = Role.ADMIN


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiConfig:
    """The whole file."""

    debug: bool
    listen_address: str
    listen_port: int
    authentication_enabled: bool
    secret_key: str = field(repr=False)
    """Signs session cookies."""
    tokens: tuple[Token, ...]
    store: StoreSection
