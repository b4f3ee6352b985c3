"""Random queries over random tables against DuckDB, typed; and a stream that is stopped and restored against the same results.

  python -m differential [--seed N] [--queries N] [--ways bounded,batch,restart] [--processes N] [--keep FOLDER]
"""
import argparse
import re
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from multiprocessing import Pool
from pathlib import Path
from random import Random

import duckdb

import engine
import values
from . import data, queries

PER_TABLES = 50   # queries over the same tables, in one process
ROWS = 40
SHARE = 0.05      # of the queries that each feature is in
SETTINGS = "SET 'table.local-time-zone' = 'UTC';\n"
RUNS = ("as it stands", "rows one by one", "restarted after each step")   # of a case, by `thalweg test`


def placement(seed):
    """What must not matter: of three seeds one runs in one subtask, of four seeds two on RocksDB, in all combinations."""
    return f"SET 'parallelism.default' = '{1 + seed % 3}';\nSET 'state.backend.type' = '{('hashmap', 'rocksdb')[seed // 2 % 2]}';\n"


class Batch:
    """Tables and queries of one seed, and the oracle's results."""

    def __init__(self, seed, count):
        random = Random(seed)
        self.seed = seed
        self.tables = [data.Table("t1", random, random.choice([3, ROWS])), data.Table("t2", random, ROWS), data.Table("r1", random, ROWS, changes=True)]
        self.oracle = duckdb.connect()
        self.oracle.execute("SET threads = 1")
        for table in self.tables:
            table.fill(self.oracle)
        generator = queries.Generator(random, self.tables)
        self.queries, self.expected, self.kinds = [], [], []
        while len(self.queries) < count:
            query = generator.query(len(self.queries))
            try:
                result = self.oracle.execute(query[1])
                kinds = [str(column[1]) for column in result.description]
                rows = result.fetchall()
            except (duckdb.OutOfRangeException, duckdb.ConversionException):
                continue   # a number beyond its type: no equal spelling
            except duckdb.Error as failed:
                raise RuntimeError(f"the oracle does not take seed {seed}: {failed}\n{query[1]}")
            if len(rows) > 20_000:
                continue
            self.queries.append(query)
            self.expected.append(values.plain_rows(rows))
            self.kinds.append(kinds)

    def bounded(self, folder, mode):
        """{query: what is wrong} of a run over files."""
        tables = SETTINGS + placement(self.seed) + f"SET 'execution.runtime-mode' = '{mode}';\n"
        for table in self.tables:
            table.write(folder / table.name, mode == "streaming")
            tables += table.flink(folder / table.name, mode == "streaming")
        wrong = {}
        self.run_all(folder / f"{mode}.sql", tables, list(range(len(self.queries))), wrong)
        return wrong

    def run_all(self, script, tables, left, wrong):
        """One process as long as nothing fails; a failure is the query's in whose line it is, or is looked for one by one."""
        while left:
            first = tables.count("\n") + 1
            script.write_text(tables + "".join(self.queries[number][0] + ";\n" for number in left))
            printed, error = run(script)
            if error is None:
                return self.compare(printed, left, wrong)
            at = re.search(r"\.sql:(\d+)", error)
            if not at or not 0 <= int(at.group(1)) - first < len(left):
                if len(left) == 1:
                    wrong[left[0]] = error.strip()
                    return
                for number in left:
                    self.run_all(script, tables, [number], wrong)
                return
            failed = int(at.group(1)) - first
            self.compare(printed, left[:failed], wrong)
            wrong[left[failed]] = error.strip()
            left = left[failed + 1:]

    def compare(self, printed, numbers, wrong):
        rows = {number: [] for number in numbers}
        for line in printed:
            number = int(re.search(r'"q(\d+)_0"', line).group(1))
            if number in rows:
                rows[number].append(line)
        for number in numbers:
            if difference := self.difference(number, engine.fold_lines, rows[number]):
                wrong[number] = difference

    def difference(self, number, fold, *came):
        """What is wrong with the rows that `fold` reads from what came; None: nothing."""
        try:
            return values.difference(values.read_rows(fold(*came), self.kinds[number]), self.expected[number])
        except (AssertionError, ValueError) as failed:
            return str(failed)

    def restart(self, folder):
        """{query: what is wrong} of streams that are stopped and restored in the middle, in all runs of `thalweg test`.

        Each run prints a row that says that it begins, then its changes: they are folded, read and compared as those of the other ways, floats too.
        """
        cases = []
        for number, (flink, _, _, _) in enumerate(self.queries):
            read = [table for table in self.tables if re.search(rf"(FROM|JOIN|TABLE) {table.name}\b", flink)]
            lines = [f"=== q{number}", SETTINGS.strip(), *(table.test().strip() for table in read)]
            lines += [printing("run", f"SELECT {number}"), printing("row", flink)]
            for half in (0, 1):
                for table in read:
                    middle = len(table.log) // 2
                    lines += [f"--- input {table.name}", *(data.row_text(*change) for change in (table.log[:middle], table.log[middle:])[half])]
                if half == 0:
                    lines.append("--- restart")
            cases.append("\n".join([*lines, "--- end"]) + "\n")
        file = folder / "restart.test"
        file.write_text("\n".join(cases))
        output = test(file)
        wrong = {int(number): why.strip() for number, why in re.findall(r"^FAILED q(\d+)\n(.*?)\n\n", output, re.M | re.S)}
        if not re.search(rf"^{len(cases)} cases?, {len(wrong)} failed", output, re.M):
            return {-1: output[-1500:]}
        runs = changes_of_runs(output)
        for number, kinds in enumerate(self.kinds):
            if number not in wrong and len(runs[number]) != len(RUNS):
                wrong[number] = f"{len(runs[number])} runs instead of {len(RUNS)}"
            for name, changes in zip(RUNS, runs[number]):
                difference = self.difference(number, engine.fold_texts, changes, lambda text, kinds=kinds: data.printed_cells(text, kinds))
                if difference and number not in wrong:
                    wrong[number] = f"{name}: {difference}"
        return wrong


def printing(name, query):
    """A statement that prints the query's changes behind a name."""
    return f"CREATE TABLE printed_{name} WITH ('connector' = 'print', 'print-identifier' = '{name}') AS {query};"


def changes_of_runs(output):
    """{query: [changes of each of its runs]}, changes as (kind, what stands between the brackets)."""
    runs = defaultdict(list)
    for name, kind, text in re.findall(r"^(run|row)> (..)\[(.*)\]$", output, re.M):
        if name == "run":
            changes = []
            runs[int(text)].append(changes)
        else:
            changes.append((kind, text))
    return runs


def run(script):
    """Printed lines and the error, if there was one."""
    done = subprocess.run([str(engine.PROGRAM), "run", str(script), "-o", "jsonl"], capture_output=True, text=True, timeout=engine.LIMIT)
    return done.stdout.splitlines(), None if done.returncode == 0 else done.stderr or f"exit status {done.returncode}"


def test(file):
    done = subprocess.run([str(engine.PROGRAM), "test", str(file)], capture_output=True, text=True, timeout=engine.LIMIT)
    return done.stdout + done.stderr


def told(batch, number, way, wrong):
    text = f"FAILED seed {batch.seed} query {number}, {way}: {wrong[:1500]}\n"
    return text + (f"  {batch.queries[number][0]}\n  {batch.queries[number][1]}\n\n" if number >= 0 else "")


class Judged:
    """What came of the queries of one seed."""

    def __init__(self, work):
        seed, count, ways, keep = work
        batch = Batch(seed, count)
        self.total, self.filled = len(batch.queries), sum(bool(rows) for rows in batch.expected)
        self.features = Counter(feature for query in batch.queries for feature in query[3])
        self.failures = []
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(keep) / str(seed) if keep else Path(folder)
            folder.mkdir(parents=True, exist_ok=True)
            for way in ways:
                wrong = batch.restart(folder) if way == "restart" else batch.bounded(folder, "streaming" if way == "bounded" else way)
                self.failures += [told(batch, number, way, wrong[number]) for number in sorted(wrong)]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--queries", type=int, default=500)
    parser.add_argument("--ways", default="bounded,batch,restart")
    parser.add_argument("--keep", help="folder where scripts and tables stay")
    parser.add_argument("--processes", type=int, default=1, help="seeds at a time")
    parser.add_argument("--stop-at-first", action="store_true")
    options = parser.parse_args()
    ways = options.ways.split(",")
    work = [(options.seed + place, min(PER_TABLES, options.queries - first), ways, options.keep)
            for place, first in enumerate(range(0, options.queries, PER_TABLES))]
    total = failed = filled = 0
    features = Counter()
    with Pool(options.processes) as pool:
        for judged in pool.imap(Judged, work):
            total, filled, failed = total + judged.total, filled + judged.filled, failed + len(judged.failures)
            features.update(judged.features)
            print("".join(judged.failures), end="", flush=True)
            if failed and options.stop_at_first:
                sys.exit(1)
    rare = [name for name in queries.FEATURES if features[name] < SHARE * total]
    print("features: " + ", ".join(f"{name} {features[name] * 100 // total} %" for name in queries.FEATURES))
    print(f"differential: {total} queries from seed {options.seed} on by {', '.join(ways)}: {failed} failures; {filled * 100 // total} % of the results have rows")
    if total >= 500 and rare:
        print(f"too rare: {', '.join(rare)}")
    sys.exit(bool(failed or filled * 2 < total or (total >= 500 and rare)))


if __name__ == "__main__":
    main()
