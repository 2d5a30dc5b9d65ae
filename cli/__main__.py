"""The command `pvc`."""

import gc
import sys

# A command ends before collecting garbage pays; while modules are loaded it takes a tenth.
gc.set_threshold(50_000)

from cli.main import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
