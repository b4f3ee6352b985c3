"""Which rows of a file are late: by their order alone, as behind Flink's WatermarkAssigner, whatever the clock says."""
import json
import random
import subprocess

import pytest

from conftest import program

INTERVAL = 200          # ms of event time that a watermark rises by before it is sent
SIZE = 10_000           # of the windows, ms
START = 1_704_067_200_000


def table(path):
    return f"""CREATE TABLE rows_of_file (v INT, ms BIGINT, ts AS TO_TIMESTAMP_LTZ(ms, 3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND)
WITH ('connector' = 'filesystem', 'path' = '{path}', 'format' = 'csv');
"""


QUERY = """SELECT COUNT(*) AS n, SUM(v) AS s FROM TABLE(TUMBLE(TABLE rows_of_file, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;
"""


def kept(rows):
    """Rows and their sum by window, of those that come before the watermark has passed their window."""
    greatest = sent = 0
    windows = {}
    for value, time in rows:
        start = time - time % SIZE
        if start + SIZE - 1 > sent:
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


def test_ten_rows_give_what_a_real_flink_gave(tmp_path):
    rows = [(1, 1), (2, 3), (3, 12), (4, 5), (5, 14), (6, 9), (7, 31), (8, 22), (9, 30), (10, 2)]
    (tmp_path / "rows.csv").write_text("".join(f"{value},{START + second * 1000}\n" for value, second in rows))
    # Flink 2.3.0: 4 rows and 13 in the first window: 10 is late, 6 is not.
    assert (4, 13) in run(table(tmp_path / "rows.csv") + QUERY, tmp_path)


@pytest.mark.parametrize("options", [(), ("-D", "execution.checkpointing.interval=20ms", "-D", "state.backend.type=rocksdb")], ids=["plain", "checkpoints"])
def test_rows_are_late_by_their_order(tmp_path, options):
    draw = random.Random(7)
    rows = []
    for number in range(60_000):
        behind = draw.choice([0, 0, 0, draw.randint(0, 5000), draw.randint(0, 60_000)])
        rows.append((number % 100, START + number * 40 - behind))
    (tmp_path / "rows.csv").write_text("".join(f"{value},{time}\n" for value, time in rows))
    windows = kept(rows)
    assert sum(count for count, _ in windows.values()) < len(rows) - 1000, "some are late"
    if options:
        options = (*options, "-D", f"execution.checkpointing.dir=file://{tmp_path}/checkpoints")
    assert run(table(tmp_path / "rows.csv") + QUERY, tmp_path, *options) == sorted(windows.values())
