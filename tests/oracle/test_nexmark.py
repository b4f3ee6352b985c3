"""Nexmark q0 to q23 against DuckDB over the same rows. docs/book/nexmark.md tells each query's oracle, clock and tie rule."""
import pytest

import engine
import nexmark


@pytest.fixture(scope="session")
def events(tmp_path_factory):
    return nexmark.Events(tmp_path_factory.mktemp("nexmark"), nexmark.size_of_ci())


@pytest.fixture(scope="session")
def few_events(tmp_path_factory):
    return nexmark.Events(tmp_path_factory.mktemp("nexmark_few"), nexmark.size_of_ci() // 10)


@pytest.fixture(scope="session")
def shuffled_events(tmp_path_factory):
    return nexmark.Events(tmp_path_factory.mktemp("nexmark_shuffled"), max(nexmark.SHUFFLED_EVENTS, nexmark.size_of_ci()), nexmark.SHUFFLED_RATE)


@pytest.mark.parametrize("number", nexmark.COMPARED)
def test_the_generator_gives_what_the_oracle_gives(events, number):
    events.check(number, nexmark.query(number, events, nexmark.generator(events.count), 1))


@pytest.mark.parametrize("number", nexmark.COMPARED)
@pytest.mark.parametrize("parallelism", [1, 2, 4])
def test_parallelism_changes_no_result(few_events, number, parallelism):
    few_events.check(number, nexmark.query(number, few_events, nexmark.generator(few_events.count), parallelism))


@pytest.mark.parametrize("number", sorted(nexmark.APPENDS))
def test_parquet_files_give_the_same_through_an_insert(few_events, number, tmp_path):
    few_events.check(number, nexmark.insert(number, few_events, nexmark.parquet(few_events.parquet_files()), 2, tmp_path))


@pytest.mark.parametrize("number", sorted(set(nexmark.COMPARED) - nexmark.APPENDS))
def test_parquet_files_give_the_same_where_results_change(few_events, number):
    few_events.check(number, nexmark.query(number, few_events, nexmark.parquet(few_events.parquet_files()), 2))


@pytest.mark.parametrize("number", sorted(set(nexmark.COMPARED) - set(nexmark.WINDOWED)))
def test_rows_out_of_order_change_no_result(few_events, number):
    few_events.check(number, nexmark.query(number, few_events, nexmark.parquet(few_events.parquet_files(shuffled=True)), 2))


@pytest.mark.parametrize("number", nexmark.WINDOWED)
def test_rows_out_of_order_within_the_watermark_miss_no_window(shuffled_events, number):
    source = nexmark.parquet(shuffled_events.parquet_files(shuffled=True))
    shuffled_events.check(number, nexmark.query(number, shuffled_events, source, 2))


@pytest.mark.parametrize("number", nexmark.WINDOWED)
def test_rows_that_the_watermark_does_not_wait_for_are_missed(shuffled_events, number):
    """The same input without the watermark's 4 seconds: windows close in mid-stream, so the test before this one can fail."""
    source = nexmark.parquet(shuffled_events.parquet_files(shuffled=True))
    rows = nexmark.query(number, shuffled_events, source, 2, watermark="`dateTime`")
    with pytest.raises(AssertionError, match=f"^q{number}: "):
        shuffled_events.check(number, rows)


def test_q6_is_refused_in_streaming_mode_as_by_flink(few_events):
    with pytest.raises(engine.Failed, match="OVER with a bounded frame must be ordered by a time attribute"):
        nexmark.query(6, few_events, nexmark.generator(100), 1)


def test_q6_runs_in_batch_mode(events):
    events.check(6, nexmark.query(6, events, nexmark.generator(events.count), 1, batch=True))


def test_q12_counts_all_bids_of_the_first_ten_seconds_of_the_clock(few_events):
    """The clock of `thalweg test` stands until it is moved: all bids come in its first window."""
    bids = few_events.oracle.execute("SELECT auction, bidder, price FROM bid LIMIT 2000").fetchall()
    expected = few_events.oracle.execute("SELECT bidder, count(*) FROM (SELECT * FROM bid LIMIT 2000) GROUP BY bidder").fetchall()
    assert len(expected) > 30
    script = nexmark.as_select((nexmark.QUERIES / "q12.sql").read_text())
    lines = ["=== q12", "CREATE TABLE bid (auction BIGINT, bidder BIGINT, price BIGINT) WITH ('connector' = 'test');", script]
    lines += ["--- input bid", *(f"[{a}, {b}, {p}]" for a, b, p in bids), "--- expect", "--- time 10 s", "--- expect"]
    lines += [f"[{bidder}, {count}, 1970-01-01T00:00, 1970-01-01T00:00:10]" for bidder, count in expected]
    output, passed = engine.test("\n".join(lines) + "\n")
    assert passed, output
