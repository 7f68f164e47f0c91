"""Full disks and disks that can only be read: real ones, which only root can mount."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from training._fits import classifier, fit

import bpnet
from bpnet.cli import main


@pytest.fixture
def disk(tmp_path):
    """A disk of 64 kB, and a function that makes it read-only."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root can mount a file system")
    path = tmp_path / "disk"
    path.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", path], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted: {mounted.stderr.strip()}")
    try:
        yield path, lambda: subprocess.run(["mount", "-o", "remount,ro", path], check=True)
    finally:
        subprocess.run(["umount", "-l", path], check=True)


def fill(folder):
    """Take all the room there is; the file that does."""
    file = folder / "filler"
    with file.open("wb", buffering=0) as writer:
        try:
            while True:
                writer.write(bytes(4096))
        except OSError:
            return file


def test_a_fit_on_a_disk_that_fills(data, disk):
    path, _ = disk
    twin, log = classifier(), path / "log.csv"
    expected = fit(twin, data, epochs=6)

    class Fills(bpnet.Callback):
        def on_epoch_end(self, fit, row):
            if row["epoch"] == 2:
                filled.append(fill(path))
            if row["epoch"] == 5:
                filled[0].unlink()

    filled, net = [], classifier()
    log.write_text("")
    callbacks = [
        Fills(),
        bpnet.CSVLog(log),
        bpnet.Checkpoint(path / "checkpoints"),
        bpnet.TensorBoard(path / "events"),
    ]
    pytest.importorskip("tensorboardX", reason="tensorboardX is not installed")
    with pytest.warns(UserWarning, match="No space left on device"):
        history = fit(net, data, epochs=6, callbacks=callbacks)
    assert history["train_cost"] == expected["train_cost"]
    assert [one.partition("-step")[0] for one in sorted(os.listdir(path / "checkpoints"))] == [
        "epoch-0005",
        "epoch-0006",
    ]


def test_saving_to_a_full_disk_keeps_what_is_there(data, disk):
    path, _ = disk
    net = classifier()
    history = fit(net, data, epochs=2)
    for name, write in {
        "model.safetensors": net.save,
        "history.csv": history.to_csv,
        "history.jsonl": history.to_jsonl,
    }.items():
        (path / name).write_text("old")
        filler = fill(path)
        with pytest.raises(OSError, match="No space left on device") as caught:
            write(path / name)
        assert caught.value.filename == os.fspath(path / name)
        filler.unlink()
        assert (path / name).read_text() == "old"
    assert sorted(os.listdir(path)) == ["history.csv", "history.jsonl", "model.safetensors"]


def test_a_run_on_a_disk_that_is_full_at_the_end(disk, monkeypatch, capsys):
    path, _ = disk
    original = bpnet.KeepBest.on_epoch_end

    def on_epoch_end(self, fit, row):
        original(self, fit, row)
        if row["epoch"] == 3:
            filled.append(fill(path))

    filled, flags = [], ["train", "--quiet", "--epochs", "3"]
    with monkeypatch.context() as patched:
        patched.setattr(bpnet.KeepBest, "on_epoch_end", on_epoch_end)
        assert main([*flags, "--out", str(path / "a")]) == 1
    said = capsys.readouterr().err
    assert (
        f"bpnet: not written to {path / 'a'}: model.safetensors (No space left on device)" in said
    )
    assert said.endswith(f"make room, and --resume {path / 'a'} writes the rest\n")
    filled[0].unlink()
    assert main(["train", "--quiet", "--resume", str(path / "a")]) in (0, 1)  # room for the picture
    assert main([*flags, "--out", str(path.parent / "b")]) == 0
    files = [Path(run, "model.safetensors").read_bytes() for run in (path / "a", path.parent / "b")]
    assert files[0] == files[1]


def test_a_disk_that_can_only_be_read(data, disk, capsys):
    path, read_only = disk
    net = classifier()
    fit(net, data, epochs=1, callbacks=[bpnet.Checkpoint(path / "checkpoints")])
    (path / "log.csv").touch()
    (path / "run").mkdir()
    read_only()
    start = net.epochs
    for write in (
        lambda: net.save(path / "model.safetensors"),
        lambda: fit(net, data, callbacks=[bpnet.Checkpoint(path / "checkpoints")]),
        lambda: fit(net, data, callbacks=[bpnet.Checkpoint(path / "new")]),
        lambda: fit(net, data, callbacks=[bpnet.CSVLog(path / "log.csv")]),
        lambda: fit(net, data, callbacks=[bpnet.CSVLog(path / "new.csv")]),
    ):
        with pytest.raises(OSError, match="Read-only file system") as caught:
            write()
        assert str(caught.value.filename).startswith(os.fspath(path))
    assert net.epochs == start
    history = fit(net, data, epochs=1)
    with pytest.raises(OSError, match="Read-only file system"):
        history.to_csv(path / "history.csv")
    for run in ("run", "new"):
        assert main(["train", "--quiet", "--epochs", "1", "--out", str(path / run)]) == 2
        said = capsys.readouterr().err
        assert said.startswith("bpnet: the run folder cannot be written: ")
        assert "Read-only file system" in said
    assert bpnet.load(sorted((path / "checkpoints").glob("epoch*"))[-1]).epochs == 1
