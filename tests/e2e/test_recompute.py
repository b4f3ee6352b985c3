"""The tools of these tests: generator, recomputation, folding. What they must notice is planted."""
import json

import pytest

from clickstream import BASE_MS, Clicks
from recompute import (WINDOW_MS, Attempt, check_equations, fold_late, fold_results, late_places, windows, without_replays, without_undone)


class Message:
    def __init__(self, row, offset=0, partition=0):
        self._value, self._offset, self._partition = json.dumps(row).encode(), offset, partition

    value = lambda self: self._value  # noqa: E731
    offset = lambda self: self._offset  # noqa: E731
    partition = lambda self: self._partition  # noqa: E731


def split(clicks):
    by_partition = {p: [] for p in range(clicks.partitions)}
    for partition, event in clicks.rows():
        by_partition[partition].append(event)
    return by_partition


def result(page, start, views, users):
    return {"page_url": page, "window_start": start, "window_end": start + WINDOW_MS, "views": views, "unique_users": users}


def late(partition, offset, event):
    return {"partition": partition, "offset": offset, "event": event}


def test_the_same_seed_gives_the_same_events_and_another_others():
    assert list(Clicks(events=500).rows()) == list(Clicks(events=500).rows())
    assert list(Clicks(events=500).rows()) != list(Clicks(events=500, seed=2).rows())


def test_inside_the_bound_nothing_can_be_late():
    rows = split(Clicks(events=20_000))
    for events in rows.values():
        greatest = 0
        for event in events:
            assert event["ts"] >= greatest - 5_000
            greatest = max(greatest, event["ts"])
        assert any(b["ts"] < a["ts"] for a, b in zip(events, events[1:])), "no disorder"
    assert late_places(rows, 5_000) == set()


def test_beyond_the_bound_some_are_late():
    assert len(late_places(split(Clicks(events=20_000, beyond=0.02)), 5_000)) > 50


def test_windows_count_views_and_users_by_page_and_five_minutes():
    events = [{"page_url": "/a", "user_id": user, "ts": ts} for user, ts in
              (("u", BASE_MS), ("u", BASE_MS + WINDOW_MS - 1), ("v", BASE_MS), ("u", BASE_MS + WINDOW_MS))]
    assert BASE_MS % WINDOW_MS == 0
    assert windows(events) == {("/a", BASE_MS): (3, 2), ("/a", BASE_MS + WINDOW_MS): (1, 1)}


def test_the_last_result_of_a_window_counts():
    results, times = fold_results([Message(result("/a", 0, 1, 1)), Message(result("/a", 0, 3, 2)), Message(result("/b", 0, 1, 1))])
    assert results == {("/a", 0): (3, 2), ("/b", 0): (1, 1)}
    assert times["/a", 0] == 2


def test_results_of_an_earlier_attempt_that_had_not_fired_in_the_checkpoint_are_dropped():
    attempts = [Attempt(), Attempt(out_begin={0: 2}, restored={0: 10}, watermark=WINDOW_MS - 1)]
    messages = [Message(result("/a", 0, 1, 1), 0), Message(result("/a", WINDOW_MS, 1, 1), 1), Message(result("/b", WINDOW_MS, 4, 2), 2)]
    results, _ = fold_results(messages, attempts)
    assert results == {("/a", 0): (1, 1), ("/b", WINDOW_MS): (4, 2)}


def test_late_rows_that_the_next_attempt_reads_again_are_dropped():
    attempts = [Attempt(), Attempt(late_begin={0: 3}, restored={0: 10, 1: 5}), Attempt(late_begin={0: 4}, restored={0: 20, 1: 5})]
    messages = [Message(late(0, 9, {}), 0), Message(late(0, 10, {}), 1), Message(late(1, 4, {}), 2),  # first attempt
                Message(late(0, 19, {}), 3),                                                         # second
                Message(late(0, 19, {}), 4), Message(late(1, 7, {}), 5)]                             # third
    assert set(without_replays(messages, attempts)) == {(0, 9), (1, 4), (0, 19), (1, 7)}


def test_a_result_counts_no_more_if_a_later_attempt_found_all_rows_of_its_window_late():
    rows = {0: [{"page_url": "/a", "ts": 1}, {"page_url": "/b", "ts": 2}], 1: [{"page_url": "/b", "ts": 3}]}
    results = {("/a", 0): (1, 1), ("/b", 0): (2, 1)}
    writers = {("/a", 0): 0, ("/b", 0): 1}
    assert without_undone(results, writers, {(0, 0): 1}, rows) == {("/b", 0): (2, 1)}
    assert without_undone(results, writers, {(0, 0): 0}, rows) == results, "the same attempt counted it and called it late"
    assert without_undone(results, writers, {(0, 1): 2}, rows) == results, "another row of the window was on time"
    assert without_undone(results, writers, {(0, 1): 2, (1, 0): 2}, rows) == {("/a", 0): (1, 1)}


def test_two_late_events_at_one_place_are_noticed():
    with pytest.raises(AssertionError, match="two events"):
        fold_late([Message(late(0, 1, {"event_id": 1})), Message(late(0, 1, {"event_id": 2}))])


def test_the_equations_notice_a_lost_a_doubled_and_a_wrongly_late_row():
    rows = split(Clicks(events=2_000))
    right = windows([event for events in rows.values() for event in events])
    check_equations(rows, right, {})
    key = sorted(right)[0]
    views, users = right[key]
    for wrong in ({**right, key: (views - 1, users)}, {**right, key: (views + 1, users)}, {**right, key: (views, users - 1)},
                  {k: v for k, v in right.items() if k != key}):
        with pytest.raises(AssertionError):
            check_equations(rows, wrong, {})
    with pytest.raises(AssertionError):
        check_equations(rows, right, {(0, 0): rows[0][0]})
    with pytest.raises(AssertionError, match="not what was produced"):
        check_equations(rows, right, {(0, 0): rows[0][1]})


def test_the_generator_writes_what_it_says_to_the_broker(broker):
    clicks = Clicks(events=3_000)
    broker.create("generated", 4)
    written = clicks.produce(broker, "generated")
    assert written == split(clicks)
    read = {p: [] for p in range(4)}
    for message in broker.read("generated"):
        assert message.offset() == len(read[message.partition()])
        read[message.partition()].append(json.loads(message.value()))
    assert read == written
