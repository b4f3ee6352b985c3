"""The program under test, from outside: scripts in, folded results out."""
import json
import os
import subprocess
import tempfile
from collections import Counter
from decimal import Decimal
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(os.environ.get("THALWEG", ROOT / "build" / "release" / "bin" / "thalweg"))
LIMIT = 600  # seconds of one run: it hangs
PLUS, MINUS = ("+I", "+U"), ("-U", "-D")


class Failed(Exception):
    """The program ended with an error; the text is what it said."""


def run(sql, *options):
    """Lines of JSON that the script prints, as `thalweg run -o jsonl` gives them."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(sql)
        script.flush()
        done = subprocess.run([str(PROGRAM), "run", script.name, "-o", "jsonl", *options], capture_output=True, text=True, timeout=LIMIT)
    if done.returncode != 0:
        raise Failed(done.stderr)
    return done.stdout.splitlines()


def test(text):
    """Output of `thalweg test` over cases written as text, and whether all passed."""
    with tempfile.NamedTemporaryFile("w", suffix=".test") as cases:
        cases.write(text)
        cases.flush()
        done = subprocess.run([str(PROGRAM), "test", cases.name], capture_output=True, text=True, timeout=LIMIT)
    return done.stdout + done.stderr, done.returncode == 0


def parse(line):
    """(kind of change, values in the order of the columns). Numbers with a point are Decimal, so that no digit is lost."""
    pairs = json.loads(line, parse_float=Decimal, object_pairs_hook=list)
    kind = "+I"
    if pairs and pairs[0][0] == "op":
        kind = pairs.pop(0)[1]
    return kind, tuple(value for _, value in pairs)


def fold(changes):
    """The rows that a changelog leaves, each as often as it is there. A change of a row that is not there is an error."""
    rows = Counter()
    for kind, row in changes:
        row = frozen(row)
        if kind in PLUS:
            rows[row] += 1
        elif rows[row] > 0:
            rows[row] -= 1
        else:
            raise AssertionError(f"{kind} of a row that is not there: {row}")
    return Counter({row: count for row, count in rows.items() if count})


def fold_texts(changes, read):
    """The same of rows as they are printed, (kind, text): a row that is taken back was printed alike, so only those that stay are read."""
    standing = Counter()
    for (text,), count in fold((kind, (text,)) for kind, text in changes).items():
        standing[frozen(read(text))] += count
    return standing


def fold_lines(lines):
    """The same of lines of JSON."""
    if not lines or not lines[0].startswith('{"op":"'):
        return fold(map(parse, lines))
    return fold_texts(((line[7:9], line[11:]) for line in lines), lambda text: parse("{" + text)[1])


def frozen(value):
    """Lists as tuples, so that rows can be counted."""
    return tuple(frozen(each) for each in value) if isinstance(value, (list, tuple)) else value


def select(sql, *options):
    """The rows that a script's one query leaves."""
    return fold_lines(run(sql, *options))
