"""Fixtures of the end-to-end tests: a broker for the session, topics of a test's own, programs that do not outlive it."""
import os
import subprocess
import tempfile
from pathlib import Path

import pytest

from broker import Broker

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("THALWEG_BUILD", ROOT / "build" / "release"))


def program(name):
    """Path of a built program."""
    path = BUILD / "bin" / name
    assert path.exists(), f"{path} is not built: scripts/test.sh e2e builds it"
    return path


@pytest.fixture(scope="session")
def broker(tmp_path_factory):
    """One broker for all tests of a run; one that stops it starts it again over its data, and other tests do not notice."""
    broker = Broker(tmp_path_factory.mktemp("kafka"))
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def spawn(tmp_path):
    """spawn(args..., prefix=words in front) -> Popen with output in files `p.out` and `p.err`; killed at the end of the test."""
    running = []

    def start(*args, prefix=(), **environment):
        number = len(running)
        out, err = tmp_path / f"process{number}.out", tmp_path / f"process{number}.err"
        with open(out, "wb") as o, open(err, "wb") as e:
            process = subprocess.Popen([str(a) for a in (*prefix, *args)], stdout=o, stderr=e, env={**os.environ, **environment})
        process.out, process.err = out, err
        running.append(process)
        return process

    yield start
    for process in running:
        if process.poll() is None:
            process.kill()
        process.wait()


@pytest.fixture
def public_folder():
    """A folder that every user may enter and list; tmp_path is its owner's alone."""
    with tempfile.TemporaryDirectory(prefix="thalweg-e2e-") as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


@pytest.fixture(scope="session")
def unprivileged():
    """Words in front of a program that run it as a user without rights beyond its own: nobody, if the tests are root's.

    Where nobody may not read the programs (a checkout below /root), it may read everything, and write no more than before.
    """
    if os.geteuid() != 0:
        return ()
    nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    reading = (*nobody, "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")
    for words in (nobody, reading):
        if subprocess.run([*words, str(program("thalweg")), "--version"], capture_output=True).returncode == 0:
            return words
    raise AssertionError(f"nobody cannot run {program('thalweg')}, even with the right to read everything")
