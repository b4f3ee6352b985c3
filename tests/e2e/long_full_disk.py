"""A real disk that fills up under a job: a small tmpfs. Needs root and a mount namespace of its own (scripts/long/full_disk.sh).

Not collected by itself: `unshare --mount .venv/bin/python -m pytest tests/e2e/long_full_disk.py`.
"""
import os
import re
import subprocess
import time

import pytest

from numbered import command, faults, write_rows

ROWS, KEYS = 300_000, 20_000
DISK = "24m"  # room for output and checkpoints of the job (about 12 MB and 2 x 1 MB), if nothing else lies there
LEFT = 64 << 10  # bytes that the ballast leaves free
SECONDS = 120


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rows") / "in"
    write_rows(folder, ROWS, KEYS)
    return folder


@pytest.fixture
def disk(tmp_path):
    """An almost full disk: `disk.free()` removes what fills it."""
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", folder], check=True)
    yield Disk(folder)
    subprocess.run(["umount", "--lazy", folder], check=True)


class Disk:
    def __init__(self, path):
        self.path, self.ballast = path, path / "ballast"
        space = os.statvfs(path)
        with open(self.ballast, "wb") as file:
            file.write(bytes(space.f_bavail * space.f_frsize - LEFT))

    def free(self):
        self.ballast.unlink()


def checkpoints(folder, *more):
    return ("-D", f"execution.checkpointing.dir=file://{folder}", "-D", "execution.checkpointing.interval=50ms", *more)


def tell(record_property, process, **facts):
    text = process.err.read_text()
    said = re.search(r"[^\n]*ENOSPC[^\n]*", text)
    record_property("full_disks_met", len(re.findall("ENOSPC", text)))
    record_property("restarts", text.count("restarting in"))
    for name, value in facts.items():
        record_property(name, value)
    record_property("said", re.sub(r"/\S*/disk/", "", said[0])[:400] if said else "")


def names_the_disk(text, folder):
    """File below `folder`, and what to do."""
    return re.search(rf"No space left on device \(ENOSPC\): {folder}/\S+; free space on this disk or choose a folder on another one", text)


def until_it_said(process, text):
    deadline = time.monotonic() + SECONDS
    while text not in process.err.read_text():
        assert process.poll() is None, process.err.read_text()
        assert time.monotonic() < deadline, process.err.read_text()
        time.sleep(0.01)


def test_a_file_sink_on_a_full_disk_ends_a_job_without_restarts(source, disk, spawn, record_property):
    out = disk.path / "out"
    process = spawn(*command(source, out))
    assert process.wait(SECONDS) == 1
    text = process.err.read_text()
    assert "Operator 'numbered rows'" in text and "bytes free" in text
    assert names_the_disk(text, out), text
    tell(record_property, process, rows_out="none")


@pytest.mark.parametrize("backend", ["hashmap", "rocksdb"])
def test_output_and_checkpoints_on_a_full_disk_go_on_when_space_is_free(source, disk, spawn, backend, record_property):
    out = disk.path / "out"
    process = spawn(*command(source, out, *checkpoints(disk.path / "checkpoints"), "-D", f"state.backend.type={backend}", "-D",
                             "restart-strategy.type=fixed-delay", "-D", "restart-strategy.fixed-delay.attempts=1000", "-D",
                             "restart-strategy.fixed-delay.delay=100ms"))
    until_it_said(process, "restarting in")
    disk.free()
    assert process.wait(SECONDS) == 0, process.err.read_text()
    text = process.err.read_text()
    assert names_the_disk(text, disk.path), text
    assert faults(out, ROWS, KEYS) == []
    tell(record_property, process, backend=backend, rows_out=f"{ROWS}, each once")


@pytest.mark.parametrize("backend", ["hashmap", "rocksdb"])
def test_checkpoints_alone_on_a_full_disk_are_aborted_and_the_job_goes_on(source, disk, spawn, tmp_path, backend, record_property):
    out = tmp_path / "out"
    process = spawn(*command(source, out, *checkpoints(disk.path / "checkpoints", "-D", "execution.checkpointing.tolerable-failed-checkpoints=1000"),
                             "-D", f"state.backend.type={backend}"))
    until_it_said(process, "aborted")
    disk.free()
    assert process.wait(SECONDS) == 0, process.err.read_text()
    text = process.err.read_text()
    assert names_the_disk(text, disk.path), text
    assert "restarting in" not in text
    assert faults(out, ROWS, KEYS) == []
    tell(record_property, process, backend=backend, rows_out=f"{ROWS}, each once")
