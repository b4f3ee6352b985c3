#!/usr/bin/env python3
"""Debezium's payloads (tests/corpus/flink-cdc-formats) against what Flink's tests expect: rows read, records written."""
import json
import tempfile
from pathlib import Path

import corpus
import engine

FOLDER = engine.ROOT / "tests" / "corpus" / "flink-cdc-formats"
TABLE = """CREATE TABLE products (id INT NOT NULL, name STRING, description STRING, weight FLOAT) WITH (
  'connector' = 'filesystem', 'path' = '{path}', 'format' = 'debezium-json', 'debezium-json.schema-include' = '{schema}');
"""
FILES = ["debezium-data-schema-exclude", "debezium-data-schema-include", "debezium-postgres-data-schema-exclude", "debezium-postgres-data-schema-include"]
BROKEN = "debezium-postgres-data-replica-identity"


def expectations():
    """Rows read, records written."""
    read, written = json.loads((FOLDER / "expected.json").read_text())["DebeziumJsonSerDeSchemaTest.java"]
    return read["expected"], [json.loads(line) for line in written["expected"]]


def table(name):
    return TABLE.format(path=FOLDER / f"{name}.txt", schema=str("include" in name).lower())


def as_flink(line):
    kind, (number, name, description, weight) = engine.parse(line)
    return f"{kind}({number},{name},{description},{float(weight)})"


def rows_read(name, expected):
    rows = [as_flink(line) for line in engine.run(table(name) + "SELECT * FROM products;", "-p", "1")]
    return None if rows == expected else f"rows are {rows}"


def records_written(name, expected):
    with tempfile.TemporaryDirectory() as folder:
        sink = f"CREATE TABLE copies WITH ('connector' = 'filesystem', 'path' = '{folder}/out', 'format' = 'debezium-json') AS SELECT * FROM products;"
        engine.run(table(name) + sink, "-p", "1")
        parts = [part for part in sorted(Path(folder, "out").iterdir()) if not part.name.startswith(".")]
        records = [json.loads(line) for part in parts for line in part.read_text().splitlines()]
    return None if records == expected else f"records are {records}"


def refused():
    """An update that does not say what was before: the table must be set to tell."""
    try:
        engine.run(table(BROKEN) + "SELECT * FROM products;", "-p", "1")
    except engine.Failed as failed:
        return None if "REPLICA IDENTITY FULL" in str(failed) else str(failed)
    return "not refused"


def main():
    read, written = expectations()
    results = {}
    for name in FILES:
        for check, expected in ((rows_read, read), (records_written, written)):
            try:
                results[f"{name} {check.__name__}"] = check(name, expected)
            except engine.Failed as failed:
                results[f"{name} {check.__name__}"] = str(failed)
    results[BROKEN] = refused()
    corpus.report("flink-cdc-formats (debezium)", results, {})


if __name__ == "__main__":
    main()
