"""The Kafka source and sink against a real broker, through kafka_probe (a topic piped into another)."""
import json
import signal
import time
import uuid
from collections import Counter

import pyarrow
import pytest
from confluent_kafka import Consumer, TopicPartition

from conftest import program


@pytest.fixture
def names():
    tag = uuid.uuid4().hex[:8]
    return f"in-{tag}", f"out-{tag}", f"group-{tag}"


def values(messages):
    return sorted(m.value().decode() for m in messages)


def numbered(prefix, count, begin=0):
    return [f"{prefix}-{i}" for i in range(begin, count)]


def probe(spawn, broker, *args):
    return spawn(program("kafka_probe"), "--bootstrap-servers", broker.servers, *args)


def finish(process, seconds=120):
    code = process.wait(seconds)
    assert code == 0, process.err.read_text()
    return process.out.read_text()


def await_count(broker, topic, at_least, seconds=60):
    deadline = time.monotonic() + seconds
    while sum(broker.end_offsets(topic).values()) < at_least:
        assert time.monotonic() < deadline, f"{topic}: {broker.end_offsets(topic)} after {seconds} s, wanted {at_least}"
        time.sleep(0.1)


def test_200_000_messages_arrive_once_with_keys_headers_and_timestamps(broker, spawn, names):
    source, sink, _ = names
    broker.create(source, 4)
    broker.create(sink, 3)
    producer = broker.producer()
    for i in range(200_000):
        while True:
            try:
                producer.produce(source, f"v{i}", key=f"k{i % 100}", partition=i % 4, timestamp=1_700_000_000_000 + i,
                                 headers=[("h", str(i)), ("empty", None)] if i % 1000 == 0 else None)
                break
            except BufferError:
                producer.poll(0.1)
        producer.poll(0)
    producer.flush(60)
    process = probe(spawn, broker, "--topic", source, "--out-topic", sink, "--stop", "latest", "--parallelism", 3)
    print(finish(process))
    got = broker.read(sink)
    assert Counter(m.value() for m in got) == Counter(f"v{i}".encode() for i in range(200_000))
    by_key = {}
    for m in got:
        i = int(m.value()[1:])
        assert m.key() == f"k{i % 100}".encode()
        assert m.timestamp()[1] == 1_700_000_000_000 + i
        assert m.headers() == ([("h", str(i).encode()), ("empty", None)] if i % 1000 == 0 else None)
        by_key.setdefault(m.key(), set()).add(m.partition())
    assert all(len(partitions) == 1 for partitions in by_key.values())


def test_keys_go_where_javas_client_sends_them(broker, spawn, names):
    source, sink, _ = names
    broker.create(source, 1)
    broker.create(sink, 7)
    # An independent client with the same hash.
    producer = broker.producer(partitioner="murmur2_random")
    keys = [f"key-{i}" for i in range(300)]
    reference = f"{source}-reference"
    broker.create(reference, 7)
    for key in keys:
        producer.produce(source, key, key=key)
        producer.produce(reference, key, key=key)
    producer.flush(30)
    finish(probe(spawn, broker, "--topic", source, "--out-topic", sink, "--stop", "latest"))
    place = lambda topic: {m.key(): m.partition() for m in broker.read(topic)}  # noqa: E731
    assert place(sink) == place(reference)
    # Java: Utils.toPositive(Utils.murmur2("21".getBytes())) % 7, from Kafka's UtilsTest: murmur2("21") = -973932308.
    broker.produce(source, [])
    producer.produce(source, "v", key="21")
    producer.flush(30)
    finish(probe(spawn, broker, "--topic", source, "--out-topic", sink, "--stop", "latest"))
    assert place(sink)[b"21"] == (-973932308 & 0x7FFFFFFF) % 7


def test_bounded_stop_leaves_out_what_comes_later(broker, spawn, names):
    source, sink, group = names
    broker.create(source, 2)
    broker.create(sink)
    broker.produce(source, numbered("a", 100), partition=0)  # partition 1 stays empty
    finish(probe(spawn, broker, "--topic", source, "--out-topic", sink, "--stop", "latest", "--group", group))
    assert values(broker.read(sink)) == sorted(numbered("a", 100))
    assert broker.committed(group, source, 2) == {0: 100, 1: 0}
    # From the group's offsets on.
    broker.produce(source, numbered("b", 5), partition=1)
    finish(probe(spawn, broker, "--topic", source, "--out-topic", sink, "--start", "committed", "--stop", "latest", "--group", group))
    assert values(broker.read(sink)) == sorted(numbered("a", 100) + numbered("b", 5))


def test_stop_at_an_offset_of_one_partition_ends_the_job(broker, spawn, names):
    source, sink, group = names
    broker.create(source, 3)
    broker.create(sink)
    for partition in range(3):
        broker.produce(source, numbered(f"p{partition}", 20), partition=partition)
    # Partition 1 stops at the group's offset, partition 2 has none and is not read.
    consumer = Consumer({"bootstrap.servers": broker.servers, "group.id": group})
    consumer.commit(offsets=[TopicPartition(source, 1, 5)], asynchronous=False)
    consumer.close()
    finish(probe(spawn, broker, "--topic", source, "--out-topic", sink, "--stop", "specific:7", "--group", group))
    assert values(broker.read(sink)) == sorted(numbered("p0", 7) + numbered("p1", 5))


def test_partitioners_send_rows_where_they_say(broker, spawn, names):
    source, sink, _ = names
    broker.create(source)
    broker.produce(source, numbered("v", 60_000))
    used = {}
    for partitioner in ("fixed", "round-robin"):
        topic = f"{sink}-{partitioner}"
        broker.create(topic, 4)
        finish(probe(spawn, broker, "--topic", source, "--out-topic", topic, "--stop", "latest", "--partitioner", partitioner))
        assert values(broker.read(topic)) == sorted(numbered("v", 60_000))
        used[partitioner] = [count for _, count in sorted(broker.end_offsets(topic).items())]
    assert used["fixed"] == [60_000, 0, 0, 0]
    assert min(used["round-robin"]) > 5_000, used


def test_builders_write_keys_headers_and_topics_and_read_them_back(broker, spawn, names, tmp_path):
    for topic in ("orders-de", "orders-fr"):
        broker.create(topic, 3)
    finish(spawn(program("connectors"), "orders", broker.servers, "2000"))
    ids = []
    for topic, odd in (("orders-de", 1), ("orders-fr", 0)):
        messages = broker.read(topic)
        assert len(messages) == 1000
        place = {}
        for m in messages:
            order = json.loads(m.value())
            assert order.keys() == {"id", "customer", "amount"} and order["id"] % 2 == odd
            assert m.key().decode() == order["customer"] and m.headers() == [("origin", b"datagen")]
            place.setdefault(m.key(), set()).add(m.partition())
            ids.append(order["id"])
        assert all(len(partitions) == 1 for partitions in place.values())
    assert sorted(ids) == list(range(1, 2001))
    # A header without value fits, and what is no order is kept aside.
    producer = broker.producer()
    producer.produce("orders-de", json.dumps({"id": 2001, "customer": "c", "amount": 1.5}), headers=[("empty", None)])
    producer.produce("orders-de", "no order")
    producer.flush(30)
    out = finish(spawn(program("connectors"), "archive", broker.servers, tmp_path))
    assert "no order" in out and "topic orders-de, partition" in out
    lines = []
    for part in tmp_path.glob("*.zst"):
        lines += pyarrow.input_stream(str(part), compression="zstd").read().decode().splitlines()
    orders = sorted((json.loads(line) for line in lines), key=lambda order: order["id"])
    assert [order["id"] for order in orders] == list(range(1, 2002))
    assert orders[-1]["country"] == "orders-de" and orders[-1]["trace"] == {"empty": None}
    assert orders[0]["trace"] == {"origin": "datagen"}


def test_stop_behind_a_transaction_marker_is_reached(broker, spawn, names):
    source, sink, _ = names
    broker.create(source)
    broker.create(sink)
    producer = broker.producer(**{"transactional.id": source})
    producer.init_transactions(30)
    for commit in (True, False):
        producer.begin_transaction()
        for value in numbered("committed" if commit else "aborted", 10):
            producer.produce(source, value)
        producer.flush(30)
        producer.commit_transaction(30) if commit else producer.abort_transaction(30)
    assert broker.end_offsets(source) == {0: 22}  # 20 records and 2 markers
    finish(probe(spawn, broker, "--topic", source, "--out-topic", sink, "--stop", "latest", "-p", "isolation.level=read_committed"))
    assert values(broker.read(sink)) == sorted(numbered("committed", 10))


def test_default_isolation_reads_uncommitted_as_kafkas_java_client(broker, spawn, names):
    source, sink, _ = names
    broker.create(source)
    broker.create(sink)
    producer = broker.producer(**{"transactional.id": source})
    producer.init_transactions(30)
    producer.begin_transaction()
    producer.produce(source, "open")
    producer.flush(30)
    finish(probe(spawn, broker, "--topic", source, "--out-topic", sink, "--stop", "latest"))
    assert values(broker.read(sink)) == ["open"]
    producer.abort_transaction(30)


def test_timestamps_choose_start_and_stop(broker, spawn, names):
    source, sink, _ = names
    broker.create(source, 2)
    broker.create(sink)
    producer = broker.producer()
    for i in range(100):
        producer.produce(source, str(i), partition=0, timestamp=1_000_000 + i)
    producer.flush(30)
    finish(probe(spawn, broker, "--topic", source, "--out-topic", sink, "--start", "timestamp:1000020", "--stop", "timestamp:1000050"))
    assert values(broker.read(sink)) == sorted(str(i) for i in range(20, 50))


def test_pattern_and_partitions_and_topics_that_appear_later(broker, spawn, names):
    source, sink, _ = names
    broker.create(source + "-a", 1)
    broker.create("not-" + source, 1)
    broker.create(sink)
    broker.produce(source + "-a", ["old"])
    broker.produce("not-" + source, ["foreign"])
    probe(spawn, broker, "--pattern", source + "-[a-z]", "--out-topic", sink, "--start", "latest", "--discovery-ms", 200)
    # Until it listens: what is written before "latest" was looked up is not its own.
    wrote = 0
    deadline = time.monotonic() + 60
    while sum(broker.end_offsets(sink).values()) == 0:
        assert time.monotonic() < deadline
        broker.produce(source + "-a", [f"a-{wrote}"])
        wrote += 1
        time.sleep(0.2)
    broker.add_partitions(source + "-a", 2)
    broker.produce(source + "-a", ["new partition"], partition=1)
    broker.create(source + "-b")
    broker.produce(source + "-b", ["new topic"])
    deadline = time.monotonic() + 60
    while {"new partition", "new topic"} - set(values(broker.read(sink))):
        assert time.monotonic() < deadline, values(broker.read(sink))
        time.sleep(0.2)
    assert not {"old", "foreign"} & set(values(broker.read(sink)))


def test_restart_of_the_broker_is_survived(broker, spawn, names):
    source, sink, _ = names
    broker.create(source, 2)
    broker.create(sink)
    broker.produce(source, numbered("a", 20_000), partition=0)
    process = probe(spawn, broker, "--topic", source, "--out-topic", sink, "--discovery-ms", 300)
    await_count(broker, sink, 1)
    broker.restart(kill=False)
    broker.produce(source, numbered("b", 1000), partition=1)
    await_count(broker, sink, 21_000, 90)
    broker.restart(kill=True)
    broker.produce(source, numbered("c", 1000), partition=0)
    await_count(broker, sink, 22_000, 90)
    assert process.poll() is None, process.err.read_text()
    # Exactly once is not promised; nothing may be lost, and idempotence keeps retries from doubling.
    assert values(broker.read(sink)) == sorted(numbered("a", 20_000) + numbered("b", 1000) + numbered("c", 1000))


def test_kill_9_and_resume_from_saved_splits_loses_nothing(broker, spawn, names, tmp_path):
    source, sink, group = names
    broker.create(source, 3)
    broker.create(sink)
    total = 60_000
    for partition in range(3):
        broker.produce(source, numbered(f"p{partition}", total // 3), partition=partition)
    state = tmp_path / "state"
    args = ("--topic", source, "--out-topic", sink, "--stop", "latest", "--checkpoint-ms", 20, "--state", state, "--group", group,
            "--memory", 4 << 20)
    for parallelism, life in ((1, 0.25), (3, 0.3), (2, 0.35)):
        process = probe(spawn, broker, *args, "--parallelism", parallelism)
        time.sleep(life)
        process.kill()
        process.wait()
    finish(probe(spawn, broker, *args, "--parallelism", 4))
    got = Counter(m.value().decode() for m in broker.read(sink))
    expected = [v for partition in range(3) for v in numbered(f"p{partition}", total // 3)]
    assert set(got) == set(expected)
    assert broker.committed(group, source, 3) == {p: total // 3 for p in range(3)}
    print("replayed:", sum(got.values()) - total)


def test_restored_split_reads_each_record_once(broker, spawn, names, tmp_path):
    source, sink, _ = names
    broker.create(source, 2)
    broker.create(sink)
    state = tmp_path / "state"
    broker.produce(source, numbered("a", 3000), partition=1)
    first = probe(spawn, broker, "--topic", source, "--out-topic", sink, "--state", state, "--discovery-ms", 60000, "--checkpoint-ms", 50)
    await_count(broker, sink, 3000)
    time.sleep(1)  # a checkpoint after the last row
    first.kill()
    first.wait()
    broker.produce(source, numbered("b", 500), partition=1)
    probe(spawn, broker, "--topic", source, "--out-topic", sink, "--state", state, "--discovery-ms", 60000, "--parallelism", 2)
    await_count(broker, sink, 3500)
    assert values(broker.read(sink)) == sorted(numbered("a", 3000) + numbered("b", 500))


def test_paused_partition_waits_while_the_others_go_on_and_loses_nothing(broker, spawn, names):
    source, sink, _ = names
    broker.create(source, 2)
    broker.create(sink)
    body = "x" * 1000
    broker.produce(source, [f"a-{i}-{body}" for i in range(10_000)], partition=0)
    broker.produce(source, [f"b-{i}-{body}" for i in range(10_000)], partition=1)
    process = probe(spawn, broker, "--topic", source, "--out-topic", sink, "--stop", "latest", "--pause", f"{source}-0",
                    "--pause-ms", 6000, "--memory", 4 << 20)
    out = finish(process)
    got = broker.read(sink)
    assert Counter(m.value()[:1] for m in got) == {b"a": 10_000, b"b": 10_000}
    assert len({m.value() for m in got}) == 20_000
    # What was taken in before the pause may come; the rest of a comes after all of b.
    resumed_after = int(out.split("resumed after ")[1].split()[0])
    assert 10_000 <= resumed_after < 20_000, out


def test_small_memory_budget_still_moves_everything(broker, spawn, names):
    source, sink, _ = names
    broker.create(source, 4)
    broker.create(sink)
    body = "x" * 1000
    for partition in range(4):
        broker.produce(source, [f"{partition}-{i}-{body}" for i in range(10_000)], partition=partition)
    process = probe(spawn, broker, "--topic", source, "--out-topic", sink, "--stop", "latest", "--memory", 1 << 20)
    print(finish(process))
    assert len({m.value() for m in broker.read(sink)}) == 40_000


def failure(process, seconds=60):
    assert process.wait(seconds) == 1
    return process.err.read_text()


def test_unknown_topic_is_told_with_those_that_exist(broker, spawn, names):
    source, sink, _ = names
    broker.create(source)
    text = failure(probe(spawn, broker, "--topic", "nowhere", "--out-topic", sink))
    assert text.startswith("user error: Unknown Kafka topic: 'nowhere'. Topics at ")
    assert broker.servers in text


def test_unreachable_broker_is_told_in_bounded_time(spawn, names):
    _, sink, _ = names
    begin = time.monotonic()
    process = spawn(program("kafka_probe"), "--bootstrap-servers", "127.0.0.1:1", "--topic", "t", "--out-topic", sink,
                    "-p", "default.api.timeout.ms=2000")
    text = failure(process)
    assert "Cannot reach Kafka at 127.0.0.1:1" in text and "Connection refused" in text and "Check that the broker runs" in text
    assert time.monotonic() - begin < 50


def test_topic_that_cannot_be_written_fails_the_job_with_its_name(broker, spawn, names):
    source, sink, _ = names
    broker.create(source)
    broker.create(sink, **{"max.message.bytes": "1000"})
    broker.produce(source, ["x" * 5000])
    text = failure(probe(spawn, broker, "--topic", source, "--out-topic", sink, "--stop", "latest"))
    assert f"Kafka topic '{sink}' partition 0: a message was not delivered" in text and "too large" in text


def test_login_that_the_broker_does_not_know_is_told(broker, spawn, names):
    source, sink, _ = names
    process = probe(spawn, broker, "--topic", source, "--out-topic", sink, "-p", "security.protocol=SASL_PLAINTEXT", "-p",
                    "sasl.mechanism=PLAIN", "-p", "sasl.username=u", "-p", "sasl.password=secret-word", "-p",
                    "default.api.timeout.ms=5000")
    text = failure(process)
    assert broker.servers in text and "secret-word" not in text
    assert "refuses the login" in text or "Cannot reach Kafka" in text


def test_offset_that_retention_removed_is_told_if_no_reset_is_allowed(broker, spawn, names):
    source, sink, group = names
    broker.create(source)
    broker.create(sink)
    broker.produce(source, numbered("a", 10))
    finish(probe(spawn, broker, "--topic", source, "--out-topic", sink, "--start", "committed-or-earliest", "--stop", "latest", "--group", group))
    broker.produce(source, numbered("b", 10))
    admin = broker.admin()
    deleted = admin.delete_records([TopicPartition(source, 0, 15)])
    for future in deleted.values():
        future.result(30)
    text = failure(probe(spawn, broker, "--topic", source, "--out-topic", sink, "--start", "committed", "--stop", "latest", "--group", group))
    assert f"Kafka topic '{source}' partition 0 no longer has the offset to read from" in text


def write(broker, topic, messages):
    broker.produce(topic, messages, **{"enable.idempotence": False})  # which takes half a second to begin


def until(condition, process, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, process.err.read_text()
        assert time.monotonic() < deadline, process.err.read_text()
        time.sleep(0.05)


def test_a_topic_that_is_made_again_under_a_job_is_read_from_its_beginning(broker, spawn, names, tmp_path):
    source, sink, group = names
    broker.create(source)
    broker.create(sink)
    write(broker, source, numbered("a", 20))
    args = ("--topic", source, "--out-topic", sink, "--group", group, "--state", tmp_path / "state", "--checkpoint-ms", 50,
            "--discovery-ms", 60000)
    first = probe(spawn, broker, *args)
    await_count(broker, sink, 20)
    broker.recreate(source)
    write(broker, source, numbered("b", 3))
    await_count(broker, sink, 23)
    assert f"warning: Kafka topic '{source}' partition 0 has no offset 20, where reading was to go on: its offsets begin at 0" in first.err.read_text()
    # Checkpoints and the group go back, too.
    until(lambda: broker.committed(group, source, 1) == {0: 3}, first)
    first.kill()
    first.wait()
    second = probe(spawn, broker, *args)
    until(lambda: f"Kafka source resumes at {source}-0@3\n" in second.err.read_text(), second)
    assert values(broker.read(sink)) == sorted(numbered("a", 20) + numbered("b", 3))


def test_a_start_beyond_the_end_goes_where_the_reset_says(broker, spawn, names):
    source, sink, group = names
    broker.create(source)
    broker.create(sink)
    write(broker, source, numbered("a", 3))
    consumer = Consumer({"bootstrap.servers": broker.servers, "group.id": group})
    consumer.commit(offsets=[TopicPartition(source, 0, 50)], asynchronous=False)
    consumer.close()
    args = ("--topic", source, "--out-topic", sink, "--group", group, "--checkpoint-ms", 60000, "--start")
    none, earliest, latest = (probe(spawn, broker, *args, start) for start in ("committed", "committed-or-earliest", "committed-or-latest"))
    told = f"warning: Kafka topic '{source}' partition 0 has no offset 50, where reading was to go on: its offsets begin at 0 and end before 3. "
    until(lambda: told + "Reading goes on at 0 (earliest)" in earliest.err.read_text(), earliest)
    await_count(broker, sink, 3)
    earliest.kill()
    earliest.wait()
    until(lambda: told + "Reading goes on at 3 (latest)" in latest.err.read_text(), latest)
    write(broker, source, ["new"])
    await_count(broker, sink, 4)
    assert values(broker.read(sink)) == sorted(numbered("a", 3) + ["new"])
    assert f"Kafka topic '{source}' partition 0 no longer has the offset to read from, 50" in failure(none)


def test_a_topic_deleted_under_a_job_is_an_error_and_with_a_pattern_waited_for_until_ctrl_c(broker, spawn, names, tmp_path):
    source, sink, group = names
    broker.create(source)
    broker.create(sink)
    write(broker, source, numbered("a", 3))
    script = tmp_path / "script.sql"
    script.write_text(f"""
        CREATE TABLE t (a STRING) WITH ('connector' = 'kafka', 'topic-pattern' = '{source}', 'format' = 'raw',
            'properties.bootstrap.servers' = '{broker.servers}', 'properties.group.id' = '{group}',
            'scan.startup.mode' = 'earliest-offset');
        SELECT * FROM t;""")
    waiting = spawn(program("thalweg"), "run", script, "-o", "jsonl", "-D", "execution.checkpointing.interval=200ms")
    failing = probe(spawn, broker, "--topic", source, "--out-topic", sink)
    await_count(broker, sink, 3)
    until(lambda: len(waiting.out.read_text().splitlines()) == 3, waiting)
    admin = broker.admin()
    admin.delete_topics([source])[source].result(30)
    gone = f"Kafka topic '{source}' partition 0 no longer exists at {broker.servers}"
    assert gone in failure(failing, 30)
    until(lambda: f"warning: {gone}. The job waits until it is there again" in waiting.err.read_text(), waiting, 30)
    waiting.send_signal(signal.SIGINT)
    assert waiting.wait(20) == 0, waiting.err.read_text()
    assert "Query terminated" in waiting.err.read_text()
