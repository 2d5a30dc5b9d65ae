"""A real root with small workers, described by a JSON file: `small_root.py PLAN --config PATH`."""

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from runtime.clock import Instant
from supervisor.main import main
from supervisor.patience import Patience
from supervisor.process import SpawnLauncher
from supervisor.variant import Variant
from tests.process.away_store import AwayStore
from workers.spec import WhenExhausted, WorkerSpec

HERE = Path(__file__).resolve().parent


def spec_of(entry: dict[str, object]) -> WorkerSpec:
    values = {k: v for k, v in entry.items() if k != "habit"}
    if "when_exhausted" in values:
        values["when_exhausted"] = WhenExhausted(str(values["when_exhausted"]))
    return WorkerSpec(**values)  # type: ignore[arg-type]


def run(plan_file: Path, arguments: Sequence[str]) -> int:
    plan = json.loads(plan_file.read_text())
    habits = {entry["name"]: entry.get("habit", "good") for entry in plan["workers"]}

    def command(spec: WorkerSpec) -> Sequence[str]:
        worker = str(HERE / "small_worker.py")
        return (sys.executable, worker, spec.name, habits[spec.name], str(plan_file.parent))

    variant = Variant(
        catalogue=[spec_of(entry) for entry in plan["workers"]],
        launcher=SpawnLauncher(command),
        open_store=lambda _: AwayStore(Instant(0.0)),
        adjust=lambda config: replace(
            config, directories=replace(config.directories, state=plan_file.parent / "state")
        ),
        patience=Patience(**plan.get("patience", {})),
    )
    return main(arguments, variant)


if __name__ == "__main__":
    sys.exit(run(Path(sys.argv[1]), sys.argv[2:]))
