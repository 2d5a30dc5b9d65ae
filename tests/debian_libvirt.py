"""Makes `import libvirt` possible in tests that run on the host, in whatever virtual environment.

Debian's binding belongs to /usr/bin/python3, of which the environment was made, and exists nowhere
else. Its directory goes to the end of the path, so that what the lock file names still wins.
"""

import sys
from pathlib import Path

import pytest

PACKAGES = "/usr/lib/python3/dist-packages"


def import_libvirt() -> None:
    """Let the caller import libvirt, or skip its tests where python3-libvirt is not installed."""
    if PACKAGES not in sys.path and Path(PACKAGES, "libvirt.py").exists():
        sys.path.append(PACKAGES)
    pytest.importorskip("libvirt", reason="needs Debian's python3-libvirt; ./dev test installs it")
