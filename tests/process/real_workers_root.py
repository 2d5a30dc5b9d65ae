"""The product's root with its real workers: `real_workers_root.py STATE …`.

Two things differ: state is kept in the folder STATE, and the restart window is so short that each
kill of a round is a first one, as it is in the field (kills in a row are backed off).
"""

import sys
from dataclasses import replace
from pathlib import Path

from supervisor.main import main
from supervisor.variant import Variant
from workers.catalogue import CATALOGUE


def run(state: Path, arguments: list[str]) -> int:
    """Be that root."""
    variant = Variant(
        catalogue=[replace(spec, restart_window_seconds=0.3) for spec in CATALOGUE],
        adjust=lambda config: replace(config, directories=replace(config.directories, state=state)),
    )
    return main(arguments, variant)


if __name__ == "__main__":
    sys.exit(run(Path(sys.argv[1]), sys.argv[2:]))
