"""500 random queries over random tables: bounded in both modes against DuckDB, in one and several subtasks on both backends, and as streams that are stopped and restored in the middle."""
import os
import subprocess
import sys
from pathlib import Path

import pytest

SEED = int(os.environ.get("THALWEG_SEED", 1))
QUERIES = int(os.environ.get("THALWEG_QUERIES", 500))


@pytest.mark.parametrize("way", ["bounded", "batch", "restart"])
def test_random_queries_give_what_the_oracle_gives(way, tell):
    words = [sys.executable, "-m", "differential", "--seed", str(SEED), "--queries", str(QUERIES), "--ways", way]
    done = subprocess.run(words, cwd=Path(__file__).parent, capture_output=True, text=True)
    print(done.stdout, done.stderr)
    for line in done.stdout.splitlines():   # the seed, and how often each feature came, which is the same in each way
        if line.startswith("differential: ") or (line.startswith("features: ") and way == "bounded"):
            tell(line)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr
