#!/usr/bin/env python3
"""Arroyo's SQL tests (tests/corpus/arroyo) against its golden outputs: straight, and restored at another parallelism.

All queries are one job. To stop it in the middle, its inputs are folders of two files, the second of which is a pipe that nobody writes to: the job
waits, checkpoints are taken, it is killed; then the pipe becomes the file, and the job goes on from the newest checkpoint.
"""
import json
import os
import re
import shutil
import signal
import string
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import corpus
import engine

FOLDER = engine.ROOT / "tests" / "corpus" / "arroyo"
PARTIAL = {"every_aggregate"}   # of these only some of the golden columns exist here
INPUTS = {"cars": "cars.json", "impulse": "impulse.json", "aggregate_updates": "aggregate_updates.json"}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)?")
CHECKPOINTS = 3
IO_THREADS = 200   # each pipe holds one
DIGITS = 6   # behind the point, of numbers


def write_inputs(folder, parts):
    """Each input as a folder of `parts` files; where there are two, the second is a pipe, and its lines are returned by path."""
    waiting = {}
    for name, file in INPUTS.items():
        lines = (FOLDER / "inputs" / file).read_text().splitlines()
        lines = [line.replace("+00:00", "Z") for line in lines]   # ISO-8601 as Flink reads it
        (folder / name).mkdir(parents=True)
        cut = len(lines) if parts == 1 else len(lines) * 6 // 10
        (folder / name / "1.json").write_text("\n".join(lines[:cut]) + "\n")
        if parts == 2:
            os.mkfifo(folder / name / "2.json")
            waiting[folder / name / "2.json"] = "\n".join(lines[cut:]) + "\n"
    return waiting


def queries(skips):
    return [path.stem for path in sorted((FOLDER / "queries").glob("*.sql")) if path.stem not in skips]


def script(names, inputs, outputs):
    """All queries as one statement set."""
    text = (FOLDER / "tables.sql").read_text()
    definitions, inserts = [string.Template(text).safe_substitute(INPUT=inputs)], []
    for name in names:
        sink = f"'connector' = 'filesystem', 'path' = '{outputs}/{name}', 'format' = "
        body = string.Template((FOLDER / "queries" / f"{name}.sql").read_text()).safe_substitute(
            INPUT=inputs,
            APPENDS=f"{sink}'json', 'json.timestamp-format.standard' = 'ISO-8601'",
            CHANGES=f"{sink}'debezium-json', 'debezium-json.timestamp-format.standard' = 'ISO-8601'")
        for statement in body.split(";\n"):
            if statement.strip():
                (inserts if statement.lstrip().startswith("INSERT") else definitions).append(statement.strip() + ";")
    return "\n".join(definitions) + "\nEXECUTE STATEMENT SET BEGIN\n" + "\n".join(inserts) + "\nEND;\n"


def command(file, folder, parallelism, *more):
    settings = {"execution.checkpointing.interval": "100 ms", "execution.checkpointing.dir": folder / "checkpoints", "parallelism.default": parallelism,
                "pipeline.name": "arroyo", "thalweg.io.threads": IO_THREADS}
    options = [word for key, value in settings.items() for word in ("-D", f"{key}={value}")]
    return [str(engine.PROGRAM), "run", str(file), *options, *more]


def run_to_end(*words):
    done = subprocess.run(words, capture_output=True, text=True, timeout=engine.LIMIT)
    if done.returncode != 0:
        raise engine.Failed(done.stderr)


def straight(names, folder, parallelism):
    write_inputs(folder / "in", 1)
    file = folder / "job.sql"
    file.write_text(script(names, folder / "in", folder / "out"))
    run_to_end(*command(file, folder, parallelism))
    return folder / "out"


def restored(names, folder):
    """Killed after three checkpoints at parallelism 2, on to the end at 3."""
    waiting = write_inputs(folder / "in", 2)
    file = folder / "job.sql"
    file.write_text(script(names, folder / "in", folder / "out"))
    with open(folder / "first.err", "w") as errors:
        job = subprocess.Popen(command(file, folder, 2), stdout=subprocess.DEVNULL, stderr=errors)
        try:
            until = time.monotonic() + engine.LIMIT
            while completed(folder / "checkpoints") < CHECKPOINTS:
                if job.poll() is not None or time.monotonic() > until:
                    raise engine.Failed("no checkpoints: " + (folder / "first.err").read_text())
                time.sleep(0.05)
        finally:
            job.send_signal(signal.SIGKILL)
            job.wait()
    for pipe, text in waiting.items():
        pipe.unlink()
        pipe.write_text(text)
    run_to_end(*command(file, folder, 3, "-s", "latest"))
    return folder / "out"


def completed(checkpoints):
    """How many checkpoints have been completed, by the folder of the one in work."""
    # The folder of the next one is made when the one before is over.
    numbers = [int(found.group(1)) for path in checkpoints.rglob("*") if (found := re.search(r"chk-(\d+)$", path.name)) and path.is_dir()]
    return max(numbers, default=1) - 1


def normal(value):
    if isinstance(value, str) and TIME.fullmatch(value):
        value = value.removesuffix("Z").removesuffix("+00:00")
        return value.rstrip("0").rstrip(".") if "." in value else value
    if isinstance(value, float):
        return round(value, DIGITS)
    return value


def rows_of(lines, columns=None):
    """What lines of rows or of changes leave, each row as sorted names and values. Later changes may stand before earlier ones: they are added up."""
    rows = Counter()
    for line in lines:
        value = json.loads(line)
        changes = ((value.get("before"), -1), (value["after"], 1)) if isinstance(value.get("op"), str) else ((value, 1),)
        for row, count in changes:
            if row is not None:
                rows[tuple(sorted((k, normal(v)) for k, v in row.items() if columns is None or k in columns))] += count
    return Counter({row: count for row, count in rows.items() if count})


def compare(name, outputs):
    """None, or what is wrong with the query's output."""
    ours = rows_of(line for part in (outputs / name).iterdir() if not part.name.startswith(".") for line in part.read_text().splitlines())
    if not ours:
        return "no rows"
    columns = {key for key, _ in next(iter(ours))} if name in PARTIAL else None
    theirs = rows_of((FOLDER / "golden" / f"{name}.json").read_text().splitlines(), columns)
    if ours == theirs:
        return None
    return f"{sum((theirs - ours).values())} rows are missing, {sum((ours - theirs).values())} too many: " \
           f"missing {list(theirs - ours)[:2]}, extra {list(ours - theirs)[:2]}"


def check_all(way, run, names, results):
    with tempfile.TemporaryDirectory() as folder:
        try:
            outputs = run(names, Path(folder))
        except engine.Failed as failed:
            results.update({f"{name} ({way})": str(failed).strip().splitlines()[-1] for name in names})
            print(failed, file=sys.stderr)
            return
        results.update({f"{name} ({way})": compare(name, outputs) for name in names})


def main(only):
    skips = corpus.read_skips(FOLDER / "skips.tsv")
    names = [name for name in queries(skips) if not only or name in only]
    results = {}
    check_all("straight", lambda n, f: straight(n, f, 1), names, results)
    check_all("restored", restored, names, results)
    # A query passes if it does both ways.
    both = {name: results[f"{name} (straight)"] or results[f"{name} (restored)"] for name in names}
    corpus.report("arroyo", both, skips)


if __name__ == "__main__":
    main(sys.argv[1:])
