"""All workers, in the order in which they are started; stopped in reverse.

Adding a worker is one folder and one line here.
"""

from typing import Final

from workers.console.spec import SPEC as CONSOLE
from workers.keepalive.spec import SPEC as KEEPALIVE
from workers.spec import WorkerSpec
from workers.vm.spec import SPEC as VM

CATALOGUE: Final[tuple[WorkerSpec, ...]] = (
    KEEPALIVE,
    CONSOLE,
    VM,
)
