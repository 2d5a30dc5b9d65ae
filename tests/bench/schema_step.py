"""A live schema step on the running cluster: how long a peer sees no beat, and who restarted.

What an operator does in an upgrade, end to end: each node gets a program that speaks one schema
version more (a copy of this checkout with one step added) and reloads; when the last one has, the
roots advance the tree, stop their workers in order and re-execute themselves. Afterwards the
cluster is brought back to the checkout's own version, backwards, by hand.

Needs a running testbed: `./dev up`, then `./dev bench schema_step`.
"""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from cluster.schema.layout import layout
from cluster.schema.versions import NEWEST
from cluster.store.store import Write
from cluster.store.zookeeper import ZookeeperStore
from runtime.clock import SYSTEM_CLOCK
from runtime.config.node import StoreSection
from runtime.config.timing import Timing
from runtime.deadline import Deadline
from testbed.cluster import Cluster
from testbed.node import ZOOKEEPER_PORT
from tests.bench import report
from tests.integration.beats import BeatsSeen, observer
from tests.integration.processes import all_run, is_renewed, root_of, tree_of

NEXT = NEWEST + 1
_OURS = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.py", "packaging")
STEP = f'''"""One more step, for the benchmark: nothing changes but the number."""

from typing import Final

from cluster.schema.plan import Step, StepPlan

STEP: Final = Step(number={NEXT}, about="nothing", plan=lambda _tree: StepPlan())
'''


def main() -> int:
    """Run the benchmark and print what was seen."""
    report.parser(__doc__ or "").parse_args()
    report.begin()
    cluster = Cluster.running(os.environ.get("PVC_TESTBED_NAME", "pvc"))
    if cluster is None:
        print("no testbed is running; first: sudo ./dev up", file=sys.stderr)
        return 1
    cluster.wait_until(lambda: all_run(cluster), 60, "all nodes to run")
    roots = {node.name: root_of(node) for node in cluster.nodes}
    with contextlib.ExitStack() as stack:
        beats = {n.name: stack.enter_context(observer(cluster, n.name)) for n in cluster.nodes}
        stack.callback(_bring_back, cluster)
        _upgrade(cluster, _source_that_speaks_one_more(cluster))
        _let_beat(cluster, beats)
        _report(beats, roots, {node.name: root_of(node) for node in cluster.nodes})
    return 0


def _source_that_speaks_one_more(cluster: Cluster) -> Path:
    """Copy the checkout to where the nodes see it, and add a step."""
    target = cluster.share / "next"
    shutil.rmtree(target, ignore_errors=True)
    listed = subprocess.run(_OURS, capture_output=True, check=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        if Path(name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(name, target / name)
    (target / f"cluster/schema/steps/step_{NEXT}.py").write_text(STEP)
    _replace(
        target / "cluster/schema/versions.py",
        f"NEWEST: Final = {NEWEST}",
        f"NEWEST: Final = {NEXT}",
    )
    catalogue = target / "cluster/schema/steps/catalogue.py"
    text = catalogue.read_text() + (
        f"\nfrom cluster.schema.steps.step_{NEXT} import STEP as STEP_{NEXT}  # noqa: E402\n"
        f"\nSTEPS = (*STEPS, STEP_{NEXT})  # type: ignore[misc]\n"
    )
    catalogue.write_text(text)
    return target


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    if old not in text:
        raise LookupError(f"{path} no longer says {old!r}")
    path.write_text(text.replace(old, new))


def _upgrade(cluster: Cluster, source: Path) -> None:
    for node in cluster.nodes:
        old = tree_of(node)["keepalive"]
        cluster.switch_source(node.name, source)
        node.run(["systemctl", "reload", "pvcnoded"])
        cluster.wait_until(
            partial(is_renewed, node, "keepalive", old),
            30,
            f"the new program on {node.name}",
        )
    cluster.wait_until(lambda: _speaks(cluster) == {NEXT}, 60, f"all nodes to run schema {NEXT}")


def _speaks(cluster: Cluster) -> set[int]:
    """Return the versions that the tree and the nodes' trees of processes have."""
    keys = layout(NEWEST)
    paths = [keys.path("node.active_schema", node=node.name) for node in cluster.nodes]
    with _store(cluster) as store:
        values = store.read_many([keys.path("schema.version"), *paths], Deadline.after(5))
    return {int(value.data) for value in values.values() if value is not None}


def _let_beat(cluster: Cluster, beats: dict[str, BeatsSeen]) -> None:
    done = SYSTEM_CLOCK.now()
    for name, seen in beats.items():
        cluster.wait_until(partial(seen.has_beaten, 5, done), 20, f"beats of {name}")


def _report(beats: dict[str, BeatsSeen], before: dict[str, int], after: dict[str, int]) -> None:
    bar = Timing().dead_after_seconds / 2
    print(
        f"live schema step {NEWEST} -> {NEXT} on {len(beats)} nodes, each reloaded, then advanced"
    )
    for name, seen in beats.items():
        gaps = seen.gaps()
        kept = "kept" if before[name] == after[name] else f"CHANGED {before[name]}->{after[name]}"
        pid = f"{len(gaps)} beats; main PID {after[name]} {kept}"
        report.figure(name, f"{report.spread_text(gaps, 's')}  ({pid})")
    worst = max(max(seen.gaps()) for seen in beats.values())
    bars = f"below {bar:.1f} s (dead_after / 2), main PIDs kept"
    report.figure("longest of all", f"{worst:.2f} s", bars)


def _bring_back(cluster: Cluster) -> None:
    """Put the checkout and its schema version back; the extra step has changed nothing else."""
    for node in cluster.nodes:
        node.run(["systemctl", "stop", "pvcnoded"], timeout_seconds=60)
        cluster.switch_source(node.name, None)
    with _store(cluster) as store:
        path = layout(NEWEST).path("schema.version")
        store.apply([Write(path, str(NEWEST).encode())], Deadline.after(5))
    for node in cluster.nodes:
        node.run(["systemctl", "start", "pvcnoded"], timeout_seconds=60)
        if node.is_coordinator:
            node.run(["systemctl", "restart", "pvcapid"], timeout_seconds=60)
    cluster.wait_until(lambda: all_run(cluster), 60, "all nodes to run again")


@contextlib.contextmanager
def _store(cluster: Cluster) -> Iterator[ZookeeperStore]:
    hosts = tuple(f"{n.addresses['upl']}:{ZOOKEEPER_PORT}" for n in cluster.coordinators)
    store = ZookeeperStore(StoreSection(hosts=hosts), SYSTEM_CLOCK)
    store.start()
    try:
        yield store
    finally:
        store.close()


if __name__ == "__main__":
    sys.exit(main())
