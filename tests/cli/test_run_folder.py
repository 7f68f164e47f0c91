"""The run folder: one run at a time, nothing of anyone else's, and full disks."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from _full_disk import full
from training._interrupted import Crash, names

import bpnet
import bpnet.cli.run_folder
from bpnet.cli import main

RUN = ["curves.png", "history.csv", "history.jsonl", "model.safetensors", "settings.toml"]
FILES = sorted([*RUN, "confusion.png", "report.json"])
SHORT = ["train", "--quiet", "--epochs", "2"]

posix = pytest.mark.skipif(os.name != "posix", reason="links, pipes and signals of POSIX")


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(bpnet.cli.run_folder, "_PAUSE", 0.0)
    root = os.fspath(Path(bpnet.__file__).parents[1])
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([root, os.environ.get("PYTHONPATH", "")]))


def failed(capsys, code, *flags):
    """What a run that fails says."""
    capsys.readouterr()
    assert main([*SHORT, *flags]) == code
    return capsys.readouterr().err.removeprefix("bpnet: ").rstrip("\n")


def broken(monkeypatch, *flags):
    """A run that is broken off after its first epoch."""

    def crash(self, fit, row):
        original(self, fit, row)
        raise Crash

    kind = bpnet.cli.run_folder._Checkpoint
    original = kind.on_epoch_end
    with monkeypatch.context() as patched:
        patched.setattr(kind, "on_epoch_end", crash)
        assert main([*SHORT, *flags]) == 1


# ------------------------------------------------------------------ one run at a time


# As the command; but a shell lets what it runs in the background ignore Ctrl-C.
COMMAND = """
import signal, sys
from bpnet.cli import main
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def running():
    """A run in the folder ``a`` that goes on for long."""
    command = [sys.executable, "-c", COMMAND, "train", "--quiet", "--hidden", "24"]
    command += ["--epochs", "1000000", "--early-stopping", "0", "--out", "a"]
    child = subprocess.Popen(command, stderr=subprocess.PIPE)
    while not Path("a", "settings.toml").exists():
        assert child.poll() is None
        time.sleep(0.01)
    yield child
    child.kill()
    child.wait()
    child.stderr.close()


def test_a_second_run_in_the_folder_of_one_that_goes_on(running, capsys):
    in_use = f"'a' is in use: process {running.pid} is training in it. Wait until it ends"
    before = Path("a", "settings.toml").read_bytes()
    assert in_use in failed(capsys, 2, "--out", "a", "--overwrite")
    assert main(["train", "--resume", "a"]) == 2
    assert in_use in capsys.readouterr().err
    assert failed(capsys, 2, "--out", "a").startswith("a is not empty: name another --out")
    assert Path("a", "settings.toml").read_bytes() == before
    assert running.poll() is None


@posix
def test_a_killed_run_is_no_obstacle(running, capsys):
    running.kill()
    running.wait()
    assert ".bpnet.lock" in names(Path("a"))
    assert main([*SHORT, "--out", "a", "--overwrite"]) == 0
    assert names(Path("a")) == FILES


@posix
def test_an_interrupted_run_gives_the_folder_back(running):
    while not list(Path("a", "checkpoints").glob("epoch-*")):
        assert running.poll() is None
        time.sleep(0.01)
    running.send_signal(signal.SIGINT)
    assert running.wait(timeout=120) == 130, running.stderr.read()
    assert names(Path("a")) == sorted([*RUN, "checkpoints"])
    assert not Path("a", "checkpoints", ".bpnet.lock").exists()


def test_two_runs_that_begin_together():
    """Both find the folder empty; one has it, and its files are there alone."""
    command = [sys.executable, "-m", "bpnet", *SHORT, "--out", "a", "--hidden"]
    runs = [subprocess.Popen([*command, n], stderr=subprocess.PIPE, text=True) for n in ("8", "24")]
    said = [one.communicate()[1] for one in runs]
    codes = [one.returncode for one in runs]
    assert sorted(codes) == [0, 2], said
    assert bpnet.load("a/model.safetensors").sizes[1] == (8, 24)[codes.index(0)]
    words = said[codes.index(2)]
    assert "'a' is in use: process" in words or "a is not empty: name another --out" in words
    assert names(Path("a")) == FILES


def test_a_fit_in_the_checkpoints_of_a_run(monkeypatch, capsys):
    broken(monkeypatch, "--out", "a")
    claim = bpnet.cli.run_folder.FolderClaim("a/checkpoints")
    words = "'a/checkpoints' is in use: another fit of this process is training in it"
    assert words in failed(capsys, 2, "--out", "a", "--overwrite")
    assert main(["train", "--resume", "a"]) == 2
    assert words in capsys.readouterr().err
    claim.release()
    assert main(["train", "--quiet", "--resume", "a"]) == 0
    assert names(Path("a")) == FILES


# ------------------------------------------------------------------ other people's files


@posix
def test_overwrite_deletes_nothing_behind_a_link(capsys):
    assert main([*SHORT, "--out", "a"]) == 0
    before = Path("a", "model.safetensors").read_bytes()
    os.symlink("a", "link")
    said = failed(capsys, 2, "--out", "link", "--overwrite")
    assert said.startswith("--overwrite deletes nothing behind a link, and link leads to /")
    Path("far").mkdir()
    Path("far", "epoch-0001-step-00000001.safetensors").write_text("precious")
    os.symlink("../far", "a/checkpoints")
    said = failed(capsys, 2, "--out", "a", "--overwrite")
    assert said.startswith("--overwrite deletes nothing behind a link, and a/checkpoints leads to")
    assert Path("a", "model.safetensors").read_bytes() == before
    assert names(Path("far")) == ["epoch-0001-step-00000001.safetensors"]


@posix
def test_overwrite_removes_links_and_not_what_they_lead_to(capsys):
    Path("a").mkdir()
    Path("mine.csv").write_text("precious")
    for name in ("history.csv", "model.safetensors"):
        os.symlink("../mine.csv", f"a/{name}")
    assert main([*SHORT, "--out", "a", "--overwrite"]) == 0
    assert Path("mine.csv").read_text() == "precious"
    assert not Path("a", "history.csv").is_symlink()


def test_overwrite_keeps_the_data(capsys):
    Path("a").mkdir()
    Path("a", "history.csv").write_text("x,y\n" + "".join(f"{k},{k % 2}\n" for k in range(50)))
    before = Path("a", "history.csv").read_bytes()
    flags = ["--data", "a/history.csv", "--target", "y", "--out", "a", "--overwrite"]
    said = failed(capsys, 2, *flags)
    assert said == "--overwrite would delete the data, a/history.csv: name another --out"
    assert Path("a", "history.csv").read_bytes() == before


def test_what_is_not_of_the_run_stays(monkeypatch):
    broken(monkeypatch, "--out", "a")
    mine = ["mine.safetensors", ".mine.safetensors.bak"]
    for name in mine:
        Path("a", name).touch()
        Path("a", "checkpoints", name).touch()
    assert main(["train", "--quiet", "--resume", "a"]) == 0
    assert names(Path("a")) == sorted([*FILES, "checkpoints", *mine])
    assert names(Path("a", "checkpoints")) == sorted(mine)
    assert main([*SHORT, "--out", "a", "--overwrite"]) == 0
    assert names(Path("a", "checkpoints")) == sorted(mine)


@posix
def test_what_a_killed_run_left_half_written_is_removed(monkeypatch):
    broken(monkeypatch, "--out", "a")
    half = ["settings.toml", "model.safetensors", "curves.png"]
    for name in half:
        Path("a", f".{name}.0123abcd.bpnet-tmp").write_text("half")
    Path("a", "checkpoints", ".data.blake2b.0123abcd.bpnet-tmp").write_text("half")
    Path("a", "checkpoints", ".best.safetensors.0123abcd.bpnet-tmp").write_text("half")
    assert main(["train", "--quiet", "--resume", "a"]) == 0
    assert names(Path("a")) == FILES


# ------------------------------------------------------------------ full disks


@pytest.mark.parametrize(
    "lost", [RUN[:1], RUN[1:3], RUN[3:4], RUN[:4], ["confusion.png", "report.json"]]
)
def test_what_cannot_be_written_at_the_end_is_told_and_can_be_written_later(
    monkeypatch, capsys, lost
):
    original = os.replace

    def replace(source, target):
        return (full if os.path.basename(target) in lost else original)(source, target)

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", replace)
        said = failed(capsys, 1, "--out", "a")
    for name in lost:
        assert f"{name} (No space left on device)" in said
    assert said.startswith("not written to a: ")
    assert said.endswith(": make room, and --resume a writes the rest")
    left = sorted({*FILES, "checkpoints"} - set(lost))
    assert names(Path("a")) == left
    assert main(["train", "--quiet", "--resume", "a"]) == 0
    assert main([*SHORT, "--out", "b"]) == 0
    assert names(Path("a")) == names(Path("b")) == FILES
    assert Path("a/model.safetensors").read_bytes() == Path("b/model.safetensors").read_bytes()
    texts = [Path(run, "history.jsonl").read_text() for run in "ab"]
    rows = [[{**json.loads(line), "seconds": 0} for line in text.splitlines()] for text in texts]
    assert rows[0] == rows[1]


def test_a_disk_that_is_full_from_the_beginning_keeps_the_run_before(monkeypatch, capsys):
    assert main([*SHORT, "--out", "a"]) == 0
    before = {name: Path("a", name).read_bytes() for name in FILES}
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        said = failed(capsys, 2, "--out", "a", "--overwrite")
    assert said == "the run folder cannot be written: a/settings.toml: No space left on device"
    assert {name: Path("a", name).read_bytes() for name in FILES} == before
    assert names(Path("a")) == FILES
