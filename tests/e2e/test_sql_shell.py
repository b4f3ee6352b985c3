"""`thalweg sql` at a pseudo-terminal: editing, completion, history, Ctrl-C; and with statements from a pipe."""
import os
import pty
import re
import select
import subprocess
import time

import pytest

from conftest import program

DEADLINE_S = 60  # a busy machine
PROMPT = "thalweg> "
MORE = "      -> "


class Shell:
    """A shell at a terminal of its own. What it wrote is read up to a text that must come."""

    def __init__(self, state, *arguments):
        path = str(program("thalweg"))
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm", XDG_STATE_HOME=str(state), TZ="UTC")
            os.execv(path, [path, "sql", *map(str, arguments)])
        self.seen = ""

    def type(self, text):
        os.write(self.fd, text.encode())

    def until(self, text):
        """All that came up to and with `text`."""
        end = time.monotonic() + DEADLINE_S
        while text not in self.seen:
            assert time.monotonic() < end, f"{text!r} did not come: {self.seen!r}"
            if select.select([self.fd], [], [], 0.5)[0]:
                try:
                    self.seen += os.read(self.fd, 65536).decode(errors="replace")
                except OSError:
                    raise AssertionError(f"{text!r} did not come before the end: {self.seen!r}")
        before, self.seen = self.seen.split(text, 1)
        return before + text

    def run(self, statement):
        self.type(statement + "\n")
        return self.until(PROMPT)

    def end(self):
        """Exit status."""
        os.close(self.fd)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


@pytest.fixture
def shell(tmp_path):
    shells = []

    def start(*arguments):
        shells.append(Shell(tmp_path / "state", *arguments))
        shells[-1].until(PROMPT)
        return shells[-1]

    yield start
    for one in shells:
        try:
            os.kill(one.pid, 9)
            os.waitpid(one.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_text_beyond_ascii_arrives_as_it_was_typed(shell, monkeypatch, locale):
    monkeypatch.setenv("LC_ALL", locale)
    sql = shell()
    sql.type("SELECT 'dropped ü\x03")
    sql.until(PROMPT)
    assert "| +I |" in sql.run("SELECT CHAR_LENGTH('ü中') + 40, 'ü中';")
    out = sql.run("SELECT CHAR_LENGTH('ü中') + 40 AS n;")
    assert re.search(r"\| \+I \| +42 \|", out), out


def test_statements_of_several_lines_run_and_errors_cost_nothing_else(shell):
    sql = shell()
    sql.type("SELECT a, a + 1\n")
    sql.until(MORE)
    sql.type("FROM (VALUES (1)) AS t(a);\n")
    out = sql.until(PROMPT)
    assert "| +I |           1 |           2 |" in out and "1 row in set" in out
    assert "did you mean SELECT?" in sql.run("SELEC 1;")
    assert "| +I |           7 |" in sql.run("SELECT 7;")
    sql.type("quit\n")
    os.waitpid(sql.pid, 0)


def test_ctrl_c_drops_the_line_and_ends_the_query_but_not_the_shell(shell):
    sql = shell()
    sql.type("SELECT half a statement\x03")
    sql.until(PROMPT)
    sql.run("CREATE TABLE numbers (n INT) WITH ('connector' = 'datagen', 'rows-per-second' = '50');")
    sql.type("SELECT n FROM numbers;\n")
    sql.until("| op |")
    sql.until("| +I |")
    sql.type("\x03")
    out = sql.until(PROMPT)
    assert re.search(r"Query terminated, received a total of \d+ row", out)
    assert "in set" not in out, "a table that was not read to its end has no footer"
    assert "numbers" in sql.run("SHOW TABLES;"), "the session still knows its tables"


def test_tab_completes_tables_columns_and_keywords(shell):
    sql = shell()
    sql.run("CREATE TABLE measurements (temperature INT, pressure INT) WITH ('connector' = 'blackhole');")
    sql.type("DESC measu\t")
    sql.until("rements")  # what was typed is not written again
    assert "temperature" in sql.run(";")
    sql.type("INSERT INTO measurements (temp\t")
    sql.until("erature")
    sql.type("\x03")
    sql.until(PROMPT)
    sql.type("SHOW TAB\t")
    sql.until("LE")
    sql.type("\x03")
    sql.until(PROMPT)


def test_history_outlives_the_shell(shell, tmp_path):
    first = shell()
    first.run("SELECT 41 + 1;")
    first.type("\x04")
    os.waitpid(first.pid, 0)
    second = shell()
    second.type("\x1b[A")
    second.until("SELECT 41 + 1;")
    second.type("\n")
    assert "| +I |          42 |" in second.until(PROMPT)


def test_an_unbounded_insert_runs_beside_and_can_be_stopped(shell):
    sql = shell()
    sql.run("CREATE TABLE numbers (n INT) WITH ('connector' = 'datagen', 'rows-per-second' = '10');")
    sql.run("CREATE TABLE nothing (n INT) WITH ('connector' = 'blackhole');")
    job = re.search(r"Job ID: ([0-9a-f]{32})", sql.run("INSERT INTO nothing SELECT n FROM numbers;")).group(1)
    out = sql.run("SHOW JOBS;")
    assert job in out and "RUNNING" in out
    assert "OK" in sql.run(f"STOP JOB '{job}';")
    assert "CANCELED" in sql.run("SHOW JOBS;")
    assert "There is no job" in sql.run("STOP JOB 'x';")


def test_files_are_tables(shell, tmp_path):
    (tmp_path / "people.csv").write_text('id,name,score\n1,alice,2.5\n2,"b,ob",\n')
    (tmp_path / "events.json").write_text('{"a":1,"b":{"c":"x"}}\n{"a":2.5,"b":null}\n')
    sql = shell()
    out = sql.run(f"SELECT id + 1 AS i, name, score FROM '{tmp_path}/people.csv';")
    assert "|                    3 |                           b,ob |                         <NULL> |" in out
    out = sql.run(f"SELECT e.a, e.b.c FROM '{tmp_path}/events.json' AS e;")
    assert "|                            1.0 |                              x |" in out
    assert "There is no file" in sql.run(f"SELECT * FROM '{tmp_path}/none.csv';")


def test_statements_come_from_a_pipe_too(tmp_path):
    done = subprocess.run([program("thalweg"), "sql", "-o", "jsonl"], input="SELECT 1 AS a;\nSELECT nothing;\nSELECT\n 2 AS a;\n",
                          capture_output=True, text=True, timeout=DEADLINE_S)
    assert done.stdout.splitlines() == ['{"op":"+I","a":1}', '{"op":"+I","a":2}']
    assert "nothing" in done.stderr and done.returncode == 1
    init = tmp_path / "init.sql"
    init.write_text("CREATE VIEW v AS SELECT 5 AS a;")
    done = subprocess.run([program("thalweg"), "sql", "-i", init], input="SELECT a FROM v", capture_output=True, text=True, timeout=DEADLINE_S)
    assert "|           5 |" in done.stdout and done.returncode == 0
