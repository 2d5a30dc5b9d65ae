"""The vm worker: the VMs of this node."""

from workers.parent import die_with_parent

die_with_parent()  # before the imports that take their time

from workers.main import Context, main  # noqa: E402 - see above
from workers.vm.assemble import assemble  # noqa: E402
from workers.vm.job_lines import Surroundings  # noqa: E402
from workers.vm.libvirt_hypervisor import LibvirtHypervisor  # noqa: E402
from workers.vm.spec import SPEC  # noqa: E402
from workers.zookeeper_session import open_session  # noqa: E402


def open_libvirt(context: Context) -> LibvirtHypervisor:
    """Begin to look at this node's libvirt; nothing waits for it."""
    section = context.orders.config.hypervisor
    around = Surroundings(
        ceph_config=str(section.ceph_config), ceph_keyring=str(section.ceph_keyring)
    )
    return LibvirtHypervisor(around, context.wake.set, context.clock)


main(SPEC, lambda context: assemble(context, open_libvirt), open_session)
