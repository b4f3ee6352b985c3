#!/usr/bin/env python3
"""Nexmark through SQL: each query of tests/sql/nexmark over the seeded generator into a sink that drops its rows, one process a run.

  nexmark.py BINARY [--quick] [--only=q4,q9] [--parallelism=1,2] [--backends=hashmap,rocksdb] [--events=N] [--text]

nexmark.<query>.<backend>.p<parallelism>.rate: million events a second of CPU, user and system, of all threads, generator included; less what
an empty query takes. ...memory: peak resident MB. ...state: growth of that over q0's, by the rows or keys that the query keeps (ENTRIES).
nexmark.<query>.instructions: of an event, where the machine counts them (perf stat). JSON lines on stdout; --text: a table instead.
A query that is refused is a remark on stderr.
"""
import functools
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
EVENTS = {"hashmap": 2_000_000, "rocksdb": 500_000}
# Of 50 events.
PEOPLE, AUCTIONS, BIDS = 1, 3, 46
# What a query keeps, in events of 50: rows of joins, keys of groups, distinct values.
ENTRIES = {
    "q3": PEOPLE + AUCTIONS, "q4": AUCTIONS + BIDS, "q5": AUCTIONS, "q8": PEOPLE + AUCTIONS, "q9": AUCTIONS + BIDS,
    "q11": PEOPLE, "q12": PEOPLE, "q15": PEOPLE + AUCTIONS, "q17": AUCTIONS, "q18": BIDS, "q19": AUCTIONS, "q20": AUCTIONS + BIDS,
    "q23": PEOPLE + AUCTIONS + BIDS,
}
FOLDER = ROOT / "tests/sql/nexmark"
SOURCE = "'connector' = 'nexmark', 'events.num' = '{events}', 'next-event.rate' = '100000'"


def option(name, default):
    for argument in sys.argv[2:]:
        if argument.startswith(f"--{name}="):
            return argument.split("=", 1)[1]
    return default


@functools.cache
def side_input():
    """q13's table on disk, as nexmark-flink has it."""
    file = tempfile.NamedTemporaryFile("w", suffix=".csv")
    file.writelines(f"{key},value {key}\n" for key in range(10_000))
    file.flush()
    return file


def script(query, backend, parallelism, events):
    settings = f"SET 'state.backend.type' = '{backend}'; SET 'parallelism.default' = '{parallelism}'; SET 'thalweg.cores' = '{parallelism}';\n"
    tables = (FOLDER / "tables.sql").read_text().replace("${WITH}", SOURCE.format(events=events))
    return settings + tables + query.replace("${SIDE_INPUT}", side_input().name)


def run(binary, text, before=()):
    """CPU seconds, peak MB, stderr; None if it failed."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(text)
        file.flush()
        process = subprocess.Popen([*before, binary, "run", file.name], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        said = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        return None, None, said
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, said


def instructions(binary, text):
    if not shutil.which("perf"):
        return None
    _, _, said = run(binary, text, ("perf", "stat", "-x,", "-e", "instructions:u"))
    found = re.search(r"^(\d+),[^,]*,instructions", said or "", re.MULTILINE)
    return int(found[1]) if found else None


def main():
    binary = sys.argv[1]
    quick = "--quick" in sys.argv
    queries = sorted(FOLDER.glob("q*.sql"), key=lambda path: int(re.sub(r"\D", "", path.stem)))
    only = option("only", "")
    wanted = only.split(",") if only else [path.stem for path in queries]
    results = {}

    def report(name, value, unit):
        results[name] = value
        if "--text" not in sys.argv:
            print(json.dumps({"name": f"nexmark.{name}", "value": float(f"{value:.4g}"), "unit": unit}), flush=True)

    counts = True
    for backend in option("backends", "hashmap,rocksdb").split(","):
        events = 20_000 if quick else int(option("events", EVENTS[backend]))
        for parallelism in map(int, option("parallelism", "1,2").split(",")):
            empty, _, _ = run(binary, script("SELECT 1", backend, parallelism, events))
            base = None
            for path in queries:
                if path.stem not in wanted and not (path.stem == "q0" and not only):
                    continue
                text = script(path.read_text(), backend, parallelism, events)
                cpu, memory, said = run(binary, text)
                label = f"{path.stem}.{backend}.p{parallelism}"
                if cpu is None:
                    if backend == "hashmap" and parallelism == 1:
                        print(f"{path.stem} does not run: {said.strip().splitlines()[-1] if said.strip() else ''}", file=sys.stderr)
                    continue
                if path.stem == "q0":
                    base = memory
                report(f"{label}.rate", events / max(cpu - (empty or 0), 1e-3) / 1e6, "M events/s/core")
                report(f"{label}.memory", memory, "MB")
                if base is not None and path.stem in ENTRIES:
                    report(f"{label}.state", max(memory - base, 0) * 2**20 / (events * ENTRIES[path.stem] / 50), "bytes")
                if counts and backend == "hashmap" and parallelism == 1:
                    counted = instructions(binary, text)
                    counts = counted is not None
                    if counts:
                        report(f"{path.stem}.instructions", counted / events, "instructions/event")
    if not counts:
        print("instructions: this machine does not count them", file=sys.stderr)
    if "--text" in sys.argv:
        for name, value in results.items():
            print(f"{name:36}{value:12.4g}")


main()
