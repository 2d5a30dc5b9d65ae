"""The worker's side of its children: kept, replaced, killed at their deadline."""

import itertools

import pytest

from runtime.clock import Instant
from runtime.errors import Unavailable
from tests.fakes.clock import FakeClock
from workers.vm import jobs
from workers.vm.gauge import Gauge
from workers.vm.job_lines import (
    Answer,
    Orders,
    Surroundings,
    read_answer,
    read_orders,
    write_answer,
    write_orders,
)
from workers.vm.job_process import JobProcess, seconds_of
from workers.vm.jobs import Ending, Job
from workers.vm.local import EndKind, LocalState, LocalVm, Pause, VmEnd
from workers.vm.lookout import Lookout
from workers.vm.sight_lines import (
    Look,
    Reading,
    read_look,
    read_reading,
    write_look,
    write_reading,
)
from workers.vm.standing_child import StandingChild

JOBS: list[Job] = [
    jobs.Start(uuid="u", xml="<domain/>", volumes=("vms/a", "vms/b"), is_fenced=True),
    jobs.Shutdown(uuid="u"),
    jobs.Destroy(uuid="u"),
    jobs.Resume(uuid="u"),
    jobs.Migrate(uuid="u", to_uri="qemu+tcp://b/system", max_downtime_ms=300, seconds=120.0),
    jobs.Settle(uuid="u", to_uri="qemu+tcp://b/system", seconds=60.0),
    jobs.AbortMove(uuid="u"),
    jobs.ChangeDevice(uuid="u", xml="<disk/>", is_attach=True),
    jobs.FreeLocks(uuid="u", volumes=("vms/a",)),
    jobs.RemoveVolumes(uuid="u", volumes=()),
]
VM = LocalVm(uuid="u", name="one", state=LocalState.PAUSED, pause=Pause.MOVE, memory_mb=96)


class FakeCompanion:
    """A child that says what a test tells it to."""

    def __init__(self) -> None:
        self.pid = 4711
        self.code: int | None = None
        self.kills = 0
        self._lines: list[str] = []

    @property
    def is_over(self) -> bool:
        return self.code is not None

    def lines(self) -> list[str]:
        lines, self._lines = self._lines, []
        return lines

    def says(self, *lines: str) -> None:
        self._lines.extend(lines)

    def kill(self) -> None:
        self.kills, self.code = self.kills + 1, -9


class Nursery:
    """Where children come from."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.born: list[FakeCompanion] = []
        self.is_barren = False
        self.child = StandingChild("watcher", self.start, lambda: None, self.clock)  # type: ignore[arg-type]

    def start(self, _kind: str, _wake: object) -> FakeCompanion:
        if self.is_barren:
            raise Unavailable("no more processes")
        self.born.append(FakeCompanion())
        return self.born[-1]


@pytest.fixture
def nursery() -> Nursery:
    return Nursery()


@pytest.mark.parametrize("job", JOBS)
def test_orders_arrive_as_they_were_given(job: Job) -> None:
    orders = Orders(parent=1, surroundings=Surroundings(uri="test:///default"), job=job)
    assert read_orders(write_orders(orders)) == orders


def test_every_kind_of_job_has_a_deadline() -> None:
    assert all(seconds_of(job) > 0 for job in JOBS)


@pytest.mark.parametrize(
    "answer",
    [Answer(percent=7), Answer(ending=Ending.LEFT), Answer(ending=Ending.FAILED, reason="x")],
)
def test_answers_arrive_as_they_were_given(answer: Answer) -> None:
    assert read_answer(write_answer(answer)) == answer


def test_looks_and_readings_arrive_as_they_were_taken() -> None:
    look = Look(at=3.5, vms=(VM,), ended={"v": VmEnd(kind=EndKind.CRASHED, reason="r")})
    assert read_look(write_look(look)) == look
    reading = Reading(at=3.5, values={"u": {"cpus": 1}}, silent=("v",))
    assert read_reading(write_reading(reading)) == reading


# The standing children.


def test_one_that_ended_is_started_again_at_once_and_then_later_and_later(nursery: Nursery) -> None:
    begun = []
    for _ in range(2000):
        nursery.child.hear()
        if nursery.born and nursery.born[-1].code is None:
            begun.append(nursery.clock.now())
            nursery.born[-1].code = 1
        nursery.clock.sleep(0.05)
    waits = [later - sooner for sooner, later in itertools.pairwise(begun)]
    assert waits[0] < 0.2
    assert waits[1:5] == pytest.approx([0.6, 1.1, 2.1, 4.1], abs=0.15)
    assert max(waits) < 10.5


def test_one_that_lived_long_is_replaced_at_once(nursery: Nursery) -> None:
    for _ in range(5):
        nursery.child.hear()
        nursery.clock.sleep(30.0)
        nursery.born[-1].code = 1
        nursery.child.hear()
    nursery.child.hear()
    assert len(nursery.born) == 6


def test_one_that_cannot_be_started_is_tried_again(nursery: Nursery) -> None:
    nursery.is_barren = True
    assert nursery.child.hear() == []
    nursery.is_barren = False
    nursery.clock.sleep(1.0)
    nursery.child.hear()
    assert len(nursery.born) == 1


# The watcher.


@pytest.fixture
def lookout(nursery: Nursery) -> Lookout:
    return Lookout(nursery.child, nursery.clock)


def test_before_the_first_look_nothing_is_known(lookout: Lookout) -> None:
    assert lookout.sight().at is None


def test_the_last_look_is_kept(nursery: Nursery, lookout: Lookout) -> None:
    lookout.sight()
    nursery.born[0].says(
        write_look(Look(at=1.0, vms=(VM,))), write_look(Look(at=2.0, is_same=True))
    )
    sight = lookout.sight()
    assert (sight.at, dict(sight.vms), sight.trouble) == (2.0, {"u": VM}, "")


def test_a_watcher_that_says_nothing_is_replaced_and_libvirt_in_trouble(
    nursery: Nursery, lookout: Lookout
) -> None:
    lookout.sight()
    nursery.born[0].says(write_look(Look(at=1.0, vms=(VM,))))
    heard = nursery.clock.now()
    lookout.sight()
    nursery.clock.sleep(3.9)
    assert not lookout.sight().trouble
    nursery.clock.sleep(0.2)
    sight = lookout.sight()
    assert sight.trouble and sight.trouble_since == heard
    assert dict(sight.vms) == {"u": VM} and sight.at == 1.0
    assert nursery.born[0].kills == 1
    lookout.sight()
    assert len(nursery.born) == 2
    nursery.born[1].says(write_look(Look(at=9.0)))
    assert lookout.sight().trouble == "" and lookout.sight().trouble_since is None


def test_a_libvirt_that_is_away_is_trouble_since_it_was_told_first(
    nursery: Nursery, lookout: Lookout
) -> None:
    lookout.sight()
    nursery.born[0].says(write_look(Look(at=1.0)), write_look(Look(at=5.0, trouble="refused")))
    nursery.born[0].says(write_look(Look(at=7.0, trouble="still refused")))
    sight = lookout.sight()
    assert (sight.at, sight.trouble, sight.trouble_since) == (1.0, "still refused", 5.0)


def test_an_end_is_known_until_the_vm_is_back(nursery: Nursery, lookout: Lookout) -> None:
    end = VmEnd(kind=EndKind.CRASHED, reason="r")
    lookout.sight()
    nursery.born[0].says(write_look(Look(at=1.0, ended={"u": end})))
    assert dict(lookout.sight().ended) == {"u": end}
    nursery.born[0].says(write_look(Look(at=2.0, is_same=True)))
    assert dict(lookout.sight().ended) == {"u": end}
    nursery.born[0].says(write_look(Look(at=3.0, vms=(VM,))))
    assert dict(lookout.sight().ended) == {}


GARBLED = ['{"at": 5.0, "vms": [{"uui', "libvirt: a word of its own", "[]", "{}", "[" * 200_000]
"""The last line of a process that was killed in the middle of it, and worse."""


@pytest.mark.parametrize("line", GARBLED)
def test_a_watcher_that_says_what_cannot_be_read_is_replaced(
    nursery: Nursery, lookout: Lookout, line: str
) -> None:
    lookout.sight()
    nursery.born[0].says(write_look(Look(at=1.0, vms=(VM,))), line)
    sight = lookout.sight()
    assert (sight.at, dict(sight.vms)) == (1.0, {"u": VM})
    assert "cannot be read" in sight.trouble and sight.trouble_since is not None
    assert nursery.born[0].kills == 1
    lookout.sight()
    nursery.born[1].says(write_look(Look(at=9.0)))
    assert (lookout.sight().trouble, lookout.sight().at) == ("", 9.0)


# The meter.


@pytest.fixture
def gauge(nursery: Nursery) -> Gauge:
    return Gauge(nursery.child, nursery.clock)


def reading(at: float, *answered: str, silent: tuple[str, ...] = ()) -> str:
    return write_reading(
        Reading(at=at, values={uuid: {"at": at} for uuid in answered}, silent=silent)
    )


def asking(at: float) -> str:
    return write_reading(Reading(at=at, is_asking=True))


def test_figures_keep_the_time_they_were_taken(nursery: Nursery, gauge: Gauge) -> None:
    gauge.statistics((), ("u", "v"))
    nursery.born[0].says(reading(1.0, "u", "v"), reading(6.0, "v", silent=("u",)))
    vms = gauge.statistics((), ("u", "v")).vms
    assert {uuid: figure.at for uuid, figure in vms.items()} == {"u": 1.0, "v": 6.0}


def test_figures_of_vms_that_are_here_no_more_go(nursery: Nursery, gauge: Gauge) -> None:
    gauge.statistics((), ("u",))
    nursery.born[0].says(reading(1.0, "u"))
    assert set(gauge.statistics((), ("u",)).vms) == {"u"}
    assert set(gauge.statistics((), ()).vms) == set()


def test_a_meter_that_hangs_in_its_question_is_replaced(nursery: Nursery, gauge: Gauge) -> None:
    gauge.statistics((), ())
    nursery.born[0].says(asking(1.0))
    gauge.statistics((), ())
    nursery.clock.sleep(2.9)
    gauge.statistics((), ())
    assert nursery.born[0].kills == 0
    nursery.clock.sleep(0.2)
    gauge.statistics((), ())
    assert nursery.born[0].kills == 1
    gauge.statistics((), ())
    assert len(nursery.born) == 2


def test_a_meter_between_two_questions_is_left_alone(nursery: Nursery, gauge: Gauge) -> None:
    gauge.statistics((), ())
    nursery.born[0].says(asking(1.0), reading(1.0, "u"))
    gauge.statistics((), ())
    nursery.clock.sleep(5.0)
    gauge.statistics((), ())
    assert nursery.born[0].kills == 0


@pytest.mark.parametrize(("busy", "seconds"), [((), 10.0), (("u",), 20.0)])
def test_a_guest_is_frozen_when_it_was_silent_for_a_while(
    nursery: Nursery, gauge: Gauge, busy: tuple[str, ...], seconds: float
) -> None:
    gauge.statistics((), ("u",))
    at = nursery.clock.now()
    while nursery.clock.now() - at < seconds:
        nursery.born[0].says(reading(nursery.clock.now(), silent=("u",)))
        assert dict(gauge.statistics(busy, ("u",)).frozen_since) == {}
        nursery.clock.sleep(5.0)
    assert dict(gauge.statistics(busy, ("u",)).frozen_since) == {"u": at}
    nursery.born[0].says(reading(nursery.clock.now(), "u"))
    assert dict(gauge.statistics(busy, ("u",)).frozen_since) == {}


def test_a_guest_that_is_started_anew_begins_anew(nursery: Nursery, gauge: Gauge) -> None:
    gauge.statistics((), ("u",))
    nursery.born[0].says(reading(nursery.clock.now(), silent=("u",)))
    gauge.statistics((), ("u",))
    gauge.statistics((), ())
    nursery.clock.sleep(10.0)
    nursery.born[0].says(reading(nursery.clock.now(), silent=("u",)))
    assert dict(gauge.statistics((), ("u",)).frozen_since) == {}


@pytest.mark.parametrize("line", GARBLED)
def test_a_meter_that_says_what_cannot_be_read_is_replaced(
    nursery: Nursery, gauge: Gauge, line: str
) -> None:
    gauge.statistics((), ("u",))
    nursery.born[0].says(reading(1.0, "u"), line)
    assert set(gauge.statistics((), ("u",)).vms) == {"u"}
    assert nursery.born[0].kills == 1


# Jobs.


@pytest.mark.parametrize("line", GARBLED)
@pytest.mark.parametrize(("job", "ending"), [(0, Ending.FAILED), (4, Ending.UNCERTAIN)])
def test_of_a_job_that_says_what_cannot_be_read_nothing_is_known(
    nursery: Nursery, job: int, ending: Ending, line: str
) -> None:
    running, companion = process(nursery, JOBS[job])
    companion.says(line, write_answer(Answer(ending=Ending.DONE)))
    running.look()
    assert (running.state.ending, companion.kills) == (ending, 1)
    assert "cannot be read" in running.state.reason


def process(nursery: Nursery, job: Job) -> tuple[JobProcess, FakeCompanion]:
    companion = FakeCompanion()
    return JobProcess(job, companion, nursery.clock), companion  # type: ignore[arg-type]


def test_a_job_says_how_far_it_is_and_how_it_ended(nursery: Nursery) -> None:
    running, companion = process(nursery, JOBS[4])
    companion.says(write_answer(Answer(percent=40)))
    running.look()
    assert (running.state.percent, running.state.ending) == (40, None)
    companion.says(write_answer(Answer(ending=Ending.LEFT)))
    companion.code = 0
    running.look()
    assert (running.state.percent, running.state.ending) == (100, Ending.LEFT)


@pytest.mark.parametrize(
    ("job", "ending"),
    [
        (JOBS[0], Ending.FAILED),
        (JOBS[2], Ending.FAILED),
        (JOBS[4], Ending.UNCERTAIN),
        (JOBS[5], Ending.UNCERTAIN),
    ],
)
def test_of_a_job_whose_process_dies_nothing_is_known(
    nursery: Nursery, job: Job, ending: Ending
) -> None:
    running, companion = process(nursery, job)
    companion.code = -9
    running.look()
    assert running.state.ending is ending
    assert "-9" in running.state.reason


@pytest.mark.parametrize("job", [JOBS[0], JOBS[4]])
def test_a_job_that_hangs_is_killed_at_its_deadline(nursery: Nursery, job: Job) -> None:
    running, companion = process(nursery, job)
    nursery.clock.sleep(seconds_of(job) - 0.1)
    running.look()
    assert companion.kills == 0
    nursery.clock.sleep(0.2)
    running.look()
    assert companion.kills == 1
    assert running.state.ending in (Ending.FAILED, Ending.UNCERTAIN)


def test_a_job_whose_process_cannot_be_started_has_failed(nursery: Nursery) -> None:
    assert JobProcess(JOBS[0], None, nursery.clock).state.ending is Ending.FAILED


def test_an_ending_is_final(nursery: Nursery) -> None:
    running, companion = process(nursery, JOBS[0])
    companion.says(write_answer(Answer(ending=Ending.REFUSED, reason="locked")))
    running.look()
    companion.code = -9
    nursery.clock.sleep(10_000.0)
    running.look()
    assert (running.state.ending, running.state.reason) == (Ending.REFUSED, "locked")
    assert running.state.begun_at == Instant(1000.0)
