"""The program `thalweg`: what it says, what it runs, how it stops."""
import datetime
import json
import os
import pty
import re
import select
import signal
import socket
import subprocess
import time

import pyarrow
import pyarrow.parquet
import pytest

from conftest import BUILD, ROOT, program

SECONDS = 120  # no test waits longer; none asserts how long anything takes


@pytest.fixture
def thalweg():
    """thalweg(args...) -> finished process."""
    binary = program("thalweg")

    def run(*arguments, status=0, **environment):
        done = subprocess.run([str(binary), *map(str, arguments)], capture_output=True, text=True, timeout=SECONDS,
                              env={**os.environ, **environment})
        assert done.returncode == status, done.stdout + done.stderr
        return done

    return run


def library(name="jobs"):
    return BUILD / "lib" / "jobs" / f"{name}.so"


def until(condition, process):
    """Waits until `condition()` is true; fails if the process ends before."""
    end = time.monotonic() + SECONDS
    while not condition():
        assert process.poll() is None, process.err.read_text() if hasattr(process, "err") else "the process has ended"
        assert time.monotonic() < end, "nothing came"
        time.sleep(0.02)


# What it says.

def test_version_names_the_libraries(thalweg):
    out = thalweg("--version").stdout
    assert re.match(r"thalweg \d+\.\d+\.\d+\n", out)
    for name in ["Arrow", "librdkafka", "OpenSSL", "RocksDB", "simdjson"]:
        assert re.search(rf"^  {name} +\d", out, re.M), out


def test_help_lists_the_commands(thalweg):
    out = thalweg("help").stdout
    assert "run" in out and "doctor" in out
    assert "--from-checkpoint" in thalweg("run", "--help").stdout


def test_a_wrong_command_line_has_status_2(thalweg):
    assert "did you mean 'run'?" in thalweg("rnu", status=2).stderr
    assert "no file and no -e" in thalweg("run", status=2).stderr


def test_a_wrong_definition_has_status_2(thalweg):
    for command in [("run", library()), ("doctor",)]:
        assert "Malformed definition '-D x'" in thalweg(*command, "-D", "x", status=2).stderr
        assert "'my.own.setting' (-D)\n" in thalweg(*command, "-Dmy.own.setting=1", status=2).stderr
        assert "pipeline.object-reuse" in thalweg(*command, "-Dpipeline.object-reuse=maybe", status=2).stderr
    assert "did you mean" not in thalweg("frobnicate", status=2).stderr


def test_doctor_finds_a_healthy_machine_healthy(thalweg, tmp_path):
    out = thalweg("doctor", "-D", f"execution.checkpointing.dir=file://{tmp_path}").stdout
    assert re.search(rf"^ok +checkpoints +{tmp_path} is writable", out, re.M), out
    assert "FAILURE" not in out


def test_doctor_finds_a_checkpoint_folder_below_a_file(thalweg, tmp_path):
    (tmp_path / "file").write_text("x")
    out = thalweg("doctor", f"-Dexecution.checkpointing.dir={tmp_path}/file/below", status=1).stdout
    assert re.search(r"^FAILURE +checkpoints", out, re.M), out
    assert "choose another by execution.checkpointing.dir" in out


# What it runs.

def test_a_job_library_runs_to_its_end_with_a_summary(thalweg):
    done = thalweg("run", library(), "-D", "parallelism.default=1", "--", "numbers")
    assert done.stdout.split() == [str(n) for n in range(100, 1001, 100)]
    assert re.search(r"^Job 'numbers' finished in \d+\.\d\d s: 1,000 rows in, 10 rows out, [\d,]+ rows/s", done.stderr, re.M), done.stderr
    assert "\r" not in done.stderr


def test_arguments_behind_the_dashes_are_the_jobs(thalweg):
    done = thalweg("run", library(), "--", "arguments", "--config", "-D", status=1)
    assert done.stdout.split() == ["[arguments]", "[--config]", "[-D]"]
    assert "No job today" in done.stderr


def test_the_file_and_definitions_configure_the_job(thalweg, tmp_path):
    config = tmp_path / "config.yaml"
    config.write_text("parallelism:\n  default: 3\n")
    lines = thalweg("run", library(), "--config", config, "--", "numbers").stdout.split("\n")
    assert any(re.match(r"[123]> ", line) for line in lines)
    done = thalweg("run", library(), "--config", config, "-Dparallelism.default=1", "--", "numbers")
    assert done.stdout.startswith("100\n")


@pytest.mark.parametrize("name, message", [
    ("no_entry", "has no entry point: .*THALWEG_JOB"),
    ("other_abi", "built for another ABI: rebuild .*thalweg 0.0.9, other compiler.*this program has 'thalweg "),
    ("undefined", "needs what is not in this process .*GoneSinceLongAgo.*rebuild it against thalweg"),
    ("absent", "does not exist: .*absent.so"),
])
def test_a_library_that_cannot_be_used_says_why(thalweg, name, message):
    program("thalweg")
    assert re.search(message, thalweg("run", library(name), "--", "numbers", status=1).stderr)


def test_a_program_and_a_text_are_no_libraries(thalweg):
    assert "is a program" in thalweg("run", program("thalweg"), status=1).stderr
    assert "is no shared library" in thalweg("run", __file__, status=1).stderr


@pytest.mark.parametrize("share", [0.01, 0.3, 0.7, 0.999])
def test_a_library_that_is_cut_short_is_no_crash(thalweg, tmp_path, share):
    whole = library().read_bytes()
    cut = tmp_path / "cut.so"
    cut.write_bytes(whole[:int(len(whole) * share)])
    problem = re.escape(f"{cut}: File is cut short, build it or copy it again: {cut.stat().st_size} of ")
    assert re.search("Job library cannot be loaded: " + problem, thalweg("run", cut, "--", "numbers", status=1).stderr)
    function = f"CREATE FUNCTION f AS 'f' LANGUAGE CPP USING ARTIFACT '{cut}'"
    assert re.search("Library of functions cannot be loaded: " + problem, thalweg("run", "-e", function, status=1).stderr)


def test_a_library_that_runs_nothing_or_throws_is_told_so(thalweg):
    assert "ran no job: call env.Execute" in thalweg("run", library(), "--", "none", status=1).stderr
    assert "Job's entry point threw: which job?" in thalweg("run", library(), status=1).stderr


# What goes wrong.

def test_an_unknown_key_names_the_nearest(thalweg):
    error = thalweg("run", library(), "-Dparalelism.default=2", "--", "numbers", status=2).stderr
    assert "Unknown configuration key 'paralelism.default' (-D); did you mean 'parallelism.default'?" in error


def test_a_wrong_configuration_file_names_line_and_column(thalweg, tmp_path):
    config = tmp_path / "config.yaml"
    config.write_text("parallelism.default: many\n")
    error = thalweg("run", library(), "--config", config, "--", "numbers", status=2).stderr
    assert "config.yaml:1:" in error and "many" in error
    assert "absent.yaml" in thalweg("run", library(), "--config", tmp_path / "absent.yaml", "--", "numbers", status=2).stderr


def test_a_misspelt_connector_option_names_the_nearest(thalweg):
    error = thalweg("run", library(), "--", "misspelt", status=1).stderr
    assert "Unknown option 'rows-per-secnd' of datagen 'rows'; did you mean 'rows-per-second'?" in error


def test_a_throwing_function_is_told_with_type_message_operator_and_row(thalweg):
    error = thalweg("run", library(), "-Dparallelism.default=1", "--", "throwing", status=1).stderr
    for part in ["std::out_of_range", "no seven", "picky", "7"]:
        assert part in error


def test_a_malformed_file_is_told_with_its_line(thalweg, tmp_path):
    (tmp_path / "rows.jsonl").write_text('{"id": 1, "text": "a"}\n{"id": "x", "text": "b"}\n')
    error = thalweg("run", library(), "--", "files", tmp_path, status=1).stderr
    assert "rows.jsonl:2" in error and "id" in error


def test_checkpoints_below_a_regular_file_fail_before_rows_flow(thalweg, tmp_path):
    (tmp_path / "file").write_text("x")
    done = thalweg("run", library(), "-Dexecution.checkpointing.interval=1s", f"-Dexecution.checkpointing.dir={tmp_path}/file/below",
                   "-Drestart-strategy.type=none", "--", "numbers", status=1)
    assert f"{tmp_path}/file" in done.stderr


def test_a_job_goes_on_from_its_latest_checkpoint(thalweg, spawn, tmp_path):
    checkpoints = [f"-Dexecution.checkpointing.dir={tmp_path}/checkpoints", "-Dexecution.checkpointing.interval=50ms"]
    first = spawn(program("thalweg"), "run", library(), *checkpoints, "--", "counting")
    until(lambda: first.out.read_text().count("\n") > 10, first)
    first.send_signal(signal.SIGINT)
    assert first.wait(SECONDS) == 0, first.err.read_text()
    assert re.search(r", \d+ checkpoints?", first.err.read_text()), first.err.read_text()
    before = [int(line) for line in first.out.read_text().split()]
    second = spawn(program("thalweg"), "run", library(), *checkpoints, "--from-checkpoint", "latest", "--", "counting")
    until(lambda: second.out.read_text().count("\n") > 10, second)
    second.send_signal(signal.SIGINT)
    assert second.wait(SECONDS) == 0, second.err.read_text()
    after = [int(line) for line in second.out.read_text().split()]
    assert before + after == list(range(len(before) + len(after)))


def test_the_checkpoint_to_start_from_may_be_configured(thalweg, spawn, tmp_path):
    folder = tmp_path / "checkpoints"
    checkpoints = [f"-Dexecution.checkpointing.dir={folder}", "-Dexecution.checkpointing.interval=50ms"]

    def rows(*options):
        process = spawn(program("thalweg"), "run", library(), *checkpoints, *options, "--", "counting")
        until(lambda: process.out.read_text().count("\n") > 10, process)
        process.send_signal(signal.SIGINT)
        assert process.wait(SECONDS) == 0, process.err.read_text()
        return [int(line) for line in process.out.read_text().split()], process.err.read_text()

    def newest():
        return max((folder / "counting").glob("chk-*/_metadata"), key=lambda path: int(path.parent.name[4:])).parent

    first, _ = rows()
    kept = newest()
    second, said = rows(f"-Dexecution.state-recovery.path={kept}")
    assert first + second == list(range(len(first) + len(second)))
    assert "no effect" not in said
    third, said = rows(f"-Dexecution.savepoint.path={kept}")
    assert third[0] == len(first) and "deprecated" in said
    fourth, said = rows()
    assert fourth[0] == 0 and "tarting afresh" in said
    fifth, _ = rows("--from-checkpoint", kept, "-Dexecution.state-recovery.path=/no/such/folder")
    assert fifth[0] == len(first)
    assert (kept / "_metadata").exists()
    error = thalweg("run", library(), *checkpoints, f"-Dexecution.state-recovery.path={tmp_path}/absent", "--", "numbers", status=1).stderr
    assert f"execution.state-recovery.path {tmp_path}/absent" in error and "No checkpoint is found" in error
    error = thalweg("run", library(), *checkpoints, f"-Dexecution.state-recovery.path={kept.parent}/chk-999999", "--", "numbers", status=1).stderr
    assert "Checkpoint does not exist" in error


def test_a_checkpoint_to_start_from_must_exist(thalweg, tmp_path):
    error = thalweg("run", library(), "--from-checkpoint", "latest", "--", "numbers", status=1).stderr
    assert "needs execution.checkpointing.dir" in error
    error = thalweg("run", library(), "--from-checkpoint", tmp_path / "absent", "--", "numbers", status=1).stderr
    assert "absent" in error


def test_an_unreachable_broker_is_named(thalweg):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{closed.getsockname()[1]}"
        error = thalweg("run", library(), "--", "kafka", address, status=1).stderr
    assert address in error


# How it stops.

def has_printed(process):
    return lambda: process.out.stat().st_size > 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_stops_the_job_with_a_summary(spawn, number):
    process = spawn(program("thalweg"), "run", library(), "--", "endless")
    until(has_printed(process), process)
    process.send_signal(number)
    assert process.wait(SECONDS) == 0, process.err.read_text()
    error = process.err.read_text()
    assert "stopping..." in error
    assert re.search(r"^Job 'endless' stopped in .* rows in, .* rows out", error, re.M), error


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_a_restart_is_waited_for_ends_a_job_that_has_failed(spawn, number):
    process = spawn(program("thalweg"), "run", library(), "-Drestart-strategy.type=fixed-delay",
                    "-Drestart-strategy.fixed-delay.delay=1h", "--", "throwing")
    until(lambda: "restarting in 3600000 ms" in process.err.read_text(), process)
    process.send_signal(number)
    assert process.wait(SECONDS) == 1, process.err.read_text()
    error = process.err.read_text()
    assert re.search(r"^Job 'throwing' failed in .* rows in, .* rows out", error, re.M), error
    assert re.search(r"^thalweg: user error: Stopped while it waited for a restart, without a last checkpoint \(they are off.*no seven",
                     error, re.M), error


def test_a_job_restarts_from_its_last_checkpoint_though_no_directory_is_set(spawn, tmp_path):
    process = spawn(program("thalweg"), "run", library(), "-Dexecution.checkpointing.interval=20ms", "-Drestart-strategy.type=fixed-delay",
                    "-Drestart-strategy.fixed-delay.delay=1ms", "--", "failing once", TMPDIR=str(tmp_path))
    assert process.wait(SECONDS) == 0, process.err.read_text()
    assert "Checkpoints are kept in" in process.err.read_text() and "no seven hundred at first" in process.err.read_text()
    ids = [int(line) for line in process.out.read_text().split()]
    assert set(ids) == set(range(1000))
    assert ids.count(0) == 1, "it began anew"
    assert not list(tmp_path.glob("thalweg-*"))


def test_the_parallelism_of_queries_comes_before_that_of_jobs(thalweg, tmp_path):
    thalweg("run", "-Dparallelism.default=2", "-e", f"""SET 'table.exec.resource.default-parallelism' = '3';
        CREATE TABLE t (a INT) WITH ('connector' = 'datagen', 'number-of-rows' = '300');
        CREATE TABLE f (a INT) WITH ('connector' = 'filesystem', 'path' = '{tmp_path}/out', 'format' = 'json');
        INSERT INTO f SELECT a FROM t""")
    assert len(list((tmp_path / "out").iterdir())) == 3


def test_a_second_signal_ends_the_process_at_once(spawn):
    process = spawn(program("thalweg"), "run", library(), "--", "stuck")
    until(has_printed(process), process)
    process.send_signal(signal.SIGINT)
    until(lambda: "stopping..." in process.err.read_text(), process)
    process.send_signal(signal.SIGINT)
    assert process.wait(SECONDS) == 130


def test_a_terminal_shows_progress_on_one_line(tmp_path):
    ours, theirs = pty.openpty()
    with open(tmp_path / "out", "wb") as out:
        process = subprocess.Popen([str(program("thalweg")), "run", str(library()), "--", "endless"], stdout=out, stderr=theirs)
    os.close(theirs)
    seen = b""

    def read_until(condition):
        nonlocal seen
        while not condition():
            assert select.select([ours], [], [], SECONDS)[0], f"nothing more came after {seen}"
            seen += os.read(ours, 4096)

    try:
        read_until(lambda: seen.count(b"watermark") >= 3)
        process.send_signal(signal.SIGINT)
        read_until(lambda: b"stopped in" in seen)
        assert process.wait(SECONDS) == 0
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    redrawn = re.findall(r"\rin ([\d,]+) \(([\d,]+)/s\)  out [\d,]+  watermark none", seen.decode())
    assert len(redrawn) >= 3, seen
    assert "\n" not in seen.decode().split("stopping")[0].strip("\r\n"), "progress takes more than one line"


def test_times_of_a_parquet_file_keep_their_milliseconds(thalweg, tmp_path):
    time_of_day = datetime.time(10, 11, 12, 345_678)
    columns = {unit: pyarrow.array([time_of_day.replace(microsecond=345_000) if unit == "ms" else time_of_day],
                                   (pyarrow.time32 if unit == "ms" else pyarrow.time64)(unit)) for unit in ("ms", "us")}
    pyarrow.parquet.write_table(pyarrow.table(columns), tmp_path / "times.parquet")
    query = f"SELECT TYPEOF(ms) AS t, CAST(ms AS STRING) AS ms, CAST(us AS STRING) AS us FROM '{tmp_path}/times.parquet';"
    assert json.loads(thalweg("run", "-o", "jsonl", "-e", query).stdout) == {"op": "+I", "t": "TIME(3)", "ms": "10:11:12.345", "us": "10:11:12.345"}


COUNTS = "SELECT k, COUNT(*) FROM (VALUES ('a'), ('a'), ('b'), ('a')) AS t(k) GROUP BY k"


# What Flink 2.3.0 gave for each.
def test_print_takes_changes_by_its_key_as_flinks_does(thalweg):
    def printed(key, clause="", query=COUNTS, status=0):
        table = f"CREATE TABLE p (k STRING, n BIGINT, PRIMARY KEY ({key}) NOT ENFORCED) WITH ('connector' = 'print');"
        done = thalweg("run", "-e", f"{table} INSERT INTO p {query} {clause};", status=status)
        return done.stderr if status else re.findall(r"^[+-][IUD]\[.*\]$", done.stdout, re.M)

    assert printed("k") == ["+I[a, 1]", "-U[a, 1]", "+U[a, 2]", "+I[b, 1]", "-U[a, 2]", "+U[a, 3]"]
    assert printed("n", "ON CONFLICT DO DEDUPLICATE") == ["+I[a, 1]", "-D[a, 1]", "+I[a, 2]", "+I[b, 1]", "-D[a, 2]", "+I[a, 3]"]
    assert "Primary key: [n], upsert key: [k]" in printed("n", status=1)
    appended = "SELECT * FROM (VALUES ('a', CAST(1 AS BIGINT)), ('a', CAST(2 AS BIGINT))) AS t(k, n)"
    assert printed("k", query=appended) == ["+I[a, 1]", "+I[a, 2]"]
    assert "it only accepts INSERT" in printed("k", "ON CONFLICT DO NOTHING", appended, status=1)


# Flink 2.3.0: changelogMode=[I,UA] below the sink.
def test_blackhole_asks_for_no_update_before(thalweg):
    table = "CREATE TABLE b (k STRING, n BIGINT) WITH ('connector' = 'blackhole');"
    said = thalweg("run", "-e", f"{table} INSERT INTO b {COUNTS};").stderr
    assert "4 rows in, 4 rows out" in said
    assert "4 rows in, 4 rows out" in thalweg("run", "-e", f"{table} INSERT INTO b {COUNTS} ON CONFLICT DO DEDUPLICATE;").stderr
    table = table.replace("n BIGINT", "n BIGINT, PRIMARY KEY (n) NOT ENFORCED")
    assert "Primary key: [n], upsert key: [k]" in thalweg("run", "-e", f"{table} INSERT INTO b {COUNTS};", status=1).stderr


def test_a_job_that_prints_to_a_terminal_shows_lines_of_progress_between(tmp_path):
    ours, theirs = pty.openpty()
    script = tmp_path / "ticks.sql"
    script.write_text("""
        CREATE TABLE ticks (n BIGINT, ts AS CAST(LOCALTIMESTAMP AS TIMESTAMP(3)), WATERMARK FOR ts AS ts)
        WITH ('connector' = 'datagen', 'rows-per-second' = '20');
        CREATE TABLE printed (n BIGINT) WITH ('connector' = 'print');
        INSERT INTO printed SELECT n FROM ticks;
    """)
    process = subprocess.Popen([str(program("thalweg")), "run", str(script)], stdout=theirs, stderr=theirs)
    os.close(theirs)
    seen = b""
    try:
        while not re.search(rb"\nin [\d,]+ \([\d,]+/s\)  out [\d,]+  watermark \d{4}-", seen):
            assert select.select([ours], [], [], SECONDS)[0], f"nothing more came after {seen[-1000:]}"
            seen += os.read(ours, 65536)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def test_rocksdb_without_a_folder_names_what_to_set(thalweg, tmp_path):
    missing = tmp_path / "missing"
    done = thalweg("run", "-D", "state.backend.type=rocksdb", "-e", "SELECT 1", status=1, TMPDIR=str(missing))
    assert f"TMPDIR names '{missing}', which is no directory. Set TMPDIR, or 'state.backend.rocksdb.localdir'" in done.stderr
    (tmp_path / "file").write_text("")
    done = thalweg("run", "-D", "state.backend.type=rocksdb", "-D", f"state.backend.rocksdb.localdir={tmp_path}/file", "-e", "SELECT 1",
                   status=1)
    assert "state.backend.rocksdb.localdir: Directory of RocksDB cannot be made" in done.stderr


# SQL.

def test_sql_runs_from_a_file_and_from_the_command_line(thalweg, tmp_path):
    script = tmp_path / "double.sql"
    script.write_text(f"""
        CREATE TABLE numbers (n INT) WITH ('connector' = 'filesystem', 'path' = '{tmp_path}/numbers', 'format' = 'json');
        INSERT INTO numbers VALUES (1), (2), (3);
        SELECT SUM(n) AS total FROM numbers;
    """)
    lines = thalweg("run", script, "-o", "jsonl").stdout.splitlines()
    assert lines[-1] == '{"op":"+U","total":6}', lines
    assert "|           2 |" in thalweg("run", "-e", "SELECT 1 + 1").stdout


@pytest.mark.parametrize("format", ["json", "csv", "parquet"])
def test_sql_writes_and_reads_partitions(thalweg, tmp_path, format):
    script = tmp_path / "partitions.sql"
    script.write_text(f"""
        CREATE TABLE visits (n INT, dt DATE, place STRING) PARTITIONED BY (dt, place)
            WITH ('connector' = 'filesystem', 'path' = '{tmp_path}/visits', 'format' = '{format}',
                  'sink.partition-commit.policy.kind' = 'success-file');
        INSERT INTO visits VALUES (1, DATE '2024-01-31', 'a/b=c'), (2, DATE '2024-02-01', 'größe'), (3, CAST(NULL AS DATE), 'x');
        INSERT INTO visits PARTITION (dt = '2024-01-31', place = 'a/b=c') VALUES (4);
        SELECT dt, place, SUM(n) AS total FROM visits WHERE place <> 'x' GROUP BY dt, place;
        SELECT n FROM visits WHERE dt IS NULL;
    """)
    lines = thalweg("run", "-D", "execution.runtime-mode=batch", script, "-o", "jsonl").stdout.splitlines()
    rows = sorted(line for line in lines if line.startswith("{"))
    assert rows == ['{"dt":"2024-01-31","place":"a/b=c","total":5}', '{"dt":"2024-02-01","place":"größe","total":2}', '{"n":3}'], lines
    folders = sorted(str(folder.relative_to(tmp_path / "visits")) for folder in (tmp_path / "visits").glob("*/*"))
    assert folders == ["dt=2024-01-31/place=a%2Fb%3Dc", "dt=2024-02-01/place=größe", "dt=__DEFAULT_PARTITION__/place=x"]
    assert len(list((tmp_path / "visits" / folders[0]).glob("part-*"))) == 2
    assert all((tmp_path / "visits" / folder / "_SUCCESS").exists() for folder in folders)
    if format == "json":
        assert next((tmp_path / "visits" / folders[1]).glob("part-*")).read_text() == '{"n":2}\n'


def test_sql_that_is_wrong_is_named_by_its_place(thalweg, tmp_path):
    script = tmp_path / "wrong.sql"
    script.write_text("SELECT 1;\nSELECT nothing;\n")
    assert f"{script}:2:8: " in thalweg("run", script, status=1).stderr
    assert "0 failed" in thalweg("test", ROOT / "tests" / "sql" / "queries.test").stdout

