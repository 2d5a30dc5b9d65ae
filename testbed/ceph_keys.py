"""Who is who in a testbed's Ceph cluster: identities and keys, all derived from one token.

Invariant: the same settings always give the same keys, so nothing has to be kept beside them, and
whoever cannot read the settings cannot guess a key.
"""

import base64
import hashlib
import struct
import uuid
from dataclasses import dataclass

from testbed.settings import NodeSettings, Settings

AES, KEY_BYTES = 1, 16
ADMIN, LIBVIRT = "client.admin", "client.libvirt"


@dataclass(frozen=True, slots=True)
class Entity:
    """One user of Ceph with its rights."""

    name: str
    caps: dict[str, str]


def key(bed: Settings, entity: str) -> str:
    """Return an entity's key in Ceph's own format."""
    material = hashlib.sha256(f"{bed.token} ceph {entity}".encode()).digest()[:KEY_BYTES]
    return base64.b64encode(struct.pack("<HIIH", AES, 0, 0, KEY_BYTES) + material).decode()


def identity(bed: Settings, purpose: str) -> str:
    """Return a UUID that belongs to the testbed and to one purpose."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{bed.token} {purpose}"))


def fsid(bed: Settings) -> str:
    """Return the identity of the Ceph cluster."""
    return identity(bed, "fsid")


def secret_uuid(bed: Settings) -> str:
    """Return the name by which libvirt knows the key of `client.libvirt`."""
    return identity(bed, "libvirt secret")


def osd_number(node: NodeSettings) -> int:
    """Return the number of a node's OSD."""
    return node.index - 1


def keyring(bed: Settings, entity: Entity) -> str:
    """Return one entity's section of a keyring."""
    caps = "".join(f'\tcaps {kind} = "{right}"\n' for kind, right in entity.caps.items())
    return f"[{entity.name}]\n\tkey = {key(bed, entity.name)}\n{caps}"


def admin() -> Entity:
    """Return the user that may do everything."""
    return Entity(ADMIN, dict.fromkeys(("mon", "osd", "mgr", "mds"), "allow *"))


def everybody(bed: Settings) -> list[Entity]:
    """Return all users that the monitors know from their first start."""
    everything = {"mon": "allow *"}
    found = [Entity("mon.", everything), admin()]
    found.append(Entity(LIBVIRT, {"mon": "profile rbd", "osd": "profile rbd"}))
    for node in bed.all_coordinators():
        rights = {"mon": "allow profile mgr", "osd": "allow *", "mds": "allow *"}
        found.append(Entity(f"mgr.{node.name}", rights))
    for node in bed.all_nodes():
        rights = {"mon": "allow profile osd", "mgr": "allow profile osd", "osd": "allow *"}
        found.append(Entity(f"osd.{osd_number(node)}", rights))
    return found
