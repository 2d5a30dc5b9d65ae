"""A small real worker: beats five times a second and ends when asked, unless told to misbehave.

Called as `small_worker.py NAME HABIT [WHERE]`; WHERE is a folder in which it leaves a line for
each start, and what it was told at its end.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import setproctitle

from bus.messages import Beat, Stop
from bus.publisher import Publisher
from bus.subscriber import Subscriber
from bus.topics import Topic, address
from runtime.clock import SYSTEM_CLOCK, later
from workers.orders import WorkerOrders
from workers.parent import die_with_parent

INTERVAL = 0.2


def main(name: str, habit: str, where: Path) -> int:
    die_with_parent()
    setproctitle.setproctitle(f"pvcnoded: {name}")
    orders = WorkerOrders.from_json(sys.stdin.read())
    with (where / f"{name}.starts").open("a") as file:
        file.write(f"{os.getpid()} {orders.incarnation} {orders.run_id} {time.monotonic()}\n")
    if habit == "crash":
        return 3
    if habit == "config" and not (where / "mended").exists():
        return 78
    if habit == "with-helper":
        helper = subprocess.Popen(["sleep", "1000"])
        (where / "helper").write_text(str(helper.pid))
    if habit == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    return beat(name, habit, where, orders)


def beat(name: str, habit: str, where: Path, orders: WorkerOrders) -> int:
    directory = orders.config.directories.runtime
    publisher = Publisher(directory, name)
    subscriber = Subscriber(directory, [address(Topic.CONTROL, name)])
    publisher.wait_until_heard(Topic.BEAT, later(SYSTEM_CLOCK.now(), 2.0))
    round_ = 0
    while True:
        round_ += 1
        message = Beat(worker=name, incarnation=orders.incarnation, round=round_)
        publisher.send(Topic.BEAT, name, message)
        if habit == "crash-after-beat" and round_ > 1:
            return 3
        for envelope in subscriber.receive(later(SYSTEM_CLOCK.now(), INTERVAL)):
            if isinstance(envelope.message, Stop) and habit != "deaf":
                with (where / "ends").open("a") as file:
                    file.write(f"{name} {envelope.message.reason} {time.monotonic()}\n")
                return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
