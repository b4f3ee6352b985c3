"""Folders that a job may not write to: what it says, and what it leaves."""
import os
import re

import pytest

from numbered import command, faults, visible, write_rows

ROWS, KEYS = 2_000, 50


@pytest.fixture
def source(public_folder):
    write_rows(public_folder / "in", ROWS, KEYS)
    return public_folder / "in"


def without_rights(folder):
    folder.mkdir()
    folder.chmod(0o555)
    return folder


def failure(process):
    assert process.wait(60) == 1, process.err.read_text()
    return process.err.read_text()


def tells(text, folder):
    """The folder, who may not write there, and what to do."""
    uid = os.geteuid() or 65534
    found = re.search(r"Permission denied \(EACCES\): (\S+); give user .*\(?uid (\d+)\)? the right to the folder or choose another one", text)
    assert found, text
    return found[1].startswith(str(folder)) and int(found[2]) == uid


@pytest.mark.parametrize("below", ["", "below"])
def test_a_sinks_folder_without_the_right_to_write_fails_the_job_and_says_who_needs_it(source, public_folder, spawn, unprivileged, below):
    out = without_rights(public_folder / "out")
    text = failure(spawn(*command(source, out / below), prefix=unprivileged))
    assert tells(text, out), text
    assert "Operator 'numbered rows'" in text
    assert list(out.iterdir()) == []


def test_a_checkpoint_folder_without_the_right_to_write_fails_the_job_and_says_who_needs_it(source, public_folder, spawn, unprivileged):
    checkpoints = without_rights(public_folder / "checkpoints")
    out = public_folder / "out"
    out.mkdir()
    out.chmod(0o777)
    text = failure(spawn(*command(source, out, "-D", f"execution.checkpointing.dir=file://{checkpoints}", "-D",
                                  "execution.checkpointing.interval=10ms"), prefix=unprivileged))
    assert tells(text, checkpoints), text
    assert "Checkpoint directory (execution.checkpointing.dir)" in text, text
    assert "restarting" not in text, text
    assert list(checkpoints.iterdir()) == []
    assert visible(out) == [], "a part whose checkpoint does not exist is seen"


def test_with_the_right_given_the_same_job_runs(source, public_folder, spawn, unprivileged):
    out = without_rights(public_folder / "out")
    out.chmod(0o777)
    process = spawn(*command(source, out), prefix=unprivileged)
    assert process.wait(60) == 0, process.err.read_text()
    assert faults(out, ROWS, KEYS) == []


def test_a_sinks_folder_below_a_regular_file_fails_the_job_and_says_what_is_in_the_way(source, public_folder, spawn):
    (public_folder / "file").write_text("mine")
    text = failure(spawn(*command(source, public_folder / "file" / "out")))
    assert f"Not a directory (ENOTDIR): {public_folder}/file/" in text and "is a file, not a folder: choose another folder" in text
    assert "Operator 'numbered rows'" in text
    assert (public_folder / "file").read_text() == "mine"
