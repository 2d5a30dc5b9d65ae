"""Where each daemon's configuration file is; loads no YAML parser, so the root may ask too."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a file is unless another is named."""

    default: str
    variable: str
    """The environment variable that names another."""

    def path(self, environment: Mapping[str, str] = os.environ) -> Path:
        """Return the file to read."""
        return Path(environment.get(self.variable) or self.default)


NODE_FILE: Final = Place(default="/etc/pvc/pvcnoded.yaml", variable="PVCD_CONFIG_FILE")
API_FILE: Final = Place(default="/etc/pvc/pvcapid.yaml", variable="PVC_CONFIG_FILE")
