"""The configuration file as something that may be changed while the root runs."""

from pathlib import Path

from runtime.config.node import NodeConfig
from runtime.config.node_file import load


class ConfigFile:
    """One file; whoever wants to know whether it has changed compares fingerprints."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def fingerprint(self) -> str:
        """Return a text that changes when the file is replaced or written."""
        try:
            found = self.path.stat()
        except OSError as error:
            return f"unreadable: {error.errno}"
        return f"{found.st_dev}.{found.st_ino}.{found.st_size}.{found.st_mtime_ns}"

    def load(self) -> NodeConfig:
        """Read it; raises `ConfigError` with every fault."""
        return load(self.path)
