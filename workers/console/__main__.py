"""The console worker: the node's log and the consoles of its VMs."""

from workers.parent import die_with_parent

die_with_parent()  # before the imports that take their time

from bus.topics import Topic, address  # noqa: E402 - see above
from workers.console.assemble import assemble  # noqa: E402
from workers.console.spec import SPEC  # noqa: E402
from workers.main import main  # noqa: E402
from workers.zookeeper_session import open_session  # noqa: E402

main(SPEC, assemble, open_session, (Topic.LOG, address(Topic.FACTS, "vm")))
