"""A table of files that is PARTITIONED BY columns, written by a job that is killed in between, and read back."""
import json
import signal
import subprocess
import time

import pytest

from conftest import program

SECONDS = 120  # no test waits longer; none asserts how long anything takes
ROWS = 60_000


def write_source(folder, parts):
    """Some sixths of the numbers, a file each; the source looks at a file when it has its name."""
    for part in parts:
        numbers = range(part * ROWS // 6, (part + 1) * ROWS // 6)
        (folder / f".{part}.json").write_text("".join(f'{{"n":{n}}}\n' for n in numbers))
        (folder / f".{part}.json").rename(folder / f"{part}.json")


def tables(folder, format):
    return f"""
        CREATE TABLE numbers (n INT) WITH ('connector' = 'filesystem', 'path' = '{folder}/numbers', 'format' = 'json',
                                           'source.monitor-interval' = '10ms');
        CREATE TABLE parted (n INT, dt STRING, bucket INT) PARTITIONED BY (dt, bucket)
            WITH ('connector' = 'filesystem', 'path' = '{folder}/parted', 'format' = '{format}',
                  'sink.partition-commit.policy.kind' = 'success-file');
    """


def start(spawn, script, checkpoints, parallelism, *more):
    return spawn(program("thalweg"), "run", script, "-D", f"parallelism.default={parallelism}", "-D", "execution.checkpointing.interval=20ms",
                 "-D", f"execution.checkpointing.dir=file://{checkpoints}", "-D", "execution.checkpointing.num-retained=3", *more)


def wait_until(process, true):
    """While the process runs."""
    end = time.monotonic() + SECONDS
    while not true():
        assert process.poll() is None and time.monotonic() < end, process.err.read_text()
        time.sleep(0.002)


def read(folder, format):
    """What the table's visible parts hold, read by a job of its own; nothing before there are any."""
    if not any((folder / "parted").glob("*/*/part-*")):
        return []
    script = folder / "read.sql"
    script.write_text(tables(folder, format) + "SELECT n, dt, bucket FROM parted;")
    done = subprocess.run([program("thalweg"), "run", script, "-o", "jsonl", "-D", "execution.runtime-mode=batch"], capture_output=True,
                          text=True, timeout=SECONDS, check=True)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


@pytest.mark.parametrize("format", ["json", "parquet"])
def test_each_row_is_there_once_though_the_job_was_killed_and_went_on_elsewhere(spawn, tmp_path, format):
    (tmp_path / "numbers").mkdir()
    script = tmp_path / "write.sql"
    script.write_text(tables(tmp_path, format) +
                      "INSERT INTO parted SELECT n, CONCAT('day/', CAST(n / 20000 AS STRING)), MOD(n, 3) FROM numbers;")
    checkpoints = tmp_path / "checkpoints"
    checkpoints.mkdir()
    # The job would go on for ever, so it dies in its work: with parts that have appeared, and others that have not.
    first = start(spawn, script, checkpoints, 2)
    write_source(tmp_path / "numbers", range(2))
    wait_until(first, lambda: any((tmp_path / "parted").glob("*/*/part-*")))
    write_source(tmp_path / "numbers", range(2, 4))
    wait_until(first, lambda: any((tmp_path / "parted").glob("*/*/.part-*")) or len(read(tmp_path, format)) > ROWS // 3)
    first.kill()
    assert first.wait() == -signal.SIGKILL
    write_source(tmp_path / "numbers", range(4, 6))
    second = start(spawn, script, checkpoints, 3, "--from-checkpoint", "latest")
    wait_until(second, lambda: len(read(tmp_path, format)) >= ROWS)
    second.send_signal(signal.SIGINT)
    assert second.wait(SECONDS) == 0, second.err.read_text()
    folders = sorted(str(folder.relative_to(tmp_path / "parted")) for folder in (tmp_path / "parted").glob("*/*"))
    assert folders == [f"dt=day%2F{day}/bucket={bucket}" for day in range(3) for bucket in range(3)]
    assert all((tmp_path / "parted" / folder / "_SUCCESS").exists() for folder in folders)
    rows = read(tmp_path, format)
    assert sorted(row["n"] for row in rows) == list(range(ROWS))
    assert all(row["dt"] == f"day/{row['n'] // 20000}" and row["bucket"] == row["n"] % 3 for row in rows)


def test_partitions_that_a_query_does_not_ask_for_are_not_opened(tmp_path):
    for day, text in (("2024-01-31", '{"n":1}\n'), ("2024-02-01", '{"n":2}\n'), ("2024-02-02", "damaged")):
        folder = tmp_path / "days" / f"dt={day}"
        folder.mkdir(parents=True)
        (folder / "x.json").write_text(text)
    table = f"CREATE TABLE days (n INT, dt DATE) PARTITIONED BY (dt) WITH ('connector' = 'filesystem', 'path' = '{tmp_path}/days', 'format' = 'json');"

    def run(query):
        return subprocess.run([program("thalweg"), "run", "-e", f"{table} {query}", "-o", "jsonl", "-D", "execution.runtime-mode=batch"],
                              capture_output=True, text=True, timeout=SECONDS)

    asked = run("SELECT SUM(n) AS total FROM days WHERE dt < DATE '2024-02-02' AND n > 0;")
    assert '{"total":3}' in asked.stdout, asked.stdout + asked.stderr
    assert "damaged" in run("SELECT SUM(n) AS total FROM days WHERE n > 0;").stderr
