"""Frames of OVER in batch mode, which streams do not have: random ones over random rows against DuckDB."""
import os
import random

import duckdb
import engine
import values

SEED = int(os.environ.get("THALWEG_SEED", 1))
QUERIES = 60
CALLS = 8
TABLE = "t(k VARCHAR, v INTEGER, d DOUBLE, i INTEGER)"
AGGREGATES = ("SUM(v)", "COUNT(*)", "COUNT(v)", "MIN(v)", "MAX(d)", "SUM(d)", "AVG(d)", "COUNT(DISTINCT v)")


def edges(draw):
    """Start and end, in the rows that they lie from the row; None: unbounded. Left to tests/sql: frames that end before they begin, and those of 0
    FOLLOWING or 0 PRECEDING, which DuckDB 1.x counts below nothing, or without the row's peers."""
    while True:
        start, end = (draw.choice([None, 0, draw.randint(1, 4), -draw.randint(1, 4)]) for _ in range(2))
        if None in (start, end) or start <= end:
            return start, end


def text_of(edge, unbounded):
    if edge is None:
        return f"UNBOUNDED {unbounded}"
    return "CURRENT ROW" if edge == 0 else f"{abs(edge)} {'PRECEDING' if edge < 0 else 'FOLLOWING'}"


def call(draw):
    start, end = edges(draw)
    unit = draw.choice(("ROWS", "RANGE"))
    descending = draw.random() < 0.4
    # NULL is the least, as in Flink. Rows are told apart where the frame counts them.
    order = f"{draw.choice(('v', 'd'))} {'DESC NULLS LAST' if descending else 'ASC NULLS FIRST'}{', i' if unit == 'ROWS' else ''}"
    partition = draw.choice(("PARTITION BY k ", ""))
    return (f"{draw.choice(AGGREGATES)} OVER ({partition}ORDER BY {order} {unit} BETWEEN {text_of(start, 'PRECEDING')} AND "
            f"{text_of(end, 'FOLLOWING')})")


def literal(value, kind):
    return f"CAST({'NULL' if value is None else repr(value)} AS {kind})"


def test_random_frames_give_what_the_oracle_gives(tell):
    draw = random.Random(SEED)
    oracle = duckdb.connect()
    rows_seen = 0
    for number in range(QUERIES):
        rows = [(draw.choice("ab"), draw.choice([None, *range(-3, 8)]), draw.choice([None, 0.5, 1.5, 2.25, -4.0, 7.0]), i) for i in range(draw.randint(1, 25))]
        oracle.execute(f"CREATE OR REPLACE TABLE {TABLE}")
        oracle.executemany("INSERT INTO t VALUES (?, ?, ?, ?)", rows)
        query = "SELECT i, " + ", ".join(f"{call(draw)} AS c{n}" for n in range(CALLS)) + " FROM t"
        expected = oracle.execute(query).fetchall()
        kinds = [str(column[1]) for column in oracle.description]
        cells = ", ".join("(" + ", ".join(map(literal, row, ("STRING", "INT", "DOUBLE", "INT"))) + ")" for row in rows)
        got = engine.run(f"SET 'execution.runtime-mode' = 'batch';\nCREATE TEMPORARY VIEW t AS SELECT * FROM (VALUES {cells}) AS x(k, v, d, i);\n{query};\n")
        got = [tuple(map(values.read, engine.parse(line)[1], kinds)) for line in got]
        for ours, theirs in zip(sorted(got), sorted(expected), strict=True):
            assert all(values.close(a, b) for a, b in zip(ours, theirs, strict=True)), f"seed {SEED}, query {number}: {query}\nover {rows}\n{ours}\n{theirs}"
        rows_seen += len(rows)
    tell(f"frames of OVER: {QUERIES} queries of {CALLS} calls from seed {SEED} on, {rows_seen} rows")
