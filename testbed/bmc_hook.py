"""What a simulated BMC runs to read or change its node's power.

Called by ipmi_sim as `hook.py NODE get power` or `… set power 0`,
`… set reset 1`, `… set shutdown 1`. It runs in the node image with that image's
bare Python, so it imports nothing of ours.
"""

import os
import socket
import sys

ORDERS = {("power", "0"): "off", ("power", "1"): "on", ("reset", "1"): "reset"}


def main(argv: list[str]) -> int:
    """Translate one call into an order to the power supervisor."""
    # ipmi_sim's descriptors, its socket among them, must not live on in anything we cause.
    os.closerange(3, 1024)
    node, verb, words = argv[0], argv[1], argv[2:]
    if verb == "get":
        for word in words:
            if word == "power":
                print(f"power:{ask(f'status {node}').split()[-1]}")
        return 0
    for name, value in zip(words[::2], words[1::2], strict=False):
        action = "soft" if name == "shutdown" else ORDERS.get((name, value))
        if action and not ask(f"{action} {node}").startswith("ok"):
            return 1
    return 0


def ask(line: str) -> str:
    """Send one order and return the answer."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(30)
        connection.connect("/run/power/orders")
        connection.sendall(line.encode() + b"\n")
        return connection.makefile().readline().strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
