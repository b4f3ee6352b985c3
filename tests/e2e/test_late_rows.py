"""Which rows of a file are late: by their order alone, as behind Flink's WatermarkAssigner, whatever the clock says."""
import json
import random
import subprocess
import time

import pytest

from conftest import program

INTERVAL = 200          # ms of event time that a watermark rises by before it is sent
START = 1_704_067_200_000
KILLS = 3


def table(path):
    return f"""CREATE TABLE rows_of_file (v INT, ms BIGINT, ts AS TO_TIMESTAMP_LTZ(ms, 3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND)
WITH ('connector' = 'filesystem', 'path' = '{path}', 'format' = 'csv');
"""


def query(size):
    return f"""SELECT COUNT(*) AS n, SUM(v) AS s
FROM TABLE(TUMBLE(TABLE rows_of_file, DESCRIPTOR(ts), INTERVAL '{size // 1000}' SECOND)) GROUP BY window_start, window_end;
"""


def kept(rows, size):
    """Rows and their sum by window of `size` ms, of those that come before the watermark has passed their window."""
    greatest = sent = 0
    windows = {}
    for value, time in rows:
        start = time - time % size
        if start + size - 1 > sent:
            count, total = windows.get(start, (0, 0))
            windows[start] = count + 1, total + value
        greatest = max(greatest, time - 5000)
        if greatest - sent > INTERVAL:
            sent = greatest
    return windows


def run(script, tmp_path, *options):
    file = tmp_path / "job.sql"
    file.write_text(script)
    done = subprocess.run([program("thalweg"), "run", "-o", "jsonl", *options, file], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return sorted(tuple(value for key, value in json.loads(line).items() if key != "op") for line in done.stdout.splitlines())


def disordered(count):
    """Rows of which many come late, most of them behind a watermark that goes with the rows before: the source holds them until it is sent."""
    draw = random.Random(7)
    rows = []
    for number in range(count):
        behind = draw.choice([0, 0, 0, draw.randint(0, 5000), draw.randint(0, 60_000)])
        rows.append((number % 100, START + number * 40 - behind))
    return rows


def write(rows, file):
    file.write_text("".join(f"{value},{at}\n" for value, at in rows))


def test_ten_rows_give_what_a_real_flink_gave(tmp_path):
    rows = [(1, 1), (2, 3), (3, 12), (4, 5), (5, 14), (6, 9), (7, 31), (8, 22), (9, 30), (10, 2)]
    write([(value, START + second * 1000) for value, second in rows], tmp_path / "rows.csv")
    # Flink 2.3.0: 4 rows and 13 in the first window: 10 is late, 6 is not.
    assert (4, 13) in run(table(tmp_path / "rows.csv") + query(10_000), tmp_path)


@pytest.mark.parametrize("options", [(), ("-D", "execution.checkpointing.interval=20ms", "-D", "state.backend.type=rocksdb")], ids=["plain", "checkpoints"])
def test_rows_are_late_by_their_order(tmp_path, options):
    rows = disordered(60_000)
    write(rows, tmp_path / "rows.csv")
    windows = kept(rows, 10_000)
    assert sum(count for count, _ in windows.values()) < len(rows) - 1000, "some are late"
    if options:
        options = (*options, "-D", f"execution.checkpointing.dir=file://{tmp_path}/checkpoints")
    assert run(table(tmp_path / "rows.csv") + query(10_000), tmp_path, *options) == sorted(windows.values())


def test_late_rows_of_a_query_and_of_an_interval_join_are_told(tmp_path):
    write([(1, START), (2, START + 60_000), (3, START + 1000), (4, START + 61_000)], tmp_path / "rows.csv")

    def said(statement):
        file = tmp_path / "job.sql"
        file.write_text(table(tmp_path / "rows.csv") + statement)
        return subprocess.run([program("thalweg"), "run", "-o", "jsonl", file], capture_output=True, text=True, timeout=120, check=True).stderr

    assert "Not in the result: 1 late row dropped" in said(query(10_000))
    # The third row joins nobody but itself, and the watermark has passed it.
    assert "1 late row dropped" in said("""
        CREATE TABLE pairs (a INT, b INT) WITH ('connector' = 'blackhole');
        CREATE VIEW ones AS SELECT * FROM rows_of_file WHERE v <> 3;
        INSERT INTO pairs SELECT a.v, b.v FROM rows_of_file AS a JOIN ones AS b ON a.v = b.v AND a.ts BETWEEN b.ts - INTERVAL '1' SECOND AND b.ts;""")
    assert "late" not in said("SELECT v FROM rows_of_file;")
    # In batch mode a time may be NULL.
    assert "Not in the result: 3 rows without a time dropped" in said("""
        SET 'execution.runtime-mode' = 'batch';
        SELECT window_start, COUNT(*) FROM TABLE(TUMBLE(
          (SELECT v, CASE WHEN v = 1 THEN ts END AS ts FROM rows_of_file), DESCRIPTOR(ts), INTERVAL '1' SECOND)) GROUP BY window_start, window_end;""")


def test_a_job_killed_while_its_source_holds_rows_goes_on_with_them(spawn, tmp_path):
    rows = disordered(500_000)
    write(rows, tmp_path / "rows.csv")
    script, results, checkpoints = tmp_path / "job.sql", tmp_path / "results", tmp_path / "checkpoints"
    checkpoints.mkdir()
    script.write_text(table(tmp_path / "rows.csv") + f"""
        CREATE TABLE results (n BIGINT, s BIGINT) WITH ('connector' = 'filesystem', 'path' = '{results}', 'format' = 'json');
        INSERT INTO results {query(1000)}""")

    def start(*more):
        return spawn(program("thalweg"), "run", script, "-D", "execution.checkpointing.interval=10ms", "-D",
                     f"execution.checkpointing.dir=file://{checkpoints}", "-D", "execution.checkpointing.num-retained=3", *more)

    def newest():
        return max((int(path.parent.name[4:]) for path in checkpoints.rglob("chk-*/_metadata")), default=0)

    process = start()
    for _ in range(KILLS):
        until, deadline = newest() + 2, time.monotonic() + 120
        while newest() < until:
            assert process.poll() is None, f"over before its last kill: {process.err.read_text()}"
            assert time.monotonic() < deadline, process.err.read_text()
            time.sleep(0.001)
        process.kill()
        process.wait()
        process = start("--from-checkpoint", "latest")
    assert process.wait(120) == 0, process.err.read_text()
    found = [json.loads(line) for part in results.glob("part-*") for line in part.read_text().splitlines()]
    assert sorted((row["n"], row["s"]) for row in found) == sorted(kept(rows, 1000).values())


def test_a_row_that_is_taken_back_late_stays_in_its_window(tmp_path):
    """As a real Flink 2.3.0: when the newer row of b takes the older one back, the older one's window has long been given."""
    rows = [{"id": 1, "k": "b", "ts": "2024-01-01 00:00:12"}, {"id": 2, "k": "a", "ts": "2024-01-01 00:00:25"}, {"id": 3, "k": "b", "ts": "2024-01-01 00:00:33"}]
    (tmp_path / "rows.json").write_text("".join(json.dumps(row) + "\n" for row in rows))
    result = run(f"""CREATE TABLE o (id INT, k STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts)
WITH ('connector' = 'filesystem', 'path' = '{tmp_path}/rows.json', 'format' = 'json');
SELECT k, EXTRACT(SECOND FROM window_start) AS s, COUNT(*) AS n
FROM TABLE(TUMBLE((SELECT id, k, ts FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts DESC) AS rn FROM o) WHERE rn = 1), DESCRIPTOR(ts), INTERVAL '10' SECOND))
GROUP BY k, window_start, window_end;
""", tmp_path)
    assert result == [("a", 20, 1), ("b", 10, 1), ("b", 30, 1)]
