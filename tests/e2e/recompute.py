"""What the clickstream job must put out, computed plainly; and its output, read and folded.

A late row is named by its place (partition, offset); a window by (page_url, window_start).
"""
import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field

WINDOW_MS = 5 * 60 * 1000


def windows(events, window_ms=WINDOW_MS):
    """{(page_url, window_start): (views, unique_users)} over all events."""
    users = defaultdict(list)
    for event in events:
        start = event["ts"] - event["ts"] % window_ms
        users[event["page_url"], start].append(event["user_id"])
    return {key: (len(ids), len(set(ids))) for key, ids in users.items()}


def late_places(by_partition, bound_ms, window_ms=WINDOW_MS):
    """Upper bound of what may be late: places whose window had closed for the rows before them in their own partition.

    The job's watermark is the least over the partitions, so what is not late here is late nowhere.
    """
    places = set()
    for partition, events in by_partition.items():
        greatest = None
        for offset, event in enumerate(events):
            end = event["ts"] - event["ts"] % window_ms + window_ms
            if greatest is not None and end - 1 <= greatest - bound_ms - 1:
                places.add((partition, offset))
            greatest = event["ts"] if greatest is None else max(greatest, event["ts"])
    return places


@dataclass
class Attempt:
    """One life of the job: where its output and late topics stood when it was started, and what it restored.

    `restored`: {partition: source offset} of the checkpoint that it started from; empty for the first. `watermark`: what the
    rows below those offsets allow at most; windows that end behind it had not fired in that checkpoint.
    """
    out_begin: dict = field(default_factory=dict)
    late_begin: dict = field(default_factory=dict)
    restored: dict = field(default_factory=dict)
    watermark: int = 0


def watermark_at(by_partition, restored, bound_ms):
    """The greatest watermark that the rows below the offsets `restored` allow: the least over the partitions."""
    least = None
    for partition, events in by_partition.items():
        seen = events[:restored.get(partition, 0)]
        if not seen:
            return 0
        greatest = max(event["ts"] for event in seen) - bound_ms - 1
        least = greatest if least is None else min(least, greatest)
    return least or 0


def fold_results(messages, attempts=(), writers=None):
    """Results by window: the last one written counts, and how often it was written.

    What an earlier attempt wrote of windows that had not fired in the checkpoint of a later one is dropped: there they fire
    anew, or, if all their rows are late by then, not at all. The output topic has one partition, so that its order is that
    of the attempts. `writers`: filled with the attempt that wrote each result.
    """
    results, times = {}, Counter()
    for message in messages:
        row = json.loads(message.value())
        key = row["page_url"], row["window_start"]
        assert row["window_end"] - row["window_start"] == WINDOW_MS, row
        number = attempt_of(message, attempts, "out_begin")
        if any(row["window_end"] - 1 > later.watermark for later in attempts[number + 1:]):
            continue
        times[key] += 1
        results[key] = row["views"], row["unique_users"]
        if writers is not None:
            writers[key] = number
    return results, times


def without_undone(results, writers, judges, by_partition, window_ms=WINDOW_MS):
    """Without the results that a restore undid and no later attempt wrote anew.

    An attempt's watermark is what its rows allow at most: what had really fired in the checkpoint is less, for watermarks are sent
    at intervals. A window may so have fired behind the checkpoint that the next attempt restored, and all of its rows be late there:
    then the result counts no more, and the late rows do. `judges`: {place: attempt that judged it late}.
    """
    rows = defaultdict(list)
    for partition, events in by_partition.items():
        for offset, event in enumerate(events):
            rows[event["page_url"], event["ts"] - event["ts"] % window_ms].append((partition, offset))
    return {key: result for key, result in results.items()
            if not all(judges.get(place, -1) > writers[key] for place in rows[key])}


def fold_late(messages):
    """Late rows by place: {(partition, offset): event}; a replay says the same again."""
    places = {}
    for message in messages:
        row = json.loads(message.value())
        place = row["partition"], row["offset"]
        event = row["event"]
        if isinstance(event, str):
            event = json.loads(event)
        assert places.setdefault(place, event) == event, f"two events at {place}"
    return places


def without_replays(late_messages, attempts, judges=None):
    """Late rows that count: those of an earlier attempt at or behind the offsets that the next one restored are dropped.

    After a restore those rows are read again, and the new attempt decides anew whether they are late: its decision counts.
    `attempts` in the order of their start. `judges`: filled with the attempt whose decision it is.
    """
    kept = {}
    for message in late_messages:
        row = json.loads(message.value())
        place = row["partition"], row["offset"]
        number = attempt_of(message, attempts)
        undone = any(place[1] >= later.restored.get(place[0], 0) for later in attempts[number + 1:])
        if not undone:
            event = row["event"]
            kept[place] = json.loads(event) if isinstance(event, str) else event
            if judges is not None:
                judges[place] = number
    return kept


def attempt_of(message, attempts, begin="late_begin"):
    """Index of the attempt that wrote `message`: the last whose topic stood at or before its offset when it was started."""
    number = 0
    for i, attempt in enumerate(attempts):
        if message.offset() >= getattr(attempt, begin).get(message.partition(), 0):
            number = i
    return number


def check_equations(by_partition, results, late):
    """results + late = produced, and each window equals the recomputation over the rows that were not late."""
    on_time = [event for partition, events in by_partition.items()
               for offset, event in enumerate(events) if (partition, offset) not in late]
    for (partition, offset), event in late.items():
        assert by_partition[partition][offset] == event, f"late row {partition}/{offset} is not what was produced there"
    produced = sum(len(events) for events in by_partition.values())
    expected = windows(on_time)
    wrong = {key: (results.get(key), expected.get(key)) for key in results.keys() | expected.keys()
             if results.get(key) != expected.get(key)}
    assert not wrong, f"{len(wrong)} windows differ (got, expected): {dict(list(sorted(wrong.items()))[:5])}"
    assert sum(views for views, _ in results.values()) + len(late) == produced
