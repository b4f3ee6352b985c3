"""The job "number" (jobs/jobs.cc): rows of keys in, each row of a key numbered 1, 2, ... out, from files to files."""
import json
from collections import Counter
from pathlib import Path

from conftest import BUILD, program


def write_rows(folder, rows, keys, files=2):
    """`rows` rows over `keys` keys in `files` files of JSON lines."""
    folder.mkdir()
    for number in range(files):
        with open(folder / f"rows-{number}.jsonl", "w") as out:
            for row in range(number, rows, files):
                out.write(f'{{"id":{row * 7919 % keys},"text":"row {row}"}}\n')


def command(source, out, *options):
    return (program("thalweg"), "run", BUILD / "lib" / "jobs" / "jobs.so", "-D", "parallelism.default=2", *options, "--", "number", source, out)


def visible(out):
    """Parts that a reader of the folder sees."""
    return [path for path in Path(out).iterdir() if not path.name.startswith(".")]


def faults(out, rows, keys):
    """What is wrong with the output: every key must have its numbers 1 to n, each once. Empty: it is whole."""
    seen = Counter()
    for path in visible(out):
        for line in path.read_text().splitlines():
            row = json.loads(line)
            seen[row["id"], int(row["text"])] += 1
    sizes = Counter(row * 7919 % keys for row in range(rows))
    expected = Counter({(key, number): 1 for key, size in sizes.items() for number in range(1, size + 1)})
    missing, surplus = expected - seen, seen - expected
    return [f"missing {list(missing)[:5]} of {sum(missing.values())}"] * bool(missing) + [
        f"surplus {list(surplus)[:5]} of {sum(surplus.values())}"] * bool(surplus)
