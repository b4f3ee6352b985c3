"""Changes of a row that go from one subtask to several do not overtake each other (src/sql/order_of_changes_test.cc has the graphs)."""
import json
import subprocess

from conftest import program

ROWS = 20_000
NUMBERS = f"""
    SET 'parallelism.default' = '3';
    CREATE TABLE t (id BIGINT, k BIGINT) WITH ('connector' = 'datagen', 'number-of-rows' = '{ROWS}', 'fields.id.kind' = 'sequence', 'fields.id.start' = '1',
        'fields.id.end' = '{ROWS}', 'fields.k.kind' = 'sequence', 'fields.k.start' = '1', 'fields.k.end' = '{ROWS}');
"""


def last_row(query):
    done = subprocess.run([program("thalweg"), "run", "-e", NUMBERS + query, "-o", "jsonl"], capture_output=True, text=True, timeout=120, check=True)
    return json.loads([line for line in done.stdout.splitlines() if line.startswith("{")][-1])


def test_a_count_beside_rows_of_other_subtasks_is_counted_rightly():
    row = last_row("""SELECT COUNT(*) AS n, SUM(c) AS s FROM (
        SELECT c, COUNT(*) AS x FROM (SELECT id AS c FROM t WHERE id < 0 UNION ALL SELECT COUNT(*) FROM t) GROUP BY c);""")
    assert (row["n"], row["s"]) == (1, ROWS)


def test_the_last_of_its_changes_is_the_last_that_comes():
    row = last_row("SELECT 'all' AS g, COUNT(*) AS c FROM t UNION ALL SELECT 'none', id FROM t WHERE id < 0;")
    assert row["c"] == ROWS
