"""The command that the README begins with, as it is typed: on files and on a broker of its own."""
import os
import re
import subprocess

from clickstream import Clicks
from conftest import ROOT, program
from test_clickstream_files import ROW
from recompute import windows

LIMIT = 600  # seconds: it hangs


def quickstart(*args, **environment):
    program("clickstream")  # built before: the command's own build has nothing to do
    done = subprocess.run([str(ROOT / "scripts" / "quickstart.sh"), *args], capture_output=True, text=True, timeout=LIMIT, env={**os.environ, **environment})
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout, done.stderr


def test_a_generated_stream_goes_from_files_to_windows_on_the_terminal():
    out, err = quickstart()
    rows = ROW.findall(out)
    assert len(rows) > 1000
    assert sum(int(views) for *_, views, _ in rows) == 1_000_000
    assert re.search(r"1,000,000 rows in, [\d,]+ rows out, [\d,]+ rows/s", err)


def test_with_kafka_it_goes_from_topic_to_topic():
    out, _ = quickstart("--kafka", CLICKS="50000")
    assert "writing 50000 clicks" in out
    expected = windows(event for _, event in Clicks(events=50_000).rows())
    assert int(re.search(r"(\d+) results in topic page-stats", out).group(1)) == len(expected)
    assert len(re.findall(r'"page_url"', out)) == 5
