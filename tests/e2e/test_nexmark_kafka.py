"""Nexmark's events as JSON over a topic of two partitions: the queries give what DuckDB gives over the same rows (docs/book/nexmark.md)."""
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "oracle"))

import nexmark   # noqa: E402

EVENTS = 10_000
AT_ONCE = 4   # programs: most of their time goes by in waiting for the broker


@pytest.fixture(scope="module")
def events(tmp_path_factory):
    return nexmark.Events(tmp_path_factory.mktemp("nexmark"), EVENTS)


@pytest.fixture(scope="module")
def source(broker, events):
    topic = f"nexmark-{uuid.uuid4().hex[:8]}"
    broker.create(topic, 2)
    lines = (events.folder / "events.jsonl").read_text().splitlines()
    for partition in (0, 1):
        broker.produce(topic, lines[partition::2], partition=partition)
    return f"'connector' = 'kafka', 'topic' = '{topic}', 'properties.bootstrap.servers' = '{broker.servers}', 'format' = 'json', " \
           "'scan.startup.mode' = 'earliest-offset', 'scan.bounded.mode' = 'latest-offset'"


@pytest.fixture(scope="module")
def running(events, source):
    """{query: future of its rows}, all over the one topic; q6 in batch mode, the only one it runs in."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {number: pool.submit(nexmark.query, number, events, source, 2, batch=number == 6) for number in [*nexmark.COMPARED, 6]}


@pytest.mark.parametrize("number", [*nexmark.COMPARED, 6])
def test_a_query_over_a_topic_gives_what_the_oracle_gives(events, running, number):
    events.check(number, running[number].result())
