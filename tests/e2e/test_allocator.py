"""The program has jemalloc for its malloc. That the library brings none is told by tests/install/run.sh."""
import os
import subprocess

from conftest import program


def test_the_programs_malloc_is_jemalloc_and_reads_its_environment():
    environment = {**os.environ, "MALLOC_CONF": "stats_print:true,narenas:3"}
    ran = subprocess.run([str(program("thalweg")), "run", "-e", "SELECT 1"], env=environment, capture_output=True, text=True, check=True)
    assert "Begin jemalloc statistics" in ran.stderr
    assert 'opt.narenas: 3' in ran.stderr
