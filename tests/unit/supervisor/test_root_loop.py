"""The loop with fake ends: what it does with processes that cannot start or cannot die."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bus.messages import Beat, Envelope, Facts, Message, Stop
from bus.topics import Topic, address
from runtime.clock import Instant
from supervisor.actions import Finish
from supervisor.carried import Carried
from supervisor.crew import Crew
from supervisor.herald import Herald
from supervisor.loop import Parts, Root
from supervisor.patience import Patience
from supervisor.process import Process
from supervisor.roster import draw_up, first_children
from supervisor.schema_plan import SchemaView, assumed
from supervisor.seen import Memory
from tests.fakes.clock import FakeClock
from tests.fakes.node_config import node_config
from tests.fakes.tree import CONSOLE, KEEPALIVE
from workers.orders import WorkerOrders
from workers.spec import WorkerSpec


@dataclass(slots=True)
class FakeProcess:
    spec: WorkerSpec
    orders: WorkerOrders
    pid: int
    beats: bool = True
    dies_of_kill: bool = True
    code: int | None = None
    kills: int = 0

    def fileno(self) -> int:
        return self.pid

    def kill(self) -> None:
        self.kills += 1
        if self.dies_of_kill:
            self.code = -9

    def collect(self) -> int | None:
        return self.code


@dataclass(slots=True)
class World:
    """Launcher, ears, voice, signals, schema and configuration in one."""

    clock: FakeClock
    state: Path
    processes: list[FakeProcess] = field(default_factory=list)
    mute: set[str] = field(default_factory=set)
    cannot_start: set[str] = field(default_factory=set)
    sent: list[tuple[str, Message]] = field(default_factory=list)
    notified: list[str] = field(default_factory=list)
    watched: set[int] = field(default_factory=set)
    numbers: list[int] = field(default_factory=list)
    schema: SchemaView = field(default_factory=lambda: replace(assumed(16), tree=16))
    check_code: int = 0

    def start(self, spec: WorkerSpec, orders: WorkerOrders) -> Process:
        if spec.name in self.cannot_start:
            raise FileNotFoundError(2, "No such file or directory")
        process = FakeProcess(spec, orders, 100 + len(self.processes))
        process.beats = spec.name not in self.mute
        self.processes.append(process)
        return process

    def receive(self, until: Instant) -> Sequence[Envelope]:
        if not self.numbers:
            self.clock.move_to(min(until, self.clock.now() + 0.5))
        return [
            self.envelope(Beat(worker=p.spec.name, incarnation=p.orders.incarnation, round=1))
            for p in self.processes
            if p.beats and p.code is None
        ]

    def envelope(self, beat: Beat) -> Envelope:
        to = address(Topic.BEAT, beat.worker)
        return Envelope(
            address=to, sender=beat.worker, sequence=1, at=self.clock.now(), message=beat
        )

    def wake_on(self, descriptor: int) -> None:
        assert descriptor not in self.watched
        self.watched.add(descriptor)

    def wake_no_longer_on(self, descriptor: int) -> None:
        self.watched.remove(descriptor)

    def send(self, topic: Topic, name: str, message: Message) -> bool:
        self.sent.append((address(topic, name), message))
        for process in self.processes:
            if isinstance(message, Stop) and process.spec.name == name and process.beats:
                process.code = 0
        return True

    def notify(self, *assignments: str) -> None:
        self.notified += assignments

    def last(self, name: str) -> FakeProcess:
        return [p for p in self.processes if p.spec.name == name][-1]


class FakeSignals:
    def __init__(self, world: World) -> None:
        self._world = world

    def fileno(self) -> int:
        return 3

    def drain(self) -> tuple[int, ...]:
        numbers, self._world.numbers = tuple(self._world.numbers), []
        return numbers


class FakeSchema:
    def __init__(self, world: World) -> None:
        self._world = world
        self.is_asked = False

    def fileno(self) -> int:
        return 4

    def view(self) -> SchemaView:
        return self._world.schema

    def look_after(self) -> None:
        return

    def ask_to_end(self) -> None:
        self.is_asked = True


class FakeConfiguration:
    def __init__(self, world: World) -> None:
        self._world = world

    def fingerprint(self) -> str:
        return "first"

    def begin_check(self) -> Process:
        orders = self._world.processes[0].orders
        return FakeProcess(CONSOLE, orders, 900, code=self._world.check_code)


def root_in(world: World) -> Root:
    carried = Carried(pid=1, run_id="life")
    roster = draw_up((KEEPALIVE, CONSOLE), node_config(world.state), carried)
    patience = Patience()
    parts = Parts(
        clock=world.clock,
        ears=world,
        voice=world,
        signals=FakeSignals(world),
        schema=FakeSchema(world),
        configuration=FakeConfiguration(world),
        crew=Crew(roster, world, world),
        herald=Herald(
            outgoing=world,
            notify=world.notify,
            watchdog_seconds=6.0,
            patience=patience,
            was_ready=False,
        ),
        patience=patience,
        chance=lambda: 0.5,
    )
    children = first_children(roster, carried)
    return Root(parts, Memory(children=children, look_again=world.clock.now()))


def turns(root: Root, world: World, seconds: float) -> Finish | None:
    end = world.clock.now() + seconds
    while world.clock.now() < end:
        finish = root.turn()
        if isinstance(finish, Finish):
            return finish
    return None


def test_starts_tells_and_pets_the_watchdog(tmp_path: Path) -> None:
    world = World(FakeClock(), tmp_path)
    turns(root_in(world), world, 10.0)
    assert [p.spec.name for p in world.processes] == ["keepalive", "console"]
    assert world.notified.count("READY=1") == 1
    assert 5 <= world.notified.count("WATCHDOG=1") <= 7
    facts = [m.values for to, m in world.sent if to == "facts.supervisor" and isinstance(m, Facts)]
    assert facts[-1]["tree"] == "running"
    assert facts[-1]["workers"]["console"]["pid"] == world.last("console").pid
    assert len(facts) >= 10


def test_one_that_cannot_be_executed_is_backed_off_and_parked(tmp_path: Path) -> None:
    world = World(FakeClock(), tmp_path, cannot_start={"console"})
    root = root_in(world)
    turns(root, world, 60.0)
    child = root.memory.children[1]
    assert child.is_on_trial
    assert child.reason == "cannot be started"
    assert any("console parked" in line for line in world.notified)
    world.cannot_start.clear()
    turns(root, world, 200.0)
    assert root.memory.children[1].phase == "running"


def test_one_in_the_kernels_hands_is_abandoned_replaced_and_collected_at_last(
    tmp_path: Path,
) -> None:
    world = World(FakeClock(), tmp_path)
    root = root_in(world)
    turns(root, world, 3.0)
    stuck = world.last("console")
    stuck.beats = stuck.dies_of_kill = False
    turns(root, world, 12.0)
    assert stuck.kills == 1
    assert world.last("console") is not stuck
    assert root.memory.children[1].phase == "running"
    assert any("stuck in the kernel" in line for line in world.notified)
    assert stuck.pid in world.watched
    stuck.code = -9
    turns(root, world, 2.0)
    assert stuck.pid not in world.watched
    assert root.memory.children[1].abandoned == 0


def test_sigterm_ends_all_and_well(tmp_path: Path) -> None:
    world = World(FakeClock(), tmp_path)
    root = root_in(world)
    turns(root, world, 3.0)
    world.numbers = [15]
    assert turns(root, world, 10.0) == Finish(0)
    assert "STOPPING=1" in world.notified
    leaving = [i for i, (to, m) in enumerate(world.sent)
               if isinstance(m, Facts) and m.values["tree"] == "leaving"]  # fmt: skip
    stops = [i for i, (to, m) in enumerate(world.sent) if isinstance(m, Stop)]
    assert leaving[0] < stops[0]


def test_a_reload_of_a_broken_file_is_refused(tmp_path: Path) -> None:
    world = World(FakeClock(), tmp_path, check_code=78)
    root = root_in(world)
    turns(root, world, 3.0)
    world.numbers = [1]
    turns(root, world, 3.0)
    assert root.memory.course == "run"
    lines = [line for line in world.notified if line.startswith("STATUS=")]
    assert lines[-1].startswith("STATUS=reload refused: the configuration has faults")
    assert lines[-1].endswith("2 of 2 workers run")


def test_a_reload_of_a_right_file_ends_in_a_fresh_image(tmp_path: Path) -> None:
    world = World(FakeClock(), tmp_path)
    root = root_in(world)
    turns(root, world, 3.0)
    world.numbers = [1, 1]
    for _ in range(20):
        root.turn()
        if root.memory.course == "reload":
            break
    assert root.memory.course == "reload"
    assert "RELOADING=1" in world.notified


def test_one_that_never_beats_does_not_keep_systemd_waiting_until_it_is_parked(
    tmp_path: Path,
) -> None:
    world = World(FakeClock(), tmp_path, mute={"console"})
    turns(root_in(world), world, 15.0)
    assert "READY=1" in world.notified


def test_keepalive_that_never_beats_is_not_ready(tmp_path: Path) -> None:
    world = World(FakeClock(), tmp_path, mute={"keepalive"})
    turns(root_in(world), world, 25.0)
    assert "READY=1" not in world.notified
