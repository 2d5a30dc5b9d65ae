"""The addresses of this machine, from what the kernel routes to itself; the reading is pure.

Trying to bind an address would say yes to any where `ip_nonlocal_bind` is set.
"""

from pathlib import Path
from typing import Final

_IPV4: Final = Path("/proc/net/fib_trie")
_IPV6: Final = Path("/proc/net/if_inet6")


def own_hosts() -> frozenset[str]:
    """Return this machine's addresses."""
    ipv6 = _IPV6.read_text() if _IPV6.exists() else ""
    return read_ipv4(_IPV4.read_text()) | read_ipv6(ipv6)


def read_ipv4(trie: str) -> frozenset[str]:
    """Return the local addresses in the kernel's routing table."""
    found, address = set(), ""
    for line in trie.splitlines():
        words = line.split()
        if len(words) == 2 and words[0] in ("|--", "+--"):
            address = words[1]
        elif words[:3] == ["/32", "host", "LOCAL"]:
            found.add(address)
    return frozenset(found)


def read_ipv6(table: str) -> frozenset[str]:
    """Return the addresses in the kernel's table, written as Ceph writes them."""
    # Only a cluster on IPv6 needs this: what it costs to import is left to that one.
    from ipaddress import IPv6Address

    return frozenset(str(IPv6Address(int(line.split()[0], 16))) for line in table.splitlines())
