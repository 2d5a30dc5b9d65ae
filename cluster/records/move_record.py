"""Moves in the tree: `vm.transfer` by the node that sends a VM, `vm.arrival` by the one that
receives it. What cannot be read is there all the same: a copy may be on another node."""

from cluster.model.vm import Arrival, ArrivalPhase, Transfer, TransferPhase
from cluster.schema import codec


def read_transfer(data: bytes | None) -> Transfer | None:
    """Read `vm.transfer`; None only when there is none."""
    if not data:
        return None
    plain = codec.read_object(data) or {}
    return Transfer(
        serial=codec.as_integer(plain.get("serial")),
        to=codec.as_text(plain.get("to")),
        phase=codec.as_enum(TransferPhase, plain.get("phase")) or TransferPhase.SETTLING,
        percent=codec.as_integer(plain.get("percent")),
        reason=codec.as_text(plain.get("reason")),
    )


def transfer_data(transfer: Transfer) -> bytes:
    """Return what `vm.transfer` holds."""
    return codec.to_json(
        {
            "serial": transfer.serial,
            "to": transfer.to,
            "phase": transfer.phase,
            "percent": transfer.percent,
            "reason": transfer.reason,
        }
    )


def read_arrival(data: bytes | None) -> Arrival | None:
    """Read `vm.arrival`; None only when there is none."""
    if not data:
        return None
    plain = codec.read_object(data) or {}
    return Arrival(
        serial=codec.as_integer(plain.get("serial")),
        node=codec.as_text(plain.get("node")),
        phase=codec.as_enum(ArrivalPhase, plain.get("phase")) or ArrivalPhase.RUNNING,
    )


def arrival_data(arrival: Arrival) -> bytes:
    """Return what `vm.arrival` holds."""
    return codec.to_json({"serial": arrival.serial, "node": arrival.node, "phase": arrival.phase})
