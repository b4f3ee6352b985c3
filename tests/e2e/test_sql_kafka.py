"""A script of Flink SQL over a real Kafka: windows of orders, through kill -9 and a restart, until Ctrl-C."""
import json
import random
import signal
import time
from collections import defaultdict
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest

from conftest import program

SECONDS = 120  # nothing is waited for longer
TOPIC = "orders"
PARTITIONS = 4
ORDERS = 60_000
USERS = 700
BOUND = timedelta(seconds=5)
WINDOW = timedelta(minutes=1)
BEGIN = datetime(2026, 3, 1, 12, 0, tzinfo=timezone.utc)
STEP = timedelta(milliseconds=20)  # of event time from order to order: 20 windows in all
SCRIPT = """
CREATE TABLE orders (
    order_id STRING,
    user_id STRING,
    amount DECIMAL(10, 2),
    event_time TIMESTAMP(3),
    WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND
) WITH (
    'connector' = 'kafka',
    'topic' = '{topic}',
    'properties.bootstrap.servers' = '{servers}',
    'format' = 'json'
);

SELECT
    TUMBLE_START(event_time, INTERVAL '1' MINUTE) as window_start,
    COUNT(*) as order_count,
    SUM(amount) as total_revenue,
    COUNT(DISTINCT user_id) as unique_buyers
FROM orders
GROUP BY TUMBLE(event_time, INTERVAL '1' MINUTE);
"""


def orders(seed):
    """(partition, order) in the order of production; within a partition at most the bound out of order."""
    rng = random.Random(seed)
    for number in range(ORDERS):
        yield rng.randrange(PARTITIONS), {
            "order_id": f"order-{number}",
            "user_id": f"user-{rng.randrange(USERS)}",
            "amount": Decimal(rng.randrange(1, 100_000)) / 100,
            "event_time": max(BEGIN, BEGIN + number * STEP - timedelta(milliseconds=rng.randrange(5_000))),
        }


def text_of(order):
    event_time = order["event_time"].strftime("%Y-%m-%d %H:%M:%S.") + f"{order['event_time'].microsecond // 1000:03}"
    return json.dumps({**order, "amount": float(order["amount"]), "event_time": event_time})


def closed_windows(rows):
    """{window_start: (orders, revenue, buyers)} of the windows that the last watermark closes: the least over the partitions."""
    greatest, windows = {}, defaultdict(list)
    for partition, order in rows:
        event_time = order["event_time"]
        greatest[partition] = max(greatest.get(partition, event_time), event_time)
        windows[BEGIN + (event_time - BEGIN) // WINDOW * WINDOW].append(order)
    watermark = min(greatest.values()) - BOUND
    return {start.strftime("%Y-%m-%d %H:%M:%S"): (len(of), sum(order["amount"] for order in of), len({order["user_id"] for order in of}))
            for start, of in windows.items() if start + WINDOW - timedelta(milliseconds=1) <= watermark}


def printed(*processes):
    """{window_start: last row} of all that was printed; a kill may have cut the last line."""
    windows = {}
    for process in processes:
        for line in process.out.read_text().split("\n")[:-1]:
            row = json.loads(line, parse_float=Decimal)
            assert row["op"] == "+I", row
            windows[row["window_start"]] = row["order_count"], Decimal(row["total_revenue"]), row["unique_buyers"]
    return windows


def until(condition, process):
    end = time.monotonic() + SECONDS
    while not condition():
        assert process.poll() is None, process.err.read_text()
        assert time.monotonic() < end, process.err.read_text()
        time.sleep(0.02)


class Orders:
    """An independent client that writes the orders; the job knows nothing of it."""

    def __init__(self, broker, seed):
        self.producer = broker.producer()
        self.rows = list(orders(seed))
        self.written = 0

    def write(self, count):
        for partition, order in self.rows[self.written:self.written + count]:
            self.producer.produce(TOPIC, text_of(order), partition=partition)
        self.written += count
        assert self.producer.flush(SECONDS) == 0


@pytest.mark.parametrize("parallelism", [1, 3])
def test_windows_of_orders_survive_kill_9_and_stop_by_ctrl_c(broker, spawn, tmp_path, parallelism):
    broker.recreate(TOPIC, PARTITIONS)
    script = tmp_path / "orders.sql"
    script.write_text(SCRIPT.format(topic=TOPIC, servers=broker.servers))
    checkpoints = tmp_path / "checkpoints"

    def start(*restore):
        return spawn(program("thalweg"), "run", script, "-o", "jsonl", "-D", f"parallelism.default={parallelism}", "-D",
                     "execution.checkpointing.interval=200ms", "-D", f"execution.checkpointing.dir=file://{checkpoints}", *restore)

    first = start()
    until(lambda: list(checkpoints.rglob("_metadata")), first)  # it runs, and no order is there yet
    warning = first.err.read_text()
    assert "starts at the earliest" in warning and "scan.startup.mode" in warning and "properties.group.id" in warning, warning
    client = Orders(broker, seed=parallelism)
    client.write(ORDERS // 3)
    so_far = closed_windows(client.rows[:client.written])
    until(lambda: printed(first) == so_far, first)
    # Killed while it reads what closes no window: a row whose checkpoint is complete, and which is not printed yet, would be lost.
    client.write(1_000)
    assert closed_windows(client.rows[:client.written]) == so_far
    first.kill()
    first.wait()
    assert printed(first) == so_far
    client.write(ORDERS // 3)
    second = start("--from-checkpoint", "latest")
    until(lambda: "Restored checkpoint" in second.err.read_text(), second)
    client.write(ORDERS - client.written)
    expected = closed_windows(client.rows)
    assert len(expected) == 19
    until(lambda: printed(second).keys() >= {max(expected)}, second)
    second.send_signal(signal.SIGINT)
    assert second.wait(SECONDS) == 0, second.err.read_text()
    assert "stopping..." in second.err.read_text()
    assert printed(first, second) == expected


HANG = 30  # seconds; what is wrong here waits for 45 or more


def run(spawn, tmp_path, text, *words):
    script = tmp_path / "script.sql"
    script.write_text(text)
    return spawn(program("thalweg"), "run", script, "-o", "jsonl", *words)


@pytest.mark.parametrize("parallelism", [2, 4, 7])
def test_a_bounded_read_of_a_group_ends_where_most_readers_have_nothing_to_read(broker, spawn, tmp_path, parallelism):
    broker.recreate("few", 4)
    broker.produce("few", [json.dumps({"a": i}) for i in range(100)])
    for attempt in range(4):
        job = run(spawn, tmp_path, f"""
            CREATE TABLE few (a INT) WITH ('connector' = 'kafka', 'topic' = 'few', 'format' = 'json',
                'properties.bootstrap.servers' = '{broker.servers}', 'properties.group.id' = 'few-{parallelism}-{attempt}',
                'scan.startup.mode' = 'earliest-offset', 'scan.bounded.mode' = 'latest-offset');
            SELECT COUNT(*) AS n FROM few;""", "-D", f"parallelism.default={parallelism}")
        assert job.wait(HANG) == 0, job.err.read_text()
        assert json.loads(job.out.read_text().splitlines()[-1])["n"] == 100
        assert "did not take" not in job.err.read_text()


def test_ctrl_c_ends_the_wait_for_a_kafka_that_cannot_be_reached(spawn, tmp_path):
    job = run(spawn, tmp_path, """
        CREATE TABLE t (a INT) WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'json',
            'properties.bootstrap.servers' = '127.0.0.1:1', 'properties.default.api.timeout.ms' = '3600000',
            'scan.startup.mode' = 'earliest-offset');
        SELECT * FROM t;""", "-D", "execution.checkpointing.interval=20ms", "-D",
              f"execution.checkpointing.dir=file://{tmp_path}/checkpoints")
    until(lambda: list((tmp_path / "checkpoints").rglob("_metadata")), job)  # it runs, and looks for the topic
    job.send_signal(signal.SIGINT)
    assert job.wait(HANG) == 0, job.err.read_text()
    assert "Query terminated" in job.err.read_text()


def test_a_topic_that_no_broker_takes_is_refused_before_the_job_runs(spawn, tmp_path):
    job = run(spawn, tmp_path, """
        CREATE TABLE numbers (a INT) WITH ('connector' = 'datagen');
        CREATE TABLE t (a INT) WITH ('connector' = 'kafka', 'topic' = 'bad topic!', 'format' = 'json',
            'properties.bootstrap.servers' = '127.0.0.1:1');
        INSERT INTO t SELECT a FROM numbers;""")
    assert job.wait(HANG) != 0
    error = job.err.read_text()
    assert "Option 'topic' of" in error and "Not a name of a Kafka topic: 'bad topic!'" in error, error
