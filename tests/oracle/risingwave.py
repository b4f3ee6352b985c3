#!/usr/bin/env python3
"""RisingWave's Nexmark fixture (tests/corpus/risingwave-nexmark) against its expected results."""
import csv
import string
import sys
from collections import Counter

import corpus
import engine
import values

FOLDER = engine.ROOT / "tests" / "corpus" / "risingwave-nexmark"
TEXTS = {"name", "city", "state", "item_name", "description", "date", "time"}
TIMES = {"date_time", "expires", "starttime", "bid_date_time"}
FLOATS = {"avg"}
DECIMALS = {"q1": {"price"}}


def kind_of(query, column):
    if column in TEXTS:
        return "VARCHAR"
    if column in TIMES:
        return "TIMESTAMP"
    if column in FLOATS:
        return "DOUBLE"
    return "DECIMAL" if column in DECIMALS.get(query, ()) else "BIGINT"


def read_text(text, kind, query):
    if text == r"\N":
        return None
    if kind in ("BIGINT", "DECIMAL", "DOUBLE"):
        return values.read(values.Decimal(text), kind)
    if query == "q10" and text == "12:00":   # midnight by a clock of 12 hours
        return "00:00"
    return values.read(text, kind)


def expected(query):
    with open(FOLDER / "golden" / f"{query}.csv", newline="") as file:
        names, *rows = csv.reader(file)
    kinds = [kind_of(query, name) for name in names]
    return kinds, Counter(tuple(read_text(text, kind, query) for text, kind in zip(row, kinds)) for row in rows)


def check(query, parallelism):
    tables = string.Template((FOLDER / "tables.sql").read_text()).substitute(FOLDER=FOLDER)
    try:
        rows = engine.select(tables + (FOLDER / "queries" / f"{query}.sql").read_text() + ";", "-p", str(parallelism))
        kinds, theirs = expected(query)
        return values.difference(values.read_rows(rows, kinds), theirs)
    except (engine.Failed, AssertionError) as failed:
        return str(failed)


def main(only):
    skips = corpus.read_skips(FOLDER / "skips.tsv")
    queries = sorted((path.stem for path in (FOLDER / "queries").glob("*.sql")), key=lambda name: int(name[1:]))
    results = {query: check(query, 1) or check(query, 2) for query in queries if not only or query in only}
    corpus.report("risingwave-nexmark", results, skips)


if __name__ == "__main__":
    main(sys.argv[1:])
