"""The bus at 1,000 messages a second with six receivers, beside a raw zmq proxy in the same run.

Every process is one of its own, as in a tree: the forwarder, six receivers, the sender. Ours and
raw take turns, so that what else the machine does meets both. Afterwards ours again, flooded by a
further sender with log lines. `./dev bench bus [--seconds N] [--turns N]`.
"""

import multiprocessing
import shutil
import struct
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import zmq

from bus.endpoints import entrance, ipc, outlet
from bus.forwarder import Forwarder
from bus.messages import Beat, Line
from bus.publisher import Publisher
from bus.subscriber import Subscriber
from bus.topics import Topic
from runtime.clock import SYSTEM_CLOCK, later
from tests.bench.report import begin, figure, parser, percentile, spread_text

RATE = 1000
RECEIVERS = 6
FLOOD_RATE = 10_000
BAR = 2.0
_MINE = multiprocessing.get_context("spawn")
_RAW_MESSAGE = b"beat.vm\0" + b"x" * 120


def main() -> int:
    """Run the benchmark and print the figures."""
    arguments = parser(__doc__ or "")
    arguments.add_argument("--seconds", type=float, default=5.0)
    arguments.add_argument("--turns", type=int, default=3)
    given = arguments.parse_args()
    begin()
    figures: dict[str, list[float]] = {"ours": [], "raw": [], "ours, flooded": []}
    lost = dict.fromkeys(figures, 0)
    for turn in range(given.turns):
        print(f"turn {turn + 1} of {given.turns}: ours, raw, flooded", flush=True)
        for name in figures:
            latencies, missing = _measure(name, given.seconds)
            figures[name] += latencies
            lost[name] += missing
    _report(figures, lost)
    return 0


def _report(figures: dict[str, list[float]], lost: dict[str, int]) -> None:
    print(f"{RATE} messages/s, {RECEIVERS} receivers; from send to decoded")
    for name, latencies in figures.items():
        p999 = percentile(latencies, 99.9)
        counted = f"p99.9 {p999:.3f} ms, {len(latencies)} messages, {lost[name]} lost"
        figure(name, f"{spread_text(latencies, 'ms', digits=3)}  ({counted})")
    for percent, bar in ((50, ""), (99, f"{BAR:g}")):
        ratio = percentile(figures["ours"], percent) / percentile(figures["raw"], percent)
        figure(f"ours / raw at p{percent}", f"{ratio:.2f}", bar)


def _measure(name: str, seconds: float) -> tuple[list[float], int]:
    folder = Path(tempfile.mkdtemp(prefix="pvc-bench-"))
    is_raw = name == "raw"
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        _start(stack, _raw_proxy if is_raw else _forwarder, folder / "run")
        ends = [
            _start(stack, _raw_receiver if is_raw else _receiver, folder / "run")
            for _ in range(RECEIVERS)
        ]
        if name.endswith("flooded"):
            _start(stack, _flooder, folder / "run")
        (_raw_sender if is_raw else _sender)(folder / "run", seconds)
        latencies: list[float] = []
        for end in ends:
            end.send("end")
            latencies += end.recv()
    return latencies, int(seconds * RATE) * RECEIVERS - len(latencies)


def _start(stack: ExitStack, role: Callable[[Path, Any], None], folder: Path) -> "Connection":
    ours, theirs = _MINE.Pipe()
    process = _MINE.Process(target=role, args=(folder, theirs), daemon=True)
    process.start()
    # Held until the end: a role whose pipe closes has nobody left to work for.
    stack.callback(ours.close)
    stack.callback(_end, process)
    assert ours.recv() == "ready"
    return ours


def _end(process: BaseProcess) -> None:
    process.kill()
    process.join()


def _paced(rate: int, seconds: float, send: Callable[[int], None]) -> None:
    start = time.monotonic()
    for number in range(int(seconds * rate)):
        due = start + number / rate
        while (left := due - time.monotonic()) > 0:
            time.sleep(left)
        send(number)
    # What is under way still has to arrive.
    time.sleep(0.3)


def _forwarder(folder: Path, told: Connection) -> None:
    forwarder = Forwarder(folder)
    forwarder.start()
    told.send("ready")
    told.recv()


def _receiver(folder: Path, told: Connection) -> None:
    subscriber = Subscriber(folder, [Topic.BEAT])
    latencies: list[float] = []
    told.send("ready")
    while not told.poll():
        for envelope in subscriber.receive(later(SYSTEM_CLOCK.now(), 0.2)):
            latencies.append((time.monotonic() - envelope.at) * 1000)
    told.send(latencies)


def _sender(folder: Path, seconds: float) -> None:
    publisher = Publisher(folder, "vm")
    publisher.wait_until_heard(Topic.BEAT, later(SYSTEM_CLOCK.now(), 5.0))
    time.sleep(0.3)

    def send(number: int) -> None:
        publisher.send(Topic.BEAT, "vm", Beat(worker="vm", incarnation=1, round=number))

    _paced(RATE, seconds, send)
    publisher.close()


def _flooder(folder: Path, told: Connection) -> None:
    publisher = Publisher(folder, "noise")
    listener = Subscriber(folder, [Topic.LOG])  # or the lines would stay in this process
    publisher.wait_until_heard(Topic.LOG, later(SYSTEM_CLOCK.now(), 5.0))
    line = Line(worker="noise", at="2030-01-01T00:00:00.000+00:00", level="info", text="x" * 100)
    told.send("ready")
    while True:
        for _ in range(FLOOD_RATE // 100):
            publisher.send(Topic.LOG, "noise", line)
        listener.receive(SYSTEM_CLOCK.now())
        time.sleep(0.01)


def _raw_proxy(folder: Path, told: Connection) -> None:
    folder.mkdir()
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    senders, receivers = context.socket(zmq.XSUB), context.socket(zmq.XPUB)
    senders.bind(ipc(entrance(folder)))
    receivers.bind(ipc(outlet(folder)))
    told.send("ready")
    zmq.proxy(senders, receivers)


def _raw_receiver(folder: Path, told: Connection) -> None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    end = context.socket(zmq.SUB)
    end.setsockopt(zmq.SUBSCRIBE, b"beat.")
    end.connect(ipc(outlet(folder)))
    latencies: list[float] = []
    told.send("ready")
    while not told.poll():
        if end.poll(200):
            frame = end.recv()
            (at,) = struct.unpack("d", frame[-8:])
            latencies.append((time.monotonic() - at) * 1000)
    told.send(latencies)


def _raw_sender(folder: Path, seconds: float) -> None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    end = context.socket(zmq.PUB)
    end.connect(ipc(entrance(folder)))
    time.sleep(0.5)
    _paced(RATE, seconds, lambda _: end.send(_RAW_MESSAGE + struct.pack("d", time.monotonic())))
    context.destroy(linger=0)


if __name__ == "__main__":
    raise SystemExit(main())
