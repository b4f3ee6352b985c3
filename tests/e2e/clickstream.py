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
        # Tests make millions of rows: random() alone costs a fifth of randint() and its like.
        rng = random.Random(self.seed)
        chance, pareto = rng.random, rng.paretovariate
        users = [f"user-{number}" for number in range(self.users)]
        pages = [f"/page/{number}" for number in range(self.pages + 1)]
        for number in range(self.events):
            now = BASE_MS + number * self.interval_ms
            if self.beyond > 0 and chance() < self.beyond:
                delay = self.bound_ms + 1 + int(chance() * (self.beyond_ms - self.bound_ms))
            else:
                delay = int(chance() * (self.bound_ms + 1))
            # The first events have no past to be late against; no time lies before the first window.
            event = {
                "event_id": number,
                "user_id": users[int(chance() * self.users)],
                "page_url": pages[min(int(pareto(1.2)), self.pages)],
                "event_type": EVENT_TYPES[int(chance() * len(EVENT_TYPES))],
                "ts": max(BASE_MS, now - delay),
            }
            yield int(chance() * self.partitions), event

    def produce(self, broker, topic):
        """Writes all rows; {partition: [event at offset 0, 1, ...]}. The topic must be empty."""
        produce = Production(broker, topic, self.partitions)
        for partition, event in self.rows():
            produce.add(partition, event)
        return produce.finish()


class Production:
    """Rows on their way to a topic, by an independent client."""

    POLL_ROWS = 1_000  # failures are looked for after so many

    def __init__(self, broker, topic, partitions):
        self.topic = topic
        self.producer = broker.producer(**{"delivery.report.only.error": True})
        self.by_partition = {p: [] for p in range(partitions)}
        self.failures = []
        self.text = json.JSONEncoder(separators=(",", ":")).encode

    def add(self, partition, event):
        value = self.text(event)
        while True:
            try:
                self.producer.produce(self.topic, value, partition=partition, timestamp=event["ts"], on_delivery=self._delivered)
                break
            except BufferError:
                self.producer.poll(0.1)
        self.by_partition[partition].append(event)
        if event["event_id"] % self.POLL_ROWS == 0:
            self.producer.poll(0)

    def _delivered(self, error, _message):
        if error:
            self.failures.append(error)

    def finish(self):
        left = self.producer.flush(120)
        if left:
            raise RuntimeError(f"{left} events were not acknowledged")
        if self.failures:
            raise RuntimeError(f"{len(self.failures)} events were not written: {self.failures[0]}")
        return self.by_partition
