"""`pvc vm`: the virtual machines. Only the list of its commands; each file is loaded when named."""

import click

from cli.lazy import LazyGroup, Member

_MEMBERS = {
    "define": Member("cli.commands.vm_define", "define", "Define a new VM by a libvirt file."),
    "disable": Member("cli.commands.vm_state", "disable", "Shut a VM down and keep it off."),
    "dump": Member("cli.commands.vm_look", "dump", "Print the definition of a VM."),
    "flush-locks": Member("cli.commands.vm_locks", "flush_locks", "Remove a VM's stale locks."),
    "info": Member("cli.commands.vm_look", "info", "Show one VM."),
    "list": Member("cli.commands.vm_look", "list_", "List the VMs."),
    "log": Member("cli.commands.vm_log", "log", "Show the serial console of a VM."),
    "memory": Member("cli.commands.vm_memory", "memory", "Look at a VM's memory, or set it."),
    "meta": Member("cli.commands.vm_meta", "meta", "Set node limits, migration and autostart."),
    "migrate": Member("cli.commands.vm_move", "migrate", "Move a VM away, its home remembered."),
    "modify": Member("cli.commands.vm_modify", "modify", "Change the definition of a VM."),
    "move": Member("cli.commands.vm_move", "move", "Move a VM to another node for good."),
    "network": Member("cli.commands.vm_network", "network", "The networks of a VM."),
    "remove": Member("cli.commands.vm_define", "remove", "Remove a VM with its volumes."),
    "rename": Member("cli.commands.vm_define", "rename", "Give a VM another name."),
    "restart": Member("cli.commands.vm_state", "restart", "Shut a VM down and start it again."),
    "shutdown": Member("cli.commands.vm_state", "shutdown", "Ask a VM to shut down."),
    "start": Member("cli.commands.vm_state", "start", "Start a VM."),
    "stop": Member("cli.commands.vm_state", "stop", "Cut a VM's power."),
    "tag": Member("cli.commands.vm_tag", "tag", "The tags of a VM."),
    "undefine": Member("cli.commands.vm_define", "undefine", "Remove a VM, not its volumes."),
    "unmigrate": Member("cli.commands.vm_move", "unmigrate", "Bring a VM home."),
    "vcpu": Member("cli.commands.vm_vcpu", "vcpu", "Look at a VM's vCPUs, or set them."),
    "volume": Member("cli.commands.vm_volume", "volume", "The volumes of a VM."),
}


@click.group(cls=LazyGroup, members=_MEMBERS)
def vm() -> None:
    """Define, run, move and change virtual machines. VM is a name or a UUID."""
