"""The clickstream job from Kafka to Kafka: windowed counts are exact, in disorder, after a broker's restart, and after kill -9.

Larger runs: THALWEG_E2E_EVENTS (default 1000000), THALWEG_E2E_BEYOND_EVENTS (a quarter of them; from 1000000 on every parallelism runs on both
backends), THALWEG_E2E_KILLS (default 3), THALWEG_E2E_SEED (default 1). What a run was is told in properties of pytest's XML report.
"""
import math
import os
import re
import signal
import subprocess
import time
import uuid

import pytest

from clickstream import Clicks
from conftest import program
from killing import run_with_kills
from recompute import (Attempt, check_equations, fold_late, fold_results, late_places, watermark_at, windows, without_replays,
                       without_undone)

EVENTS = int(os.environ.get("THALWEG_E2E_EVENTS", 1_000_000))
BEYOND_EVENTS = int(os.environ.get("THALWEG_E2E_BEYOND_EVENTS", EVENTS // 4))
KILLS = int(os.environ.get("THALWEG_E2E_KILLS", 3))
SEED = int(os.environ.get("THALWEG_E2E_SEED", 1))
RUN_SECONDS = 600
INSIDE = Clicks(events=EVENTS, seed=SEED)
BEYOND = Clicks(events=BEYOND_EVENTS, beyond=0.01, seed=SEED + 1)


class Input:
    """A topic with its events, written once for all tests of the session."""

    def __init__(self, broker, clicks):
        self.broker, self.clicks, self.topic = broker, clicks, f"clicks-{uuid.uuid4().hex[:8]}"
        broker.create(self.topic, clicks.partitions)
        self.by_partition = clicks.produce(broker, self.topic)
        self.windows = windows([event for events in self.by_partition.values() for event in events])


@pytest.fixture(scope="session")
def inside(broker):
    program("clickstream")
    return Input(broker, INSIDE)


@pytest.fixture(scope="session")
def beyond(broker):
    program("clickstream")
    return Input(broker, BEYOND)


class Job:
    """Runs of the job over one input into topics of its own; `attempts` tells their lives."""

    def __init__(self, source, spawn, folder, backend="hashmap"):
        tag = uuid.uuid4().hex[:8]
        self.source, self.broker, self.spawn, self.backend = source, source.broker, spawn, backend
        self.out, self.late, self.group = f"out-{tag}", f"late-{tag}", f"group-{tag}"
        self.broker.create(self.out, 1)
        self.broker.create(self.late, 1)
        self.checkpoints = folder / f"checkpoints-{tag}"
        self.checkpoints.mkdir()
        self.extra = ()
        self.restoring = False
        self.attempts, self.parallelisms, self.checkpoints_restored = [], [], []

    def start(self, parallelism):
        self.parallelisms.append(parallelism)
        restore = self.restoring = any(path.is_file() for path in self.checkpoints.rglob("*")) and bool(self.attempts)
        self.attempts.append(Attempt(out_begin=self.broker.end_offsets(self.out), late_begin=self.broker.end_offsets(self.late)))
        return self.spawn(
            program("clickstream"), "--bootstrap-servers", self.broker.servers, "--topic", self.source.topic, "--out-topic", self.out,
            "--late-topic", self.late, "--group", self.group, "--bounded", "-D", f"parallelism.default={parallelism}", "-D",
            f"state.backend.type={self.backend}", "-D", "execution.checkpointing.interval=200ms", "-D",
            f"execution.checkpointing.dir=file://{self.checkpoints}", "-D", "pipeline.auto-watermark-interval=10ms", *self.extra, *(("--from-checkpoint", "latest") if restore else ()))

    def finish(self, process):
        assert process.wait(RUN_SECONDS) == 0, process.err.read_text()[-4000:]
        self.ended(process)

    def ended(self, process):
        """Reads what the attempt restored: "Kafka source resumes at <topic>-<partition>@<offset>, ..."; ended splits are not named, and
        the line is missing when all have ended."""
        text = process.err.read_text() + process.out.read_text()
        attempt = self.attempts[-1]
        restored = re.search(r"Restored checkpoint (\d+)", text)
        if self.restoring and not restored and "starting afresh" not in text:
            self.attempts.pop()  # killed before it had read a checkpoint: it wrote nothing and undid nothing
            return
        if restored:
            self.checkpoints_restored.append(int(restored[1]))
            attempt.restored = {p: len(events) for p, events in self.source.by_partition.items()}
            line = re.search(r"Kafka source resumes at (.*)", text)
            found = re.findall(re.escape(self.source.topic) + r"-(\d+)@(\d+)", line[1] if line else "")
            named = {int(partition): int(offset) for partition, offset in found}
            attempt.restored.update(named)
            # An ended partition holds the watermark back no longer; when all have ended, all windows have fired.
            going_on = {p: self.source.by_partition[p] for p in named}
            attempt.watermark = watermark_at(going_on, attempt.restored, self.source.clicks.bound_ms) if named else math.inf

    def tell(self, record_property, **facts):
        """What the run was, into the report."""
        events = sum(len(events) for events in self.source.by_partition.values())
        for name, value in {"backend": self.backend, "events": events, "parallelisms": self.parallelisms,
                            "checkpoints_restored": self.checkpoints_restored, **facts}.items():
            record_property(name, value)

    def results(self):
        return fold_results(self.broker.read(self.out), self.attempts)

    def late_rows(self):
        return self.results_and_late_rows()[1]

    def results_and_late_rows(self):
        """What counts of both after all attempts."""
        writers, judges = {}, {}
        messages = self.broker.read(self.late)
        fold_late(messages)  # one event at each place, whoever wrote it
        late = without_replays(messages, self.attempts, judges)
        results, _ = fold_results(self.broker.read(self.out), self.attempts, writers)
        return without_undone(results, writers, judges, self.source.by_partition), late


@pytest.mark.parametrize("backend", ["hashmap", "rocksdb"])
@pytest.mark.parametrize("parallelism", [1, 3, 7])
def test_disorder_inside_the_bound_loses_nothing_and_equals_the_recomputation(inside, spawn, tmp_path, parallelism, backend):
    job = Job(inside, spawn, tmp_path, backend)
    job.finish(job.start(parallelism))
    results, times = job.results()
    assert job.late_rows() == {}
    assert results == inside.windows
    assert set(times.values()) == {1}
    assert job.broker.committed(job.group, inside.topic, 4) == {p: len(e) for p, e in inside.by_partition.items()}


FEW_CASES = [(1, "hashmap"), (3, "rocksdb"), (7, "hashmap")]
ALL_CASES = [(parallelism, backend) for parallelism in (1, 3, 7) for backend in ("hashmap", "rocksdb")]


@pytest.mark.parametrize("parallelism,backend", ALL_CASES if BEYOND_EVENTS >= 1_000_000 else FEW_CASES)
def test_beyond_the_bound_results_and_late_rows_add_up(beyond, spawn, tmp_path, parallelism, backend, record_property):
    job = Job(beyond, spawn, tmp_path, backend)
    job.finish(job.start(parallelism))
    results, _ = job.results()
    late = job.late_rows()
    assert late, "nothing was late: the test shows nothing"
    assert set(late) <= late_places(beyond.by_partition, beyond.clicks.bound_ms)
    check_equations(beyond.by_partition, results, late)
    job.tell(record_property, windows=len(results), rows_in_windows=sum(views for views, _ in results.values()), late_rows=len(late))


def await_output(job, process, count):
    """True once the output topic has `count` records; False if the job ended before."""
    deadline = time.monotonic() + RUN_SECONDS
    while sum(job.broker.end_offsets(job.out).values()) < count:
        if process.poll() is not None:
            assert process.returncode == 0, process.err.read_text()[-4000:]
            return False
        assert time.monotonic() < deadline, "no progress"
        time.sleep(0.005)
    return True


def test_the_broker_restarts_in_mid_run_and_the_job_goes_on(inside, spawn, tmp_path):
    job = Job(inside, spawn, tmp_path)
    process = job.start(2)
    assert await_output(job, process, len(inside.windows) // 4), "the job was over before the broker restarted"
    inside.broker.restart(kill=SEED % 2 == 0)
    job.finish(process)
    results, _ = job.results()
    assert results == inside.windows
    assert job.late_rows() == {}


def test_a_stopped_job_leaves_its_group_at_its_last_checkpoint_and_goes_on_from_there(inside, spawn, tmp_path):
    job = Job(inside, spawn, tmp_path)
    process = job.start(2)
    assert await_output(job, process, len(inside.windows) // 4), "the job was over before it was stopped"
    process.send_signal(signal.SIGINT)
    job.finish(process)
    committed = job.broker.committed(job.group, inside.topic, 4)
    job.finish(job.start(3))
    assert committed == job.attempts[-1].restored
    results, _ = job.results()
    assert results == inside.windows
    assert job.broker.committed(job.group, inside.topic, 4) == {p: len(e) for p, e in inside.by_partition.items()}


@pytest.mark.parametrize("backend", ["hashmap", "rocksdb"])
def test_kill_9_and_restart_leave_the_folded_output_as_if_undisturbed(inside, spawn, tmp_path, backend, record_property):
    job = Job(inside, spawn, tmp_path, backend)
    kills = run_with_kills(job, KILLS, SEED, RUN_SECONDS)
    assert kills == KILLS, "the job was over before its last kill"
    results, _ = job.results()
    assert results == inside.windows
    assert job.late_rows() == {}
    job.tell(record_property, seed=SEED, kills=kills, windows=len(results), late_rows=0)


@pytest.mark.parametrize("backend", ["hashmap", "rocksdb"])
def test_kill_9_beyond_the_bound_keeps_the_equations(beyond, spawn, tmp_path, backend, record_property):
    job = Job(beyond, spawn, tmp_path, backend)
    kills = run_with_kills(job, KILLS, SEED + 1, RUN_SECONDS)
    assert kills == KILLS, "the job was over before its last kill"
    results, late = job.results_and_late_rows()
    assert set(late) <= late_places(beyond.by_partition, beyond.clicks.bound_ms)
    check_equations(beyond.by_partition, results, late)
    job.tell(record_property, seed=SEED + 1, kills=kills, windows=len(results), late_rows=len(late))


def failure(process, seconds=120):
    assert process.wait(seconds) != 0
    return process.err.read_text()


def test_malformed_json_is_told_with_its_place(broker, spawn, tmp_path):
    program("clickstream")
    source = Input(broker, Clicks(events=100))
    broker.produce(source.topic, ['{"event_id": 1, "user_id": '], partition=2)
    job = Job(source, spawn, tmp_path)
    job.extra = ("-D", "restart-strategy.type=none")
    text = failure(job.start(1))
    assert source.topic in text and "partition 2" in text and f"offset {len(source.by_partition[2])}" in text
    assert "event_id" in text  # the start of the record


def from_nowhere(servers, checkpoints):
    """The job over a topic that is not there."""
    return (program("clickstream"), "--bootstrap-servers", servers, "--topic", "nowhere", "--out-topic", "o", "--late-topic", "l",
            "--group", "g", "--bounded", "-D", f"execution.checkpointing.dir=file://{checkpoints}")


def test_an_unknown_topic_is_told(broker, spawn, tmp_path):
    text = failure(spawn(*from_nowhere(broker.servers, tmp_path)))
    assert "Unknown Kafka topic: 'nowhere'" in text


@pytest.fixture(scope="module", autouse=True)
def unreachable(tmp_path_factory):
    """A job without a broker, from the beginning on: it looks for one for 20 s, in which the other tests need not wait."""
    folder = tmp_path_factory.mktemp("unreachable")
    with open(folder / "err", "wb") as err:
        process = subprocess.Popen([str(a) for a in from_nowhere("127.0.0.1:1", folder)], stdout=subprocess.DEVNULL, stderr=err)
    process.err = folder / "err"
    yield process
    process.kill()
    process.wait()


def test_an_unreachable_broker_is_told(unreachable):
    text = failure(unreachable)
    assert "Cannot reach Kafka at 127.0.0.1:1" in text
