"""Where an API is and how to speak to it."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One connection, resolved."""

    name: str
    host: str
    port: int
    scheme: str = "http"
    api_key: str = field(default="", repr=False)
    description: str = "N/A"
    verify: bool = True
    """Whether a TLS certificate is checked."""

    @property
    def url(self) -> str:
        """Its address as people read it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"
