"""Counters of two samples to rates per second; pure."""

from cluster.model.node import InterfaceFacts
from workers.keepalive.machine import Counters, Sample


def interface_facts(old: Sample | None, new: Sample) -> dict[str, InterfaceFacts]:
    """Return each interface with its rates since the old sample, 0 where that says nothing."""
    seconds = new.at - old.at if old is not None else 0.0
    before = old.interfaces if old is not None else {}
    return {
        name: _facts(before.get(name, counters), counters, seconds)
        for name, counters in sorted(new.interfaces.items())
    }


def _facts(old: Counters, new: Counters, seconds: float) -> InterfaceFacts:
    return InterfaceFacts(
        rx_bps=8 * _rate(old.rx_bytes, new.rx_bytes, seconds),
        rx_pps=_rate(old.rx_packets, new.rx_packets, seconds),
        tx_bps=8 * _rate(old.tx_bytes, new.tx_bytes, seconds),
        tx_pps=_rate(old.tx_packets, new.tx_packets, seconds),
        link_speed_bps=new.link_speed_bps,
        state=new.state,
    )


def _rate(old: int, new: int, seconds: float) -> int:
    # An interface that was made anew counts from 0 again: that is no negative rate.
    return round((new - old) / seconds) if seconds > 0 and new >= old else 0
