"""A real Kafka broker of one's own: tools/services/kafka.sh on free ports of the loopback."""
import os
import random
import signal
import socket
import subprocess
import time
from pathlib import Path

from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic

SCRIPT = Path(__file__).resolve().parents[2] / "tools" / "services" / "kafka.sh"
START_SECONDS = 120  # a cold JVM on a loaded machine


def free_ports(count):
    """Ports that were free a moment ago; kafka.sh refuses to start if one is taken meanwhile.

    From below the range of outgoing connections: a client that looks for a broker which is down would else meet itself.
    """
    sockets = []
    try:
        while len(sockets) < count:
            s = socket.socket()
            try:
                s.bind(("127.0.0.1", random.randrange(20_000, 32_000)))
                sockets.append(s)
            except OSError:
                s.close()
        return [s.getsockname()[1] for s in sockets]
    finally:
        for s in sockets:
            s.close()


class Broker:
    def __init__(self, folder):
        self.folder = Path(folder)
        self.port, self.controller_port = free_ports(2)
        self.servers = f"127.0.0.1:{self.port}"

    def _run(self, command):
        env = {**os.environ, "KAFKA_PORT": str(self.port), "KAFKA_CONTROLLER_PORT": str(self.controller_port),
               "READY_SECS": str(START_SECONDS), "KAFKA_JIT": "1"}  # one compiler: it lives for minutes, on the job's cores
        done = subprocess.run([str(SCRIPT), command, str(self.folder)], env=env, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"kafka.sh {command} failed:\n{done.stdout}{done.stderr}")

    @property
    def pid(self):
        return int((self.folder / "pid").read_text())

    def start(self):
        self._run("start")

    def stop(self):
        self._run("stop")

    def kill(self):
        """As a crash: no flush, no farewell."""
        pid = self.pid
        os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                state = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0]
            except FileNotFoundError:
                break
            if state in "ZX":
                break
            time.sleep(0.02)
        while time.monotonic() < deadline:  # its other threads may hold the port a moment longer
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", self.port)):
                    return
            time.sleep(0.02)

    def restart(self, kill=False):
        self.kill() if kill else self.stop()
        self.start()

    def admin(self):
        return AdminClient({"bootstrap.servers": self.servers})

    def create(self, topic, partitions=1, **config):
        admin = self.admin()  # kept: a client that goes away fails its requests
        admin.create_topics([NewTopic(topic, partitions, 1, config=config)])[topic].result(60)
        self._await_partitions(topic, partitions)

    def recreate(self, topic, partitions=1):
        """An empty topic of a name that another test may have had, too."""
        admin = self.admin()
        if topic in admin.list_topics(timeout=30).topics:
            admin.delete_topics([topic])[topic].result(60)
            deadline = time.monotonic() + 30
            while topic in admin.list_topics(timeout=30).topics:
                if time.monotonic() > deadline:
                    raise RuntimeError(f"topic {topic} does not go away")
                time.sleep(0.05)
        self.create(topic, partitions)

    def add_partitions(self, topic, total):
        admin = self.admin()
        admin.create_partitions([NewPartitions(topic, total)])[topic].result(60)
        self._await_partitions(topic, total)

    def _await_partitions(self, topic, count):
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            found = self.admin().list_topics(topic, timeout=10).topics[topic]
            if not found.error and len(found.partitions) == count:
                return
            time.sleep(0.05)
        raise RuntimeError(f"topic {topic} did not get {count} partitions")

    def producer(self, **config):
        return Producer({"bootstrap.servers": self.servers, "linger.ms": 20, "queue.buffering.max.messages": 1_000_000,
                         "enable.idempotence": True, **config})

    def produce(self, topic, values, partition=0, **config):
        """Writes `values` (bytes or str) to one partition, and waits for the acknowledgements."""
        failures = []
        producer = self.producer(**config)
        for value in values:
            while True:
                try:
                    producer.produce(topic, value, partition=partition,
                                     on_delivery=lambda error, _: failures.append(error) if error else None)
                    break
                except BufferError:
                    producer.poll(0.1)
        producer.flush(60)
        if failures:
            raise RuntimeError(f"{len(failures)} messages to {topic} failed: {failures[0]}")

    def end_offsets(self, topic):
        """{partition: offset after the last record}."""
        consumer = Consumer({"bootstrap.servers": self.servers, "group.id": "offsets"})
        try:
            partitions = sorted(consumer.list_topics(topic, timeout=30).topics[topic].partitions)
            return {p: consumer.get_watermark_offsets(TopicPartition(topic, p), timeout=30)[1] for p in partitions}
        finally:
            consumer.close()

    def committed(self, group, topic, partitions):
        consumer = Consumer({"bootstrap.servers": self.servers, "group.id": group})
        try:
            asked = [TopicPartition(topic, p) for p in range(partitions)]
            return {t.partition: t.offset for t in consumer.committed(asked, timeout=30)}
        finally:
            consumer.close()

    def read(self, topic, timeout=120):
        """All records of a topic up to its end of now, by partition and offset; as confluent_kafka.Message."""
        ends = self.end_offsets(topic)
        consumer = Consumer({"bootstrap.servers": self.servers, "group.id": "reader", "enable.auto.commit": False,
                             "enable.partition.eof": True, "isolation.level": "read_uncommitted"})
        open_partitions = {p for p, end in ends.items() if end > 0}
        messages = []
        try:
            consumer.assign([TopicPartition(topic, p, 0) for p in open_partitions])
            deadline = time.monotonic() + timeout
            while open_partitions:
                if time.monotonic() > deadline:
                    raise RuntimeError(f"topic {topic} was not read to its end in {timeout} s")
                for message in consumer.consume(10_000, 0.2):
                    if message.error():
                        if message.error().code() != KafkaError._PARTITION_EOF:
                            raise RuntimeError(str(message.error()))
                        open_partitions.discard(message.partition())
                    elif message.offset() < ends[message.partition()]:
                        messages.append(message)
        finally:
            consumer.close()
        return sorted(messages, key=lambda m: (m.partition(), m.offset()))
