"""A deterministic stream of page views over several partitions, out of order within a bound or beyond it.

The same arguments give the same events, the same partitions and the same order in each partition.
"""
import json
import random
from dataclasses import dataclass

BASE_MS = 1_700_000_100_000  # a multiple of five minutes
EVENT_TYPES = ("view", "view", "view", "click", "scroll")


@dataclass(frozen=True)
class Clicks:
    """`bound_ms`: how late the job lets events be. `beyond`: share of the events that come later than that.

    `interval_ms`: event time between two events of the whole stream. Partitions advance together to `skew_ms`.
    """
    events: int = 10_000
    partitions: int = 4
    pages: int = 50
    users: int = 500
    interval_ms: int = 100
    bound_ms: int = 5_000
    beyond: float = 0.0
    beyond_ms: int = 900_000
    seed: int = 1

    def rows(self):
        """(partition, event) in the order of production."""
        rng = random.Random(self.seed)
        # Half the bound is disorder of the event, so that what separates two events in a partition stays inside it.
        for number in range(self.events):
            now = BASE_MS + number * self.interval_ms
            late = self.beyond > 0 and rng.random() < self.beyond
            delay = rng.randint(self.bound_ms + 1, self.beyond_ms) if late else rng.randint(0, self.bound_ms)
            # The first events have no past to be late against; no time lies before the first window.
            event = {
                "event_id": number,
                "user_id": f"user-{rng.randrange(self.users)}",
                "page_url": f"/page/{min(int(rng.paretovariate(1.2)), self.pages)}",
                "event_type": rng.choice(EVENT_TYPES),
                "ts": max(BASE_MS, now - delay),
            }
            yield rng.randrange(self.partitions), event

    def produce(self, broker, topic):
        """Writes all rows; {partition: [event at offset 0, 1, ...]}. The topic must be empty."""
        produce = Production(broker, topic, self.partitions)
        for partition, event in self.rows():
            produce.add(partition, event)
        return produce.finish()


class Production:
    """Rows on their way to a topic, by an independent client."""

    def __init__(self, broker, topic, partitions):
        self.topic = topic
        self.producer = broker.producer()
        self.by_partition = {p: [] for p in range(partitions)}
        self.failures = []

    def add(self, partition, event):
        value = json.dumps(event, separators=(",", ":"))
        while True:
            try:
                self.producer.produce(self.topic, value, partition=partition, timestamp=event["ts"], on_delivery=self._delivered)
                break
            except BufferError:
                self.producer.poll(0.1)
        self.by_partition[partition].append(event)
        self.producer.poll(0)

    def _delivered(self, error, _message):
        if error:
            self.failures.append(error)

    def finish(self):
        self.producer.flush(120)
        if self.failures:
            raise RuntimeError(f"{len(self.failures)} events were not written: {self.failures[0]}")
        return self.by_partition
