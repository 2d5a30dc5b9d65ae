"""The keepalive worker: the node's sign of life."""

from workers.parent import die_with_parent

die_with_parent()  # before the imports that take their time

from bus.topics import Topic  # noqa: E402 - see above
from runtime.clock import SYSTEM_CLOCK  # noqa: E402
from workers.keepalive.assemble import assemble  # noqa: E402
from workers.keepalive.proc_machine import ProcMachine  # noqa: E402
from workers.keepalive.spec import SPEC  # noqa: E402
from workers.main import main  # noqa: E402
from workers.zookeeper_session import open_session  # noqa: E402

main(SPEC, lambda c: assemble(c, ProcMachine(SYSTEM_CLOCK)), open_session, (Topic.FACTS,))
