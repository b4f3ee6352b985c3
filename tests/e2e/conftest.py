"""Fixtures of the end-to-end tests: a broker for the session, topics of a test's own, programs that do not outlive it."""
import os
import subprocess
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
    """One broker for all tests that leave it running."""
    broker = Broker(tmp_path_factory.mktemp("kafka"))
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def own_broker(tmp_path):
    """A broker that the test may restart and kill."""
    broker = Broker(tmp_path / "kafka")
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def spawn(tmp_path):
    """spawn(args...) -> Popen with output in files `p.out` and `p.err`; killed at the end of the test."""
    running = []

    def start(*args, **environment):
        number = len(running)
        out, err = tmp_path / f"process{number}.out", tmp_path / f"process{number}.err"
        with open(out, "wb") as o, open(err, "wb") as e:
            process = subprocess.Popen([str(a) for a in args], stdout=o, stderr=e, env={**os.environ, **environment})
        process.out, process.err = out, err
        running.append(process)
        return process

    yield start
    for process in running:
        if process.poll() is None:
            process.kill()
        process.wait()
