"""Console workers of several nodes on one fake store, with real files."""

from pathlib import Path

from bus.messages import Envelope, Facts
from cluster.model.log import Log
from cluster.records.log_fetch import fetch
from cluster.records.log_record import of_console
from cluster.schema.layout import layout
from cluster.store.store import Create
from runtime.clock import Instant
from runtime.deadline import Deadline
from tests.fakes.bus import FakeBus
from tests.fakes.clock import FakeClock
from tests.fakes.ensemble import FakeEnsemble
from tests.fakes.store import FakeStore
from workers.console.actions import StoreConsole
from workers.console.decide import Memory, decide
from workers.console.logs import Logs
from workers.console.seen import Seen
from workers.console.store_vm_logs import StoreVmLogs
from workers.console.vm_consoles import VmConsoles

KEYS = layout(16)
STEP_SECONDS = 0.05


class ConsoleNode:
    """The console worker of one node; each node has a folder of its own."""

    def __init__(
        self, ensemble: FakeEnsemble, clock: FakeClock, folder: Path, node: str, keep_lines: int
    ) -> None:
        self.store = FakeStore(ensemble, clock)
        self.clock = clock
        self.folder = folder / node
        self.folder.mkdir(exist_ok=True)
        self.node = node
        self.keep_lines = keep_lines
        self.begin()

    def begin(self) -> None:
        """Start the worker, as after a restart."""
        self.logs = StoreVmLogs(self.store, KEYS, self.node, keep_lines=self.keep_lines)
        self.consoles = VmConsoles(
            self.logs, self.clock, keep_lines=self.keep_lines, call_seconds=2.0
        )
        self.worker = Logs(
            node=None,
            consoles=self.consoles,
            outgoing=FakeBus(self.clock).outgoing("console"),
        )
        self.memory = Memory()
        self.writes: list[tuple[float, str]] = []

    def log_of(self, vm: str) -> Path:
        return self.folder / f"{vm}.log"

    def prints(self, vm: str, *lines: str) -> None:
        """Let a guest print."""
        with self.log_of(vm).open("a") as file:
            file.write("".join(f"{line}\n" for line in lines))

    def tell(self, *vms: str, **paths: Path) -> None:
        """Let the vm worker say what runs here."""
        consoles = {
            vm: {"name": f"name-{vm}", "path": str(paths.get(vm, self.log_of(vm)))} for vm in vms
        }
        self.hear({"consoles": consoles})

    def hear(self, values: dict[str, object], worker: str = "vm") -> bool:
        return self.worker.hear(
            Envelope(
                address=f"facts.{worker}",
                sender=worker,
                sequence=1,
                at=Instant(0.0),
                message=Facts(worker=worker, values=values),
            )
        )

    def round(self) -> Seen:
        """Do one round, as the loop does."""
        seen = self.worker.observe()
        decision = decide(seen, self.memory, self.clock.now())
        self.memory = decision.memory
        for action in decision.actions:
            if isinstance(action, StoreConsole):
                before = self.logs.stored_bytes
                self.worker.act(action)
                if self.logs.stored_bytes > before:
                    self.writes.append((self.clock.now(), action.vm))
        return seen

    def run(self, seconds: float) -> None:
        """Do rounds for a while."""
        for _ in range(round(seconds / STEP_SECONDS)):
            self.round()
            self.clock.sleep(STEP_SECONDS)


class ConsoleStage:
    """Nodes, VMs in the tree, a clock."""

    def __init__(self, folder: Path, *vms: str, keep_lines: int = 1000) -> None:
        self.clock = FakeClock()
        self.ensemble = FakeEnsemble()
        self.folder = folder
        self.keep_lines = keep_lines
        self.ensemble.change([Create("/domains", b"")], 0)
        for vm in vms:
            self.make(vm)
        self.reader = FakeStore(self.ensemble, self.clock)

    def make(self, vm: str, *, has_parent: bool = True) -> None:
        """Put a VM into the tree."""
        self.ensemble.change([Create(f"/domains/{vm}", b"name")], 0)
        if has_parent:
            self.ensemble.change([Create(f"/domains/{vm}/console", b"")], 0)

    def node(self, name: str = "hv1") -> ConsoleNode:
        return ConsoleNode(self.ensemble, self.clock, self.folder, name, self.keep_lines)

    def log(self, vm: str = "a") -> Log:
        """Return what clients would be shown."""
        found = fetch(self.reader, of_console(KEYS, vm), Deadline.after(5.0, self.clock))
        return Log() if found is None else found

    def stored(self, vm: str = "a") -> dict[int, str]:
        return {line.number: line.text for line in self.log(vm).lines}
