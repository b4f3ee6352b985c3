"""The clickstream job from files to the terminal, and what it says when something is wrong."""
import json
import re
import signal
import time
from collections import defaultdict

import pytest

from clickstream import Clicks
from conftest import program
from recompute import windows

ROW = re.compile(r"PageStats\{page_url=(\S+), window_start=(\d+), window_end=(\d+), views=(\d+), unique_users=(\d+)\}")
CLICKS = Clicks(events=300_000)


@pytest.fixture(scope="module")
def clicks(tmp_path_factory):
    """A folder of JSON lines, one file per partition, and the windows they make."""
    folder = tmp_path_factory.mktemp("clicks")
    lines, events = defaultdict(list), []
    for partition, event in CLICKS.rows():
        lines[partition].append(json.dumps(event, separators=(",", ":")))
        events.append(event)
    for partition, texts in lines.items():
        (folder / f"clicks-{partition}.jsonl").write_text("\n".join(texts) + "\n")
    return folder, windows(events)


def results(*processes):
    """Windows by (page, start); the last one printed counts. And how often each was printed."""
    found, times = {}, defaultdict(int)
    for process in processes:
        for page, start, _, views, users in ROW.findall(process.out.read_text()):
            found[page, int(start)] = int(views), int(users)
            times[page, int(start)] += 1
    return found, times


def run(spawn, folder, *args):
    return spawn(program("clickstream"), "--files", folder, *args)


def checkpointed(folder, interval="20ms"):
    return ("-D", f"execution.checkpointing.interval={interval}", "-D", f"execution.checkpointing.dir=file://{folder}", "-D",
            "execution.checkpointing.num-retained=3", "-D", "pipeline.auto-watermark-interval=5ms")


@pytest.mark.parametrize("parallelism", [1, 4])
def test_windows_of_files_equal_the_recomputation(clicks, spawn, parallelism):
    folder, expected = clicks
    process = run(spawn, folder, "-D", f"parallelism.default={parallelism}")
    assert process.wait(120) == 0, process.err.read_text()
    found, times = results(process)
    assert found == expected
    assert set(times.values()) == {1}
    assert re.search(r"300,000 rows in", process.err.read_text())


def manifests(folder):
    return sorted(folder.rglob("chk-*/_metadata"), key=lambda path: int(path.parent.name[4:]))


def killed_after_checkpoints(spawn, folder, checkpoints, count):
    process = run(spawn, folder, "-D", "parallelism.default=2", *checkpointed(checkpoints))
    deadline = time.monotonic() + 120
    while len(manifests(checkpoints)) < count and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.002)
    process.kill()
    process.wait()
    return process


def test_a_damaged_newest_checkpoint_is_passed_over_loudly(clicks, spawn, tmp_path):
    folder, expected = clicks
    checkpoints = tmp_path / "checkpoints"
    checkpoints.mkdir()
    first = killed_after_checkpoints(spawn, folder, checkpoints, 2)
    found = manifests(checkpoints)
    assert len(found) >= 2, first.err.read_text()
    newest, before = found[-1], found[-2]
    content = bytearray(newest.read_bytes())
    content[len(content) // 2] ^= 0xFF
    newest.write_bytes(content)
    second = run(spawn, folder, "-D", "parallelism.default=3", *checkpointed(checkpoints), "--from-checkpoint", "latest")
    assert second.wait(120) == 0, second.err.read_text()
    text = second.err.read_text()
    assert newest.parent.name in text or f"heckpoint {newest.parent.name[4:]}" in text
    assert f"Restored checkpoint {before.parent.name[4:]}" in text
    found, _ = results(first, second)
    assert found == expected


def test_ctrl_c_takes_a_checkpoint_and_the_job_goes_on_from_it(clicks, spawn, tmp_path):
    folder, expected = clicks
    checkpoints = tmp_path / "checkpoints"
    checkpoints.mkdir()
    first = run(spawn, folder, *checkpointed(checkpoints))
    while not manifests(checkpoints) and first.poll() is None:
        time.sleep(0.002)
    first.send_signal(signal.SIGINT)
    assert first.wait(60) == 0, first.err.read_text()
    second = run(spawn, folder, "-D", "parallelism.default=2", *checkpointed(checkpoints), "--from-checkpoint", "latest")
    assert second.wait(120) == 0, second.err.read_text()
    found, times = results(first, second)
    assert found == expected
    assert set(times.values()) == {1}


def failure(process):
    assert process.wait(60) == 1
    return process.err.read_text()


def test_a_checkpoint_directory_below_a_file_is_told(clicks, spawn, tmp_path):
    (tmp_path / "file").write_text("")
    text = failure(run(spawn, clicks[0], *checkpointed(tmp_path / "file" / "checkpoints")))
    assert str(tmp_path / "file") in text and "Not a directory" in text


def test_checkpoints_without_a_directory_serve_the_process_and_go_with_it(clicks, spawn, tmp_path):
    folder, expected = clicks
    (tmp_path / "tmp").mkdir()
    process = spawn(program("clickstream"), "--files", folder, "-D", "execution.checkpointing.interval=10ms", TMPDIR=str(tmp_path / "tmp"))
    assert process.wait(120) == 0, process.err.read_text()
    assert results(process)[0] == expected
    text = process.err.read_text()
    assert f"Checkpoints are kept in {tmp_path}/tmp/thalweg-" in text and "execution.checkpointing.dir keeps them" in text
    assert re.search(r", \d+ checkpoints?", text)
    assert not list((tmp_path / "tmp").iterdir())


def test_checkpoints_without_a_directory_need_a_temporary_folder_and_cannot_be_restored(clicks, spawn, tmp_path):
    text = failure(spawn(program("clickstream"), "--files", clicks[0], "-D", "execution.checkpointing.interval=1s", TMPDIR=str(tmp_path / "none")))
    assert "execution.checkpointing.dir is not set" in text
    text = failure(run(spawn, clicks[0], "-D", "execution.checkpointing.interval=1s", "--from-checkpoint", "latest"))
    assert "latest needs execution.checkpointing.dir" in text


def test_a_misspelt_key_and_a_missing_folder_are_told(clicks, spawn, tmp_path):
    text = failure(run(spawn, clicks[0], "-D", "paralelism.default=2"))
    assert "paralelism.default" in text and "parallelism.default" in text
    text = failure(run(spawn, tmp_path / "nowhere", ))
    assert str(tmp_path / "nowhere") in text


@pytest.mark.parametrize("arguments, told", [
    (("--events", "abc"), "--events is how many clicks to generate, a whole number from 1 on, not 'abc'"),
    (("--events", "10x"), "not '10x'"),
    (("--events", "-5"), "not '-5'"),
    (("--events", "0"), "not '0'"),
    (("--events", "99999999999999999999"), "not '99999999999999999999'"),
    (("--events", ""), "not ''"),
    (("--events",), "--events needs a value"),
    (("--evens", "5"), "unknown argument '--evens'"),
])
def test_wrong_arguments_are_told_before_anything_is_written(spawn, arguments, told):
    process = spawn(program("clickstream"), *arguments)
    assert process.wait(60) == 2
    assert told in process.err.read_text()
    assert "Writing" not in process.out.read_text()
