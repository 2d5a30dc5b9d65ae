"""Real Zookeeper members for tests: plain java processes on loopback ports, in a temporary folder.

Works without root wherever the Debian package `zookeeper` and a Java runtime are installed; no unit
is started. Where they are missing tests are skipped, unless PVC_REQUIRE_ZOOKEEPER or CI is set:
there a missing server is a failure, so that nobody mistakes a skipped suite for a passed one.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

_JARS = (Path("/usr/share/java/zookeeper.jar"), Path("/usr/share/java/slf4j-simple.jar"))
_JAVA = (
    *("-Xms16m", "-Xss256k", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
    *("-XX:CICompilerCount=1", "-XX:ReservedCodeCacheSize=24m", "-XX:MaxMetaspaceSize=48m"),
    *("-XX:-UsePerfData", "-XX:+ExitOnOutOfMemoryError", "-Djava.net.preferIPv4Stack=true"),
    *("-Dzookeeper.admin.enableServer=false", "-Dzookeeper.jmx.log4j.disable=true"),
    *("-Dzookeeper.cnxTimeout=300", "-Dzookeeper.fastleader.minNotificationInterval=50"),
    *("-Dzookeeper.fastleader.maxNotificationInterval=500", "-Dzookeeper.forceSync=no"),
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
)


def is_installed() -> bool:
    """Whether members can be started on this machine."""
    return all(jar.exists() for jar in _JARS) and shutil.which("java") is not None


def need_zookeeper() -> None:
    """Skip the present test when there is no Zookeeper here; fail it where there must be one."""
    if is_installed():
        return
    if os.environ.get("PVC_REQUIRE_ZOOKEEPER") or os.environ.get("CI"):
        pytest.fail("the packages zookeeper and default-jre-headless must be installed")
    pytest.skip("Zookeeper is not installed (packages zookeeper, default-jre-headless)")


class Member:
    """One server process; may be killed, frozen and started again with its data."""

    def __init__(self, number: int, folder: Path, port: int, heap_mb: int) -> None:
        self.number = number
        self.port = port
        self.folder = folder
        self._heap_mb = heap_mb
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def host(self) -> str:
        """`address:port` for clients."""
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Of the running process."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it; it may not serve yet."""
        classpath = ":".join(str(jar) for jar in _JARS)
        command = ["java", f"-Xmx{self._heap_mb}m", *_JAVA, "-cp", classpath]
        command += ["org.apache.zookeeper.server.quorum.QuorumPeerMain", str(self.folder / "cfg")]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder)

    def stop(self) -> None:
        """Freeze it: it keeps its connections and answers nothing."""
        os.kill(self.pid, signal.SIGSTOP)
        wait_until(self._is_frozen)

    def _is_frozen(self) -> bool:
        # The signal reaches one thread after the other; a late one may still answer.
        tasks = Path(f"/proc/{self.pid}/task").glob("*/stat")
        return all(stat.read_text().rpartition(")")[2].split()[0] == "T" for stat in tasks)

    def cont(self) -> None:
        """Let it go on after `stop`."""
        os.kill(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        """End it at once, also when it is frozen; nothing when it does not run."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def restart(self) -> None:
        """Kill it and start it again with the same data."""
        self.kill()
        self.start()

    def check(self) -> "Member":
        """Fail with its log when it has ended by itself."""
        if self._process is not None and self._process.poll() is not None:
            raise AssertionError((self.folder / "log").read_text()[-2000:])
        return self

    def mode(self) -> str:
        """Return leader, follower or standalone; empty while it does not serve."""
        if self._process is None:
            return ""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=0.5) as end:
                end.sendall(b"srvr")
                answer = end.makefile("rb").read().decode()
        except OSError:
            return ""
        return answer.partition("Mode: ")[2].partition("\n")[0]


class Ensemble:
    """One standalone member, or several that form a quorum."""

    def __init__(self, folder: Path, size: int, *, tick_ms: int, heap_mb: int) -> None:
        ports = _free_ports(size * 3)
        self.members = [
            Member(i + 1, folder / f"zk{i + 1}", ports[i], heap_mb) for i in range(size)
        ]
        servers = [
            f"server.{i + 1}=127.0.0.1:{ports[size + 2 * i]}:{ports[size + 2 * i + 1]}\n"
            for i in range(size)
        ]
        for member in self.members:
            _configure(member, servers if size > 1 else [], tick_ms)

    @property
    def hosts(self) -> tuple[str, ...]:
        """What clients connect to, in the order of the members."""
        return tuple(member.host for member in self.members)

    def start(self) -> None:
        """Start all that do not run and wait until all serve."""
        for member in self.members:
            if member._process is None:
                member.start()
        self.wait_serving()

    def wait_serving(self, members: list[Member] | None = None) -> None:
        """Wait until these (all) members serve."""
        wanted = self.members if members is None else members
        wait_until(lambda: all(member.check().mode() for member in wanted), 60.0)

    def leader(self) -> Member:
        """Return the member that leads."""
        wait_until(lambda: any(m.mode() == "leader" for m in self.members), 30.0)
        return next(m for m in self.members if m.mode() == "leader")

    def kill(self) -> None:
        """End all members."""
        for member in self.members:
            member.kill()


@contextlib.contextmanager
def zookeeper(size: int = 1, *, tick_ms: int = 200, heap_mb: int = 96) -> Iterator[Ensemble]:
    """Run an ensemble for a `with` block; its folder is removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="pvc-zookeeper-"))
    ensemble = Ensemble(folder, size, tick_ms=tick_ms, heap_mb=heap_mb)
    try:
        ensemble.start()
        yield ensemble
    finally:
        ensemble.kill()
        shutil.rmtree(folder, ignore_errors=True)


def wait_until(is_so: Callable[[], object], seconds: float = 10.0) -> None:
    """Return as soon as something is so; fails the test when it never becomes so."""
    end = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > end:
            raise AssertionError(f"not so within {seconds} s")
        time.sleep(0.01)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(end.getsockname()[1]) for end in sockets]
    for end in sockets:
        end.close()
    return ports


def _configure(member: Member, servers: list[str], tick_ms: int) -> None:
    data = member.folder / "data"
    data.mkdir(parents=True)
    (data / "myid").write_text(f"{member.number}\n")
    (member.folder / "cfg").write_text(
        f"tickTime={tick_ms}\ninitLimit=20\nsyncLimit=4\ndataDir={data}\n"
        f"clientPort={member.port}\nclientPortAddress=127.0.0.1\n"
        f"minSessionTimeout={tick_ms * 2}\nmaxSessionTimeout=60000\nmaxClientCnxns=0\n"
        "admin.enableServer=false\n4lw.commands.whitelist=*\npreAllocSize=1024\n"
        + "".join(["standaloneEnabled=false\n", *servers] if servers else [])
    )
