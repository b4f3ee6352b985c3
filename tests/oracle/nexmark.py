"""Nexmark's queries (tests/sql/nexmark) over our generator's events, and the oracle's results over the same rows."""
import os
import re
import string
from pathlib import Path

import duckdb

import engine
import values

QUERIES = engine.ROOT / "tests" / "sql" / "nexmark"
RATE = 100          # events a second of event time: 100,000 are a hundred windows of 10 s, and bidders rest for longer than a session's gap
# Out of order: 3.9 s are more rows than there are between two watermarks, which come at most once a batch and a millisecond.
SHUFFLED_RATE = 400
SHUFFLED_EVENTS = 300_000   # 75 windows: of each query some miss what comes late
SHUFFLE_MS = 3900   # rows come so much too late at most; the watermark allows 4 s
DELAY = "`dateTime` - INTERVAL '4' SECOND"   # the watermark of tables.sql
# As often as can be, so that windows close in mid-stream: by default a source sends its first watermark after 200 ms, when it has ended.
WATERMARKS = ("-D", "pipeline.auto-watermark-interval=1ms")
SIDE_ROWS = 10_000
# Of these what is certain is told by the oracle's first statement, by position; rows must be among those of its second.
CERTAIN = {9: (0, 12, 13), 18: (1, 0, 5), 19: (0, 2, 7)}
ROW_OF = {19: 7}    # columns of a row that its second statement tells, if not all
OPEN = {6}          # the first statement tells the rows of certain keys (first column), the second how many rows each other key has
APPENDS = {0, 1, 2, 3, 5, 7, 8, 10, 11, 13, 14, 20, 21, 22, 23}   # results that only grow: these are written by their INSERT, too
WINDOWED = [5, 7, 8, 11]   # results that depend on watermarks: a row that comes behind one is missing
# q6: in streaming mode refused, as by Flink; q12: by the clock; see test_nexmark.py.
COMPARED = [n for n in range(24) if n not in (6, 12)]

TYPES = """event_type INTEGER,
person STRUCT(id BIGINT, name VARCHAR, emailAddress VARCHAR, creditCard VARCHAR, city VARCHAR, state VARCHAR, dateTime TIMESTAMP, extra VARCHAR),
auction STRUCT(id BIGINT, itemName VARCHAR, description VARCHAR, initialBid BIGINT, reserve BIGINT, dateTime TIMESTAMP, expires TIMESTAMP, seller BIGINT,
  category BIGINT, extra VARCHAR),
bid STRUCT(auction BIGINT, bidder BIGINT, price BIGINT, channel VARCHAR, url VARCHAR, dateTime TIMESTAMP, extra VARCHAR)"""


def generator(events, rate=RATE):
    return f"'connector' = 'nexmark', 'events.num' = '{events}', 'next-event.rate' = '{rate}'"


def parquet(path):
    return f"'connector' = 'filesystem', 'path' = '{path}', 'format' = 'parquet'"


def statements(number, source, side_input=""):
    """The tables and the query's file."""
    text = (QUERIES / "tables.sql").read_text() + "\n" + (QUERIES / f"q{number}.sql").read_text()
    return string.Template(text).safe_substitute(WITH=source, SIDE_INPUT=side_input)


def as_select(script):
    """The query alone, without the table it goes to."""
    return re.sub(r"INSERT INTO nexmark_q\d+\n", "", script)


class Events:
    """The same rows for both sides: exported from the generator once, held by DuckDB, written as Parquet files by DuckDB."""

    def __init__(self, folder, events, rate=RATE):
        self.folder, self.count = Path(folder), events
        self.oracle = duckdb.connect()
        self.oracle.execute("SET threads = 2")
        lines = self.folder / "events.jsonl"
        lines.write_text("\n".join(engine.run(statements_of_export(events, rate))))
        columns = ", ".join(f"'{name}': '{kind}'" for name, kind in map(lambda c: c.split(" ", 1), split_columns(TYPES)))
        self.oracle.execute(f"CREATE TABLE events AS SELECT * FROM read_json('{lines}', format = 'newline_delimited', columns = {{{columns}}})")
        for name in ("person", "auction", "bid"):
            self.oracle.execute(f"CREATE TABLE {name} AS SELECT unnest({name}) FROM events WHERE {name} IS NOT NULL")
        self.side_input = self.folder / "side_input.csv"
        self.side_input.write_text("".join(f"{key},{key}\n" for key in range(SIDE_ROWS)))
        self.oracle.execute(f"CREATE TABLE side_input AS SELECT CAST(range AS BIGINT) AS key, CAST(range AS VARCHAR) AS value FROM range({SIDE_ROWS})")
        self.expected_ = {}

    def parquet_files(self, shuffled=False):
        """A file of the events in their order, or one in which each comes up to SHUFFLE_MS late, people and the highest bids of every 10 s latest of all."""
        path = self.folder / ("shuffled.parquet" if shuffled else "events.parquet")
        if not path.exists():
            time = "coalesce(person.dateTime, auction.dateTime, bid.dateTime)"
            highest = f"coalesce(bid.price = max(bid.price) OVER (PARTITION BY time_bucket(INTERVAL 10 SECOND, {time})), FALSE)"
            delay = f"CASE WHEN person IS NOT NULL OR {highest} THEN {SHUFFLE_MS} ELSE hash(rowid, 7) % {SHUFFLE_MS} END"
            order = f"ORDER BY {time} + to_milliseconds({delay}), rowid" if shuffled else "ORDER BY rowid"
            self.oracle.execute(f"COPY (SELECT * FROM events {order}) TO '{path}' (FORMAT parquet)")
        return path

    def expected(self, number):
        """[(types, counter of rows)] of the oracle's statements."""
        if number not in self.expected_:
            results = []
            for sql in (QUERIES / "oracle" / f"q{number}.sql").read_text().split(";"):
                result = self.oracle.execute(sql)
                if "CREATE" in sql:
                    continue
                kinds = [str(column[1]) for column in result.description]
                results.append((kinds, values.plain_rows(result.fetchall())))
            self.expected_[number] = results
        return self.expected_[number]

    def check(self, number, rows):
        """Fails unless `rows`, a counter of the engine's rows, is the query's result."""
        expected = self.expected(number)
        if number in OPEN:
            (kinds, certain), (open_kinds, counts) = expected
            rows, open_rows = split_by_key(rows, {row[0] for row in counts})
            wrong = values.difference(values.read_rows(open_rows, open_kinds), counts)
            assert wrong is None, f"q{number}, rows of keys that are open: {wrong}"
            assert certain.total() > counts.total(), f"q{number}: most keys are open"
            expected = [(kinds, certain)]
        if number not in CERTAIN:
            kinds, theirs = expected[0]
            wrong = values.difference(values.read_rows(rows, kinds), theirs)
            assert wrong is None, f"q{number}: {wrong}"
            return
        (certain_kinds, certain), (kinds, candidates) = expected
        places = CERTAIN[number]
        chosen = values.read_rows(project(rows, places), certain_kinds)
        wrong = values.difference(chosen, certain)
        assert wrong is None, f"q{number}, what is certain: {wrong}"
        whole = values.read_rows(project(rows, range(ROW_OF.get(number, len(kinds)))), kinds)
        unknown = whole - candidates
        assert not unknown, f"q{number}: {len(unknown)} rows that may not be there: {list(unknown)[:3]}"


def project(rows, places):
    chosen = engine.Counter()
    for row, count in rows.items():
        chosen[tuple(row[place] for place in places)] += count
    return chosen


def split_by_key(rows, open_keys):
    """The rows of other keys, and (key, number of rows) for each open key."""
    certain, counts = engine.Counter(), engine.Counter()
    for row, count in rows.items():
        if row[0] in open_keys:
            counts[row[0]] += count
        else:
            certain[row] += count
    return certain, engine.Counter(counts.items())


def statements_of_export(events, rate):
    return statements_prefix(generator(events, rate)) + "SELECT event_type, person, auction, bid FROM events;"


def statements_prefix(source):
    return string.Template((QUERIES / "tables.sql").read_text()).substitute(WITH=source)


def split_columns(types):
    """The columns of a list of types, cut at commas outside of brackets."""
    columns, depth, start = [], 0, 0
    for place, char in enumerate(types):
        depth += {"(": 1, ")": -1}.get(char, 0)
        if char == "," and depth == 0:
            columns.append(types[start:place].strip())
            start = place + 1
    return [*columns, types[start:].strip()]


def query(number, events, source, parallelism, batch=False, watermark=DELAY):
    """The rows that the query leaves, by SELECT."""
    script = as_select(statements(number, source, events.side_input))
    assert DELAY in script
    script = script.replace(DELAY, watermark)
    if batch:
        script = "SET 'execution.runtime-mode' = 'batch';\n" + script
    return engine.select(script, "-p", str(parallelism), *WATERMARKS)


def insert(number, events, source, parallelism, folder):
    """The rows that the query writes into files of JSON, by its INSERT."""
    folder = Path(folder) / f"q{number}"
    sink = f"'connector' = 'filesystem', 'path' = '{folder}', 'format' = 'json', 'json.encode.decimal-as-plain-number' = 'true'"
    script = statements(number, source, events.side_input).replace("'connector' = 'blackhole'", sink)
    engine.run(script, "-p", str(parallelism), *WATERMARKS, "-D", "execution.checkpointing.interval=1 s", "-D", f"execution.checkpointing.dir={folder}.checkpoints")
    lines = (line for part in sorted(folder.iterdir()) if not part.name.startswith(".") for line in part.read_text().splitlines())
    return engine.fold(map(engine.parse, lines))


def size_of_ci():
    return int(os.environ.get("THALWEG_NEXMARK_EVENTS", 100_000))
