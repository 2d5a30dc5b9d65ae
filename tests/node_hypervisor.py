"""A node's hypervisor adapter, run in the node and asked from outside: one pickled call per line.

Run in a node: `python -m tests.node_hypervisor`; it ends with its standard input.
"""

import base64
import pickle
import sys
from typing import Any

from runtime.clock import SYSTEM_CLOCK
from runtime.errors import PvcError
from runtime.log import set_up_logging
from workers.vm.job_lines import Surroundings
from workers.vm.libvirt_hypervisor import LibvirtHypervisor


def encode(value: Any) -> str:
    return base64.b64encode(pickle.dumps(value)).decode()


def decode(line: str) -> Any:
    return pickle.loads(base64.b64decode(line))


def main() -> None:
    set_up_logging(debug=False)
    hypervisor = LibvirtHypervisor(Surroundings(), lambda: None, SYSTEM_CLOCK)
    for line in sys.stdin:
        method, arguments = decode(line)
        begun = SYSTEM_CLOCK.now()
        try:
            answer = getattr(hypervisor, method)(*arguments)
        except PvcError as error:
            answer = error
        # How long it took is the contract's first promise: nothing here waits.
        print(encode((answer, SYSTEM_CLOCK.now() - begun, SYSTEM_CLOCK.now())), flush=True)
    hypervisor.close()


if __name__ == "__main__":
    main()
