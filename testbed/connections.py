"""The client's connection store for a testbed: one connection per coordinator."""

import json
from pathlib import Path

from testbed.settings import API_PORT, Settings


def write(bed: Settings) -> None:
    """Write the store; only root may read it, because it holds the token."""
    store = {
        node.name: {
            "description": f"testbed {bed.name}, coordinator {node.name}",
            "host": node.addresses["upl"],
            "port": API_PORT,
            "scheme": "http",
            "api_key": bed.token,
        }
        for node in bed.all_coordinators()
    }
    directory = _directory(bed)
    directory.mkdir(mode=0o700, exist_ok=True)
    path = directory / "pvc.json"
    path.touch(mode=0o600)
    path.write_text(json.dumps(store, indent=2) + "\n")


def environment(bed: Settings) -> dict[str, str]:
    """Return what makes the client use the store, and in it the first coordinator."""
    return {"PVC_CLIENT_DIR": str(_directory(bed)), "PVC_CONNECTION": bed.all_nodes()[0].name}


def _directory(bed: Settings) -> Path:
    return bed.directory / "client"
