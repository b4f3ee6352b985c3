#!/usr/bin/env python3
"""Nexmark through SQL: each query of tests/sql/nexmark over the seeded generator into a sink that drops its rows, one process a run.

  nexmark.py BINARY [--quick] [--only=q4,q9] [--parallelism=1,2] [--backends=hashmap,rocksdb] [--events=N] [--text]

nexmark.<query>.<backend>.p<parallelism>.rate: million events a second of CPU, user and system, of all threads, generator included; less what
an empty query takes; at parallelism 1 in memory, where the floors stand, the best of three runs. Events are made whole, fields that a query does not read
among them, as nexmark-flink makes them. Before each such run as much memory as the largest query needs is touched, so that a virtual machine's host has
given it. ...memory: peak resident MB.
...state, of hashmap: growth of that over q0's. ...stored: bytes of the checkpoint of a job that was stopped within a window, on RocksDB what its store
holds. Both by the rows or keys that the query keeps (ENTRIES); of a query whose checkpoint is no larger than q0's, 0: stateless.
nexmark.<query>.instructions: of an event, counted by perf stat, or by valgrind where the machine does not count: over 20,000 events less over
10,000, so that the start cancels. q6 runs in batch mode. JSON lines on stdout; --text: a table instead. A query that is refused is a remark on stderr.
"""
import functools
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

ROOT = pathlib.Path(__file__).resolve().parent.parent
EVENTS = {"hashmap": 2_000_000, "rocksdb": 500_000}
COUNTED_EVENTS = 10_000     # and as many again, under valgrind
# Of 50 events.
PEOPLE, AUCTIONS, BIDS = 1, 3, 46
# What a query keeps, in events of 50: rows of joins, keys of groups, distinct values.
ENTRIES = {
    "q3": PEOPLE + AUCTIONS, "q4": AUCTIONS + BIDS, "q5": AUCTIONS, "q8": PEOPLE + AUCTIONS, "q9": AUCTIONS + BIDS,
    "q11": PEOPLE, "q12": PEOPLE, "q15": PEOPLE + AUCTIONS, "q17": AUCTIONS, "q18": BIDS, "q19": AUCTIONS, "q20": AUCTIONS + BIDS,
    "q23": PEOPLE + AUCTIONS + BIDS,
}
SIDE_ROWS = 10_000
# q13 keeps the rows of the table that it looks up in, however many events there are; reading the file makes memory grow by more.
FIXED = {"q13": SIDE_ROWS}
# q7 keeps of a window its highest price and the bids that none has beaten: so many that growth of memory does not show them.
OF_A_WINDOW = {"q7"}
# Too uneven for a share of the events: counted by the engine.
COUNT_ENTRIES = {"q16": "SELECT COUNT(*) FROM (SELECT DISTINCT channel, bidder FROM bid UNION ALL SELECT DISTINCT channel, auction FROM bid)"}
# Refused in streaming mode, as by Flink. No checkpoints there, so no stored bytes.
IN_BATCH_MODE = {"q6"}
FOLDER = ROOT / "tests/sql/nexmark"
EVENT_RATE = 100_000        # of event time
RUNS = {("hashmap", 1): 3}  # else one: a shared machine is slower by a half at times, and the floors stand here
TOUCHED = 640 * 2**20       # bytes; q9 takes 472 MB, the most
WINDOW_SECONDS = 10
# A job that is stopped has read no more than a window: half a million events a second at most.
PACE, SECONDS_TO_STOP = 500_000, 1.5
NO_STATE_BYTES = 1024       # of a checkpoint beyond q0's: names of nodes


def option(name, default):
    for argument in sys.argv[2:]:
        if argument.startswith(f"--{name}="):
            return argument.split("=", 1)[1]
    return default


@functools.cache
def side_input():
    """q13's table on disk, as nexmark-flink has it."""
    file = tempfile.NamedTemporaryFile("w", suffix=".csv")
    file.writelines(f"{key},value {key}\n" for key in range(SIDE_ROWS))
    file.flush()
    return file


def script(query, backend, parallelism, source):
    settings = f"SET 'state.backend.type' = '{backend}'; SET 'parallelism.default' = '{parallelism}'; SET 'thalweg.cores' = '{parallelism}';\n"
    options = f"'connector' = 'nexmark', 'next-event.rate' = '{EVENT_RATE}', 'whole-events' = 'true', {source}"
    tables = (FOLDER / "tables.sql").read_text().replace("${WITH}", options)
    return settings + tables + query.replace("${SIDE_INPUT}", side_input().name)


def touch():
    """Memory that a host has taken back costs a process that gets it up to 2 ns a byte: touched in a process of its own, whose end leaves it to the next."""
    subprocess.run([sys.executable, "-c", f"import mmap; m = mmap.mmap(-1, {TOUCHED})\nfor at in range(0, {TOUCHED}, 4096): m[at] = 1"], check=True)


def text_of(path):
    return ("SET 'execution.runtime-mode' = 'batch';\n" if path.stem in IN_BATCH_MODE else "") + path.read_text()


def bounded(events):
    return f"'events.num' = '{events}'"


def run(binary, text, before=(), options=(), stop_after=None):
    """CPU seconds, peak MB, stdout, stderr; None for numbers if it failed. `stop_after` seconds it is stopped."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file, tempfile.TemporaryFile("w+") as printed:
        file.write(text)
        file.flush()
        process = subprocess.Popen([*before, binary, "run", file.name, *options], stdout=printed, stderr=subprocess.PIPE, text=True)
        if stop_after:
            time.sleep(stop_after)
            process.send_signal(signal.SIGINT)
        said = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        printed.seek(0)
        out = printed.read()
    if process.returncode != 0:
        return None, None, out, said
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, out, said


def counted_by_perf(binary, query):
    """Instructions of an event, the start among them."""
    events = EVENTS["hashmap"]
    text = script(query, "hashmap", 1, bounded(events))
    cpu, _, _, said = run(binary, text, ("perf", "stat", "-x,", "-e", "instructions:u"))
    if cpu is None:
        return None
    found = re.search(r"^(\d+),[^,]*,instructions", said, re.MULTILINE)
    return int(found[1]) / events if found else None


def counted_by_valgrind(binary, query):
    totals = []
    for events in (COUNTED_EVENTS, 2 * COUNTED_EVENTS):
        with tempfile.NamedTemporaryFile("r", suffix=".callgrind") as profile:
            before = ("valgrind", "--tool=callgrind", f"--callgrind-out-file={profile.name}")
            if run(binary, script(query, "hashmap", 1, bounded(events)), before)[0] is None:
                return None
            found = re.search(r"^(?:totals|summary): (\d+)", pathlib.Path(profile.name).read_text(), re.MULTILINE)
        if not found:
            return None
        totals.append(int(found[1]))
    return (totals[1] - totals[0]) / COUNTED_EVENTS


@functools.cache
def counter(binary):
    """What counts instructions here, or None."""
    if shutil.which("perf") and counted_by_perf(binary, "SELECT 1;"):
        return counted_by_perf
    return counted_by_valgrind if shutil.which("valgrind") else None


def stored(binary, query, backend, parallelism, seconds):
    """Bytes of the checkpoint of a job that is stopped, and the events that it had read; None if it failed."""
    with tempfile.TemporaryDirectory() as folder:
        text = script(query, backend, parallelism, f"'rows-per-second' = '{PACE}'")
        options = ("-D", "execution.checkpointing.interval=1 h", "-D", f"execution.checkpointing.dir=file://{folder}")
        cpu, _, _, said = run(binary, text, options=options, stop_after=seconds)
        read = re.search(r"([\d,]+) rows in", said)
        if cpu is None or not read:
            return None
        size = sum(path.stat().st_size for path in pathlib.Path(folder).rglob("*") if path.is_file())
        return size, int(read[1].replace(",", ""))


def entries(binary, name, events):
    """What a query keeps of so many events; None if this is not known."""
    if name in COUNT_ENTRIES:
        out = run(binary, "SET 'execution.runtime-mode' = 'batch';\n" + script(COUNT_ENTRIES[name] + ";", "hashmap", 1, bounded(events)),
                  options=("-o", "csv"))[2]
        return int(out.split()[-1])
    if name in OF_A_WINDOW:
        return max(1, events // (EVENT_RATE * WINDOW_SECONDS))
    return FIXED.get(name) or (events * ENTRIES[name] / 50 if name in ENTRIES else None)


def complaint(said):
    return said.strip().splitlines()[0] if said.strip() else "no message"


class Report:
    def __init__(self):
        self.results = {}

    def __call__(self, name, value, unit):
        self.results[name] = value
        if "--text" not in sys.argv:
            print(json.dumps({"name": f"nexmark.{name}", "value": float(f"{value:.4g}"), "unit": unit}), flush=True)

    def stored(self, binary, name, label, found, least):
        """The line of a checkpoint's bytes; `least`: those of q0's."""
        size, events = found
        kept = entries(binary, name, events)
        if size <= least + NO_STATE_BYTES and name not in OF_A_WINDOW:
            self(f"{label}.stored", 0, "stateless")
        elif kept:
            self(f"{label}.stored", (size - least) / kept, "bytes/window" if name in OF_A_WINDOW else "bytes")
        else:
            print(f"{label} keeps {size - least} bytes of {events} events, of which ENTRIES tells nothing", file=sys.stderr)


def best(binary, text, runs):
    """Least CPU seconds of so many runs, memory touched before each (0: one, nothing touched), peak MB of that run; and what the last said."""
    results = []
    for _ in range(max(runs, 1)):
        if runs:
            touch()
        cpu, memory, _, said = run(binary, text)
        if cpu is None:
            return None, None, said
        results.append((cpu, memory))
    return *min(results), said


def measure(binary, queries, wanted, report, backend, parallelism, quick):
    """All figures of a backend at a parallelism."""
    events = 20_000 if quick else int(option("events", EVENTS[backend]))
    empty = run(binary, script("SELECT 1", backend, parallelism, bounded(events)))[0]
    base, least = None, None
    for path in queries:
        name = path.stem
        if name not in wanted and name != "q0":
            continue
        label = f"{name}.{backend}.p{parallelism}"
        cpu, memory, said = best(binary, script(text_of(path), backend, parallelism, bounded(events)),
                                 0 if quick else RUNS.get((backend, parallelism), 1))
        if cpu is None:
            if backend == "hashmap" and parallelism == 1:
                print(f"{name} does not run: {complaint(said)}", file=sys.stderr)
            continue
        found = None
        if name not in IN_BATCH_MODE:
            found = stored(binary, path.read_text(), backend, parallelism, 0.5 if quick else SECONDS_TO_STOP)
        if name == "q0":
            base, least = memory, found[0] if found else 0
        if name not in wanted:
            continue
        report(f"{label}.rate", events / max(cpu - (empty or 0), 1e-3) / 1e6, "M events/s/core")
        report(f"{label}.memory", memory, "MB")
        if backend == "hashmap" and name not in OF_A_WINDOW and name not in FIXED and (kept := entries(binary, name, events)):
            report(f"{label}.state", max(memory - base, 0) * 2**20 / kept, "bytes")
        if found:
            report.stored(binary, name, label, found, least)
        elif name not in IN_BATCH_MODE:
            print(f"{label} cannot be stopped with a checkpoint", file=sys.stderr)


def count_instructions(binary, queries, wanted, report):
    count = counter(binary)
    if not count:
        print("instructions: there is neither a perf that counts nor valgrind", file=sys.stderr)
        return
    paths = [path for path in queries if path.stem in wanted]
    side_input()   # made once, before threads ask for it
    # Programs beside each other do not change what is counted.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, counted in zip(paths, pool.map(lambda path: count(binary, text_of(path)), paths)):
            if counted:
                report(f"{path.stem}.instructions", counted, "instructions/event")
            else:
                print(f"{path.stem}: its instructions could not be counted", file=sys.stderr)


def main():
    binary = sys.argv[1]
    quick = "--quick" in sys.argv
    queries = sorted(FOLDER.glob("q*.sql"), key=lambda path: int(re.sub(r"\D", "", path.stem)))
    only = option("only", "")
    wanted = only.split(",") if only else [path.stem for path in queries]
    report = Report()
    for backend in option("backends", "hashmap,rocksdb").split(","):
        for parallelism in map(int, option("parallelism", "1,2").split(",")):
            measure(binary, queries, wanted, report, backend, parallelism, quick)
    # The quick run shows that it runs.
    count_instructions(binary, queries[:1] if quick else queries, wanted, report)
    if "--text" in sys.argv:
        for name, value in report.results.items():
            print(f"{name:36}{value:12.4g}")


main()
