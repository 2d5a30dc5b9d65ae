"""A tree of workers without processes: the root's plan under fake time, with workers that behave.

`FakeTree` turns the plan, applies its actions to pretended processes, and moves the time to the
next moment at which anything is due.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from bus.messages import Beat, StopReason
from runtime.clock import Instant
from supervisor.actions import Abandon, Action, Ask, CheckConfig, Finish, Kill, Reexecute, Start
from supervisor.child import Child, Phase
from supervisor.patience import Patience
from supervisor.plan import plan
from supervisor.schema_plan import SchemaView, assumed
from supervisor.seen import Exit, Memory, Order, Seen
from workers.spec import WhenExhausted, WorkerSpec

KEEPALIVE = WorkerSpec(
    name="keepalive",
    beat_timeout_seconds=2.5,
    stop_timeout_seconds=3.0,
    restarts=5,
    restart_window_seconds=30.0,
    when_exhausted=WhenExhausted.ESCALATE,
    needs_current_schema=False,
)
CONSOLE = WorkerSpec(name="console")
ROUTER = WorkerSpec(name="router")


@dataclass(slots=True)
class Habit:
    """How the processes of one worker behave."""

    first_beat_after: float | None = 0.1
    """None: it never beats."""
    beat_every: float | None = 0.5
    """None: no beat after the first."""
    dies_after: float | None = None
    code: int = 1
    stops_after: float | None = 0.1
    """After being asked; None: it does not listen."""
    dies_of_kill: bool = True
    """False: it sleeps in the kernel."""


@dataclass(slots=True)
class Process:
    worker: str
    incarnation: int
    schema_version: int
    started: float
    next_beat: float | None
    dies_at: float | None
    code: int
    asked: list[StopReason] = field(default_factory=list)


@dataclass(slots=True)
class FakeTree:
    specs: tuple[WorkerSpec, ...] = (KEEPALIVE, CONSOLE)
    habits: dict[str, Habit] = field(default_factory=dict)
    patience: Patience = field(default_factory=Patience)
    schema: SchemaView = field(default_factory=lambda: replace(assumed(16), tree=16))
    config: str = "first"
    now: float = 1000.0
    memory: Memory = field(init=False)
    processes: dict[tuple[str, int], Process] = field(default_factory=dict)
    log: list[tuple[float, Action]] = field(default_factory=list)
    end: Finish | Reexecute | None = None
    orders: list[Order] = field(default_factory=list)
    exits: list[Exit] = field(default_factory=list)
    beats: list[Beat] = field(default_factory=list)
    _idle_turns: int = 0

    def __post_init__(self) -> None:
        children = tuple(Child(spec=spec) for spec in self.specs)
        self.memory = Memory(children=children, look_again=Instant(self.now))

    def run(self, seconds: float, until: Callable[["FakeTree"], bool] | None = None) -> "FakeTree":
        """Let time pass."""
        stop = self.now + seconds
        self.turn()
        while self.end is None and not (until and until(self)):
            moment = min([self.memory.look_again, *self._moments()])
            if moment > stop:
                self.now = max(self.now, stop)
                break
            self.now = max(self.now, moment)
            self._happen()
            self.turn()
        return self

    def pause(self, seconds: float, *, workers_too: bool) -> None:
        """Stop the root (and the workers, as when the machine is frozen) for a while."""
        if workers_too:
            self.now += seconds
            for process in self.processes.values():
                process.next_beat = process.next_beat and process.next_beat + seconds
        else:
            end = self.now + seconds
            while (moment := min(self._moments(), default=end)) < end:
                self.now = max(self.now, moment)
                self._happen()
            self.now = end

    def turn(self) -> None:
        """Let the root look and act once."""
        if self.end is not None:
            return
        seen = Seen(
            schema=self.schema,
            beats=tuple(self.beats),
            exits=tuple(self.exits),
            orders=tuple(self.orders),
            config=self.config,
        )
        self.beats, self.exits, self.orders = [], [], []
        planned = plan(seen, self.memory, Instant(self.now), self.patience)
        self.memory = planned.memory
        is_idle = not planned.actions and self.memory.look_again <= self.now
        self._idle_turns = self._idle_turns + 1 if is_idle else 0
        assert self._idle_turns < 5, "the root turns without anything to do"
        for action in planned.actions:
            self.log.append((self.now, action))
            self._act(action)

    def order(self, order: Order) -> "FakeTree":
        self.orders.append(order)
        return self

    def kill(self, worker: str, code: int = -9) -> None:
        """Let a worker's process die now."""
        process = self.process(worker)
        del self.processes[worker, process.incarnation]
        self.exits.append(Exit(worker=worker, incarnation=process.incarnation, code=code))

    def child(self, worker: str) -> Child:
        return next(c for c in self.memory.children if c.spec.name == worker)

    def phase(self, worker: str) -> Phase:
        return self.child(worker).phase

    def process(self, worker: str) -> Process:
        return self.processes[worker, self.child(worker).incarnation]

    def of(self, kind: type[Action], worker: str = "") -> list[float]:
        """When actions of a kind were done."""
        return [
            at
            for at, action in self.log
            if isinstance(action, kind) and worker in ("", getattr(action, "worker", ""))
        ]

    def asked_of(self, worker: str) -> list[StopReason]:
        """What a worker was told at its end."""
        return [a.reason for _, a in self.log if isinstance(a, Ask) and a.worker == worker]

    def names(self, kind: type[Action]) -> list[str]:
        """Whom actions of a kind concerned, without repetitions next to each other."""
        found: list[str] = []
        for _, action in self.log:
            if isinstance(action, kind) and found[-1:] != [getattr(action, "worker", "")]:
                found.append(getattr(action, "worker", ""))
        return found

    def _habit(self, worker: str) -> Habit:
        return self.habits.setdefault(worker, Habit())

    def _moments(self) -> list[float]:
        times = [t for p in self.processes.values() for t in (p.next_beat, p.dies_at)]
        return [t for t in times if t is not None]

    def _happen(self) -> None:
        for key, process in list(self.processes.items()):
            if process.dies_at is not None and process.dies_at <= self.now:
                del self.processes[key]
                self.exits.append(Exit(worker=key[0], incarnation=key[1], code=process.code))
            elif process.next_beat is not None and process.next_beat <= self.now:
                self.beats.append(Beat(worker=key[0], incarnation=key[1], round=1))
                every = self._habit(key[0]).beat_every
                process.next_beat = None if every is None else self.now + every

    def _act(self, action: Action) -> None:
        match action:
            case Start(worker, incarnation, version):
                habit = self._habit(worker)
                first, dies = habit.first_beat_after, habit.dies_after
                self.processes[worker, incarnation] = Process(
                    worker=worker,
                    incarnation=incarnation,
                    schema_version=version,
                    started=self.now,
                    next_beat=None if first is None else self.now + first,
                    dies_at=None if dies is None else self.now + dies,
                    code=habit.code,
                )
            case Ask(worker, reason):
                process = self.process(worker)
                stops = self._habit(worker).stops_after
                if stops is not None and not process.asked:
                    process.dies_at, process.code = self.now + stops, 0
                process.asked.append(reason)
            case Kill(worker, incarnation):
                killed = self.processes.get((worker, incarnation))
                if killed and self._habit(worker).dies_of_kill:
                    killed.dies_at, killed.code = self.now + 0.01, -9
                elif killed:
                    killed.next_beat = None
            case Abandon() | CheckConfig():
                return
            case Finish() | Reexecute():
                self.end = action
