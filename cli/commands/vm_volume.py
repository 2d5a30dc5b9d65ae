"""`pvc vm volume`: the disks of a VM."""

import click

from cli.output import format_option, show
from cli.redefine import Effect, Plugging, effect, redefine, replug
from cli.session import Session
from cli.table import printable
from cli.views.vm import objects
from cli.views.vm_parts import disks_table
from cli.vm import live_option, one_vm, restart_option, vm_argument, xml_of, yes_option
from cli.vm_devices import BUSES, disk_of, file_disk, free_target


@click.group()
def volume() -> None:
    """Look at the disks of a VM, add and remove them."""


@volume.command()
@vm_argument
@format_option("pretty", "raw", "json", "json-pretty")
@click.pass_obj
def get(session: Session, name: str, form: str) -> None:
    """List the disks of VM."""
    found = one_vm(session, name, "name", "disks")
    show(
        session,
        form,
        found.get("disks"),
        {
            "pretty": lambda: disks_table(found) or f"VM '{name}' has no disks.",
            "raw": lambda: "\n".join(printable(d.get("name")) for d in objects(found, "disks")),
        },
    )


@volume.command()
@vm_argument
@click.argument("volume_name", metavar="VOLUME")
@click.option("-d", "--disk-id", help="Its name in the guest, such as sdb; without it a free one.")
@click.option(
    "-b", "--bus", type=click.Choice(BUSES), default="scsi", show_default=True, help="Its bus."
)
@click.option(
    "-t",
    "--type",
    "kind",
    type=click.Choice(("rbd", "file")),
    default="rbd",
    show_default=True,
    help="Whether VOLUME is pool/volume in Ceph, or the path of a file on the node.",
)
@live_option
@restart_option
@yes_option
@click.pass_obj
def add(
    session: Session,
    name: str,
    volume_name: str,
    disk_id: str | None,
    bus: str,
    kind: str,
    *,
    live: bool,
    restart: bool | None,
    yes: bool,
) -> None:
    """Add the disk VOLUME, which must exist, to VM."""
    from cli.vm_rbd import rbd_disk
    from cluster.definition.device_editing import attached

    vm = one_vm(session, name, "xml", "state", "disks")
    xml = xml_of(vm, name)
    target = disk_id or free_target(objects(vm, "disks"), bus)
    make_rbd = kind == "rbd"
    device = (
        rbd_disk(xml, volume_name, target, bus) if make_rbd else file_disk(volume_name, target, bus)
    )
    changed = attached(xml, device)
    how = effect(session, vm, name, restart=restart, is_live=live, is_sure=yes)
    redefine(session, name, changed, how)
    if how is Effect.LIVE:
        replug(session, name, device, Plugging.IN)


@volume.command()
@vm_argument
@click.argument("volume_name", metavar="VOLUME")
@live_option
@restart_option
@yes_option
@click.pass_obj
def remove(
    session: Session,
    name: str,
    volume_name: str,
    *,
    live: bool,
    restart: bool | None,
    yes: bool,
) -> None:
    """Remove the disk VOLUME, or the one with this name in the guest, from VM; its data stays."""
    from cluster.definition.device_editing import detached

    vm = one_vm(session, name, "xml", "state", "disks")
    disk = disk_of(objects(vm, "disks"), name, volume_name)
    session.confirm(
        f"Remove the disk {disk.get('name')} ({disk.get('dev')}) from VM '{name}'?", is_sure=yes
    )
    without = detached(xml_of(vm, name), f"<disk><target dev='{disk.get('dev')}'/></disk>")
    how = effect(session, vm, name, restart=restart, is_live=live, is_sure=yes)
    redefine(session, name, without.xml, how)
    if how is Effect.LIVE:
        replug(session, name, without.device, Plugging.OUT)
