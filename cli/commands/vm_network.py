"""`pvc vm network`: the network interfaces of a VM."""

import os
from collections.abc import Mapping
from typing import Any

import click

from cli.output import format_option, show
from cli.redefine import Effect, Plugging, effect, redefine, replug
from cli.session import Session
from cli.views.section import section
from cli.views.vm import network_names, objects
from cli.views.vm_parts import networks_table
from cli.vm import live_option, one_vm, restart_option, vm_argument, xml_of, yes_option
from cli.vm_devices import PciAddress, bridge_nic, hostdev_nic, macvtap_nic, nic_of

_sriov_option = click.option("-s", "--sriov", is_flag=True, help="NET is a virtual function.")


@click.group()
def network() -> None:
    """Look at the network interfaces of a VM, add and remove them."""


@network.command()
@vm_argument
@format_option("pretty", "raw", "json", "json-pretty")
@click.pass_obj
def get(session: Session, name: str, form: str) -> None:
    """List the network interfaces of VM."""
    found = one_vm(session, name, "name", "networks")
    show(
        session,
        form,
        found.get("networks"),
        {
            "pretty": lambda: networks_table(found) or f"VM '{name}' is in no network.",
            "raw": lambda: "\n".join(network_names(found)),
        },
    )


@network.command()
@vm_argument
@click.argument("net")
@click.option("-a", "--macaddr", help="Its MAC address; without it a new one.")
@click.option("-m", "--model", default="virtio", show_default=True, help="What the guest sees.")
@_sriov_option
@click.option(
    "-d",
    "--sriov-mode",
    type=click.Choice(("hostdev", "macvtap")),
    default="macvtap",
    show_default=True,
    help="How the guest gets the virtual function.",
)
@live_option
@restart_option
@yes_option
@click.pass_obj
def add(
    session: Session,
    name: str,
    net: str,
    macaddr: str | None,
    model: str,
    sriov_mode: str,
    *,
    sriov: bool,
    live: bool,
    restart: bool | None,
    yes: bool,
) -> None:
    """Add an interface in NET to VM: a network's number, upstream, cluster or storage."""
    from cluster.definition.device_editing import attached
    from cluster.definition.mac_giving import mac_from

    vm = one_vm(session, name, "xml", "state", "node")
    mac = macaddr or mac_from(os.urandom(3))
    if not sriov:
        device = bridge_nic(net, mac, model)
    elif sriov_mode == "macvtap":
        device = macvtap_nic(net, mac, model)
    else:
        device = hostdev_nic(net, mac, _address(session, str(vm.get("node")), net))
    xml = attached(xml_of(vm, name), device)
    how = effect(session, vm, name, restart=restart, is_live=live, is_sure=yes)
    redefine(session, name, xml, how)
    if how is Effect.LIVE:
        replug(session, name, device, Plugging.IN)


@network.command()
@vm_argument
@click.argument("net", required=False)
@click.option("-m", "--mac-address", help="Which interface, if there are several in NET.")
@_sriov_option
@live_option
@restart_option
@yes_option
@click.pass_obj
def remove(
    session: Session,
    name: str,
    net: str | None,
    mac_address: str | None,
    *,
    sriov: bool,
    live: bool,
    restart: bool | None,
    yes: bool,
) -> None:
    """Remove from VM its interface in NET, or the one with a MAC address."""
    from cluster.definition.device_editing import detached

    if net is None and mac_address is None:
        raise click.UsageError("Say which interface: NET, or --mac-address.")
    vm = one_vm(session, name, "xml", "state", "networks")
    nic = nic_of(objects(vm, "networks"), name, _vnis(net, sriov=sriov), mac_address)
    shown = f"{nic.get('vni')} ({nic.get('mac')})"
    session.confirm(f"Remove the interface in {shown} from VM '{name}'?", is_sure=yes)
    without = detached(
        xml_of(vm, name), f"<interface><mac address='{nic.get('mac')}'/></interface>"
    )
    how = effect(session, vm, name, restart=restart, is_live=live, is_sure=yes)
    redefine(session, name, without.xml, how)
    if how is Effect.LIVE:
        replug(session, name, without.device, Plugging.OUT)


def _vnis(net: str | None, *, sriov: bool) -> tuple[str, ...]:
    if net is None:
        return ()
    return (f"macvtap:{net}", f"hostdev:{net}") if sriov else (net,)


def _address(session: Session, node: str, function: str) -> PciAddress:
    body = session.fresh(session.client.get("sriov", "vf", node, function))
    found: Mapping[str, Any] = body[0] if isinstance(body, list) and body else body
    pci = section(found, "pci")
    return PciAddress(
        **{part: str(pci.get(part, "0")) for part in ("domain", "bus", "slot", "function")}
    )
