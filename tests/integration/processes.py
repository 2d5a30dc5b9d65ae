"""The processes of a node's tree, as `ps` in the node shows them."""

from testbed.cluster import Cluster
from testbed.node import Node
from workers.catalogue import CATALOGUE

TITLE = "pvcnoded: "
WHOLE = {"supervisor", *(spec.name for spec in CATALOGUE)}


def tree_of(node: Node) -> dict[str, int]:
    """Return the process ids (the node's numbering) of the root and its workers by name; not of
    their children, which come and go."""
    listed = node.run(["ps", "-eo", "pid=,args="]).stdout.splitlines()
    pairs = (line.strip().split(maxsplit=1) for line in listed)
    named = {title.removeprefix(TITLE): int(pid) for pid, title in pairs if title.startswith(TITLE)}
    return {name: pid for name, pid in named.items() if " " not in name}


def root_of(node: Node) -> int:
    """Return systemd's main process of pvcnoded, 0 when there is none."""
    return int(node.unit("pvcnoded", "MainPID")["MainPID"])


def is_whole(node: Node) -> bool:
    """Whether the root and all workers run."""
    return set(tree_of(node)) >= WHOLE


def is_renewed(node: Node, name: str, before: int) -> bool:
    """Whether the tree is whole and this process in it another one than before."""
    tree = tree_of(node)
    return set(tree) >= WHOLE and tree[name] != before


def states(cluster: Cluster, asked: str = "hv1") -> dict[str, str]:
    """Return each node's daemon state as one coordinator's API shows it."""
    status, answer = cluster.api("/node", node=asked)
    assert status == 200, answer
    assert isinstance(answer, list)
    return {node["name"]: node["daemon_state"] for node in answer}


def all_run(cluster: Cluster) -> bool:
    """Whether every coordinator's API shows every node running."""
    wanted = {node.name: "run" for node in cluster.nodes}
    try:
        return all(states(cluster, node.name) == wanted for node in cluster.coordinators)
    except (AssertionError, OSError):
        return False


def tracebacks(node: Node, since: str) -> str:
    """Return the daemons' journal lines of unexpected exceptions since a time of the node."""
    units = ["--unit=pvcnoded", "--unit=pvcapid"]
    journal = node.run(["journalctl", "--no-pager", "--output=cat", f"--since={since}", *units])
    return "\n".join(x for x in journal.stdout.splitlines() if "Traceback" in x or "_crashed" in x)


def time_in(node: Node) -> str:
    """Return the node's time as journalctl wants it."""
    return node.run(["date", "+%Y-%m-%d %H:%M:%S"]).stdout.strip()
