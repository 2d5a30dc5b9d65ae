"""Start of the root, as a script or as a module."""

import sys
from pathlib import Path

if not __package__:
    # Started by its path: the packages are one folder up, and this folder, in which `process` or
    # `loop` would hide others' modules, is taken out of the path.
    here = Path(__file__).resolve().parent
    sys.path[:] = [str(here.parent), *(x for x in sys.path if x != str(here))]

from supervisor.main import main

if __name__ == "__main__":
    sys.exit(main())
