"""Start of the API, as a script or as a module."""

import sys
from pathlib import Path

if not __package__:
    # Started by its path, Python puts this folder in front, where `errors` or `main` would hide
    # others' modules; the packages are one folder up.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from api.main import main

if __name__ == "__main__":
    sys.exit(main())
