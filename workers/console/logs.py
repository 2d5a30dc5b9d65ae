"""The node's log and the VMs' consoles together: console's observing and acting."""

from dataclasses import replace
from typing import Final, assert_never

from bus.ends import Outgoing
from bus.messages import Envelope, Facts, StopReason
from bus.topics import Topic
from workers.console.actions import Action, Store, StoreConsole, TellFacts
from workers.console.node_lines import NodeLines
from workers.console.seen import Seen
from workers.console.spec import SPEC
from workers.console.vm_consoles import VmConsoles

_MOST_TROUBLES: Final = 10


class Logs:
    """Both halves; either may be switched off."""

    def __init__(
        self, *, node: NodeLines | None, consoles: VmConsoles | None, outgoing: Outgoing
    ) -> None:
        self._node = node
        self._consoles = consoles
        self._outgoing = outgoing

    def hear(self, envelope: Envelope) -> bool:
        """Take a message in; True when it is a reason to look now."""
        if self._consoles is not None and self._consoles.hear(envelope):
            return True
        return self._node is not None and self._node.hear(envelope)

    def observe(self) -> Seen:
        """Return how the logs stand; raises `Unavailable` while that cannot be known."""
        seen = Seen() if self._node is None else self._node.observe()
        if self._consoles is None:
            return seen
        return replace(seen, consoles=self._consoles.observe())

    def act(self, action: Action) -> None:
        """Do one action."""
        match action:
            case Store():
                if self._node is not None:
                    self._node.store()
            case StoreConsole(vm):
                if self._consoles is not None:
                    self._consoles.store(vm)
            case TellFacts(seen):
                self._outgoing.send(Topic.FACTS, SPEC.name, _facts(seen))
            case _:
                assert_never(action)

    def finish(self, _: StopReason) -> None:
        """Store what is left."""
        if self._consoles is not None:
            self._consoles.finish()
        if self._node is not None:
            self._node.finish()


def _facts(seen: Seen) -> Facts:
    consoles = seen.consoles
    troubles = sorted(consoles.troubles.items())[:_MOST_TROUBLES]
    return Facts(
        worker=SPEC.name,
        values={
            "log_lines": seen.next_number,
            "log_lines_dropped": seen.dropped,
            "consoles": consoles.followed,
            "console_lines_skipped": consoles.skipped,
            "console_troubles": dict(troubles),
        },
    )
