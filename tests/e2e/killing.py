"""kill -9 of a job at random instants, spaced over its input by how much of it was read, and not by time.

How far an attempt has read is told by the windows that it put out: event time of the stream goes with its rows. A job that reads
a million rows a second would be at its end before a test had seen its twentieth kill due; so it is run in steps, and stands still
(SIGSTOP) while the test looks. The kill itself meets it running.
"""
import json
import random
import signal
import time

from confluent_kafka import Consumer, TopicPartition

from clickstream import BASE_MS

FASTEST_ROWS_PER_SECOND = 1_000_000  # of the job, on any machine
STEPS_PER_KILL = 4
START_UP_SHARE = 0.2  # of kills that do not wait for the job to have come further
START_UP_SECONDS = 0.1
LOOK_SECONDS = 30


class RowsRead:
    """Of one attempt: the rows of the stream below the end of the last window that it put out."""

    def __init__(self, job):
        self.partition = TopicPartition(job.out, 0)
        self.at = job.attempts[-1].out_begin.get(0, 0)
        self.interval_ms = job.source.clicks.interval_ms
        self.rows = 0
        self.consumer = Consumer({"bootstrap.servers": job.broker.servers, "group.id": "progress", "enable.auto.commit": False,
                                  "isolation.level": "read_uncommitted"})
        self.consumer.assign([TopicPartition(job.out, 0, self.at)])

    def look(self):
        """Reads what has come to the output topic until now; how many rows it tells of."""
        end = self.consumer.get_watermark_offsets(self.partition, timeout=LOOK_SECONDS)[1]
        deadline = time.monotonic() + LOOK_SECONDS
        while self.at < end:
            assert time.monotonic() < deadline, "the output topic cannot be read"
            for message in self.consumer.consume(end - self.at, 0.05):
                assert not message.error(), message.error()
                self.at = message.offset() + 1
                self.rows = max(self.rows, (json.loads(message.value())["window_end"] - BASE_MS) // self.interval_ms)
        return self.rows

    def close(self):
        self.consumer.close()


def step_seconds(job, kills):
    """So short that the fastest job needs several steps from one kill to the next: each step costs a look."""
    return job.source.clicks.events / (kills + 2) / STEPS_PER_KILL / FASTEST_ROWS_PER_SECOND


def run_until(job, process, rows, step, seconds):
    """Runs the job in steps until its output tells of `rows` rows; leaves it standing still. False if it ended before."""
    progress = RowsRead(job)
    deadline = time.monotonic() + seconds
    try:
        while True:
            process.send_signal(signal.SIGSTOP)
            if progress.look() >= rows:
                return True
            assert time.monotonic() < deadline, f"no progress: {progress.rows} of {rows} rows"
            process.send_signal(signal.SIGCONT)
            time.sleep(step)
            if process.poll() is not None:
                assert process.returncode == 0, process.err.read_text()[-4000:]
                return False
    finally:
        progress.close()


def run_with_kills(job, kills, seed, seconds):
    """Kills the job `kills` times, each time going on at a random parallelism, and runs it to its end. The number of kills."""
    rng = random.Random(seed)
    step = step_seconds(job, kills)
    process = job.start(rng.randint(1, 7))
    for i in range(kills):
        rows = int((i + rng.random()) / (kills + 2) * job.source.clicks.events)
        if rng.random() < START_UP_SHARE:
            time.sleep(rng.random() * START_UP_SECONDS)
        elif run_until(job, process, rows, step, seconds):
            process.send_signal(signal.SIGCONT)
            time.sleep(rng.random() * step)
        if process.poll() is not None:
            job.finish(process)
            return i
        process.kill()
        process.wait()
        job.ended(process)
        process = job.start(rng.randint(1, 7))
    job.finish(process)
    return kills
