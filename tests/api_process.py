"""A real pvcapid process, for tests and benchmarks."""

import contextlib
import http.client
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

from cluster.store.store import Create, Store
from runtime.deadline import Deadline

TOKEN = "process-token"
_REPOSITORY = Path(__file__).resolve().parent.parent
_AT_ONCE = 200


def fill(store: Store, tree: Mapping[str, bytes]) -> None:
    """Write a tree into an empty ensemble."""
    paths = sorted(tree)
    for start in range(0, len(paths), _AT_ONCE):
        part = paths[start : start + _AT_ONCE]
        store.apply([Create(path, tree[path]) for path in part], Deadline.after(30))


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as end:
        return int(end.getsockname()[1])


class ApiProcess:
    """One running pvcapid."""

    def __init__(self, config: Path, port: int, environment: Mapping[str, str] | None) -> None:
        self.port = port
        self.log: list[str] = []
        command = [sys.executable, "-P", str(_REPOSITORY / "api/__main__.py")]
        self._process = subprocess.Popen(
            [*command, "--config", str(config)],
            stderr=subprocess.PIPE,
            env=environment,
            cwd="/",
            text=True,
        )
        threading.Thread(target=self._drain, daemon=True).start()

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def is_running(self) -> bool:
        """Whether the process that was started still runs, under the same PID."""
        return self._process.poll() is None

    def get(self, path: str, method: str = "GET") -> tuple[int, bytes, str]:
        """Return status, body and age of one call on a connection of its own; 0 when refused."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        with contextlib.closing(connection):
            try:
                return get(connection, path, method)
            except OSError:
                return 0, b"", ""

    def terminate(self) -> int:
        """Ask it to end; return its exit code."""
        self._process.terminate()
        return self._process.wait(20)

    def end(self) -> None:
        """End it in any case."""
        self._process.kill()
        self._process.wait(20)

    def _drain(self) -> None:
        assert self._process.stderr is not None
        self.log.extend(self._process.stderr)


def get(
    connection: http.client.HTTPConnection, path: str, method: str = "GET"
) -> tuple[int, bytes, str]:
    """Return status, body and age of one call."""
    connection.request(method, f"/api/v1{path}", headers={"X-Api-Key": TOKEN})
    reply = connection.getresponse()
    return reply.status, reply.read(), reply.getheader("X-PVC-Data-Age") or ""


@contextlib.contextmanager
def api_process(
    zookeeper_port: int, environment: Mapping[str, str] | None = None
) -> Iterator[ApiProcess]:
    """Run pvcapid for a `with` block."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "pvcapid.yaml"
        config.write_text(
            "pvc:\n  coordinators: [127.0.0.1]\n  cluster:\n    zookeeper:\n"
            f"      port: {zookeeper_port}\n"
            f"  api:\n    listen_port: {port}\n    authentication:\n      enabled: true\n"
            f"      secret_key: secret\n      tokens:\n        - token: {TOKEN}\n"
        )
        config.chmod(0o600)
        api = ApiProcess(config, port, environment)
        try:
            yield api
        finally:
            api.end()
