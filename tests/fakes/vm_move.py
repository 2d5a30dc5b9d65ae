"""A live migration in a fake world, as libvirt does it: it outlives the job that ordered it."""

from math import inf
from typing import TYPE_CHECKING

from tests.fakes.vm_hosts import Domain, Fate, Host, Libvirt, Move
from tests.fakes.vm_scripts import Script, Until
from workers.vm.local import EndKind, LocalState, Pause

if TYPE_CHECKING:
    from tests.fakes.vm_world import World

PEER_LOST_SECONDS = 6.5
"""After so long libvirt's own keepalive gives a silent peer up."""


class LiveMigration:
    """Sends a copy to another node; once it is whole, the copy there is left held."""

    def __init__(self, world: "World", domain: Domain, move: Move) -> None:
        self.world = world
        self.domain = domain
        self.move = move
        self.copy = self._copy()

    def script(self, fate: Fate) -> Script:
        copy = self.copy
        self.world.put(self.move.target, copy)
        for percent in range(10, 101, 10):
            stalls = fate is Fate.STALLS and percent > 50
            self.move.is_aborted = self.move.is_aborted or (fate is Fate.FAILS and percent > 50)
            if not (yield from self._goes_on(inf if stalls else self._a_tenth())):
                self._break_off()
                return
            self.move.percent = percent
            self.world.changed()
        # The last steps need both libvirts.
        yield Until(lambda: self.move.source.answers or self._is_hit(), inf)
        yield Until(lambda: self._reaches_target(), PEER_LOST_SECONDS)
        if not self._reaches_target() or self._is_hit():
            self._break_off()
            return
        self._finish(copy, fate)

    def _a_tenth(self) -> float:
        return self.world.move_seconds / 10

    def _goes_on(self, seconds: float) -> Script:
        """Whether so much time passed without harm; a peer's silence is borne for a while."""
        lost = yield Until(lambda: self._is_hit() or not self._reaches_target(), seconds)
        if lost:
            yield Until(lambda: self._is_hit() or self._reaches_target(), PEER_LOST_SECONDS)
        return self._reaches_target() and not self._is_hit()

    def _finish(self, copy: Domain, fate: Fate) -> None:
        self.domain.move, self.move.is_over = None, True
        if fate is Fate.FINISH_LOST:
            self.world.run(self.move.source, self.domain)
        elif fate is Fate.HELD:
            self.domain.state, self.domain.pause = LocalState.PAUSED, Pause.MOVE
            self.world.changed()
        elif fate is Fate.SOURCE_DIES:
            self.world.end(self.move.target, copy.uuid, EndKind.FAILED)
            self.world.end(self.move.source, self.domain.uuid, EndKind.CRASHED, keeps_locks=True)
        else:
            self.world.end(self.move.source, self.domain.uuid, EndKind.MIGRATED)

    def _copy(self) -> Domain:
        return Domain(
            uuid=self.domain.uuid,
            name=self.domain.name,
            memory_mb=self.domain.memory_mb,
            vcpus=self.domain.vcpus,
            vnc=self.domain.vnc,
            console_log=self.domain.console_log,
            volumes=self.domain.volumes,
            devices=set(self.domain.devices),
            state=LocalState.PAUSED,
            pause=Pause.MOVE,
        )

    def _reaches_target(self) -> bool:
        return self.move.target.answers and self.world.reaches(self.move.source, self.move.target)

    def _is_hit(self) -> bool:
        return (
            self.move.is_aborted
            or self.move.source.domains.get(self.move.uuid) is not self.domain
            or (self.move.target.is_on and self._is_without_copy())
            or Libvirt.DOWN in (self.move.source.libvirt, self.move.target.libvirt)
        )

    def _is_without_copy(self) -> bool:
        return self.move.target.domains.get(self.move.uuid) is not self.copy

    def _break_off(self) -> None:
        self.domain.move, self.move.is_over = None, True
        copy = self.move.target.domains.get(self.move.uuid)
        self.world.stage.start(self._clean(self.move.target, copy))
        self.world.changed()

    def _clean(self, target: Host, copy: Domain | None) -> Script:
        """The half copy is gone as soon as the target's libvirt can see to it."""
        yield Until(lambda: target.answers or not target.is_on, inf)
        if copy is not None and target.domains.get(copy.uuid) is copy:
            self.world.end(target, copy.uuid, EndKind.FAILED)
