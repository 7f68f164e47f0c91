"""``bpnet train --resume``."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from training._interrupted import Crash, names

import bpnet
import bpnet.cli.run_folder
import bpnet.tabular.fitting
import bpnet.training.streaming
from bpnet.cli import main

RUN = ["curves.png", "history.csv", "history.jsonl", "model.safetensors", "settings.toml"]
JUDGED = sorted([*RUN, "confusion.png", "report.json"])  # of images; a table has importances too


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(bpnet.cli.run_folder, "_PAUSE", 0.0)
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 120))
    rows = [f"{p:.6f},{q:.6f},{'yes' if p * q > 0 else 'no'}" for p, q in zip(a, b, strict=True)]
    Path("table.csv").write_text("a,b,same\n" + "\n".join(rows))
    return ["--data", "table.csv", "--target", "same"]


def train_until(monkeypatch, epoch, *flags):
    """A run of the command that is broken off after an epoch."""

    def crash(self, fit, row):
        original(self, fit, row)
        if row["epoch"] == epoch:
            raise Crash

    kind = bpnet.cli.run_folder._Checkpoint
    original = kind.on_epoch_end
    with monkeypatch.context() as patched:
        patched.setattr(kind, "on_epoch_end", crash)
        assert main(["train", "--quiet", *flags]) == 1


def contents(folder):
    """A run's files, without the seconds that epochs took and the picture."""
    path = Path(folder)
    with (path / "history.csv").open(newline="") as file:
        rows = [{k: v for k, v in row.items() if k != "seconds"} for row in csv.DictReader(file)]
    lines = [json.loads(line) for line in (path / "history.jsonl").read_text().splitlines()]
    lines = [{k: v for k, v in line.items() if k != "seconds"} for line in lines]
    files = [
        (path / name).read_bytes() for name in ("model.safetensors", "settings.toml", "report.json")
    ]
    assert set(JUDGED) <= set(names(path)) <= {*JUDGED, "importance.png"}
    return rows, lines, files


@pytest.mark.parametrize(
    "flags",
    [
        [],
        ["--no-best", "--epochs", "20"],
        ["--dropout", "0.2", "--schedule", "cosine", "--warmup", "2", "--metrics", "f1", "auc"],
        ["--normalization", "batch", "--class-weight", "yes=2"],
        ["--schedule", "step", "--schedule-epochs", "4", "--class-weight", "balanced"],
        ["--early-stopping", "3", "--learning-rate", "0.02", "--dtype", "float64"],
        ["--checkpoint-every", "3", "--epochs", "9", "--optimizer", "momentum"],
    ],
    ids=["plain", "last", "dropout", "batch", "step", "early-stopping", "every-third"],
)
def test_a_resumed_run_leaves_what_an_unbroken_one_does(elsewhere, monkeypatch, capsys, flags):
    flags = [*elsewhere, "--epochs", "30", *flags]
    train_until(monkeypatch, 7, *flags, "--out", "a")
    assert names(Path("a")) == ["checkpoints", "settings.toml"]
    assert main(["train", *flags, "--out", "b"]) == 0
    expected = capsys.readouterr().out
    assert main(["train", "--resume", "a"]) == 0
    told = capsys.readouterr().out
    after = 6 if "--checkpoint-every" in flags else 7
    assert f"resumed   a, after epoch {after}\n" in told
    assert told.splitlines()[-1] == expected.splitlines()[-1]
    assert contents("a") == contents("b")


def test_a_run_of_a_version_that_judged_epochs_otherwise(elsewhere, monkeypatch, capsys):
    with monkeypatch.context() as patched:
        patched.setattr(bpnet.tabular.fitting, "BEST", "validation_accuracy")
        train_until(patched, 3, *elsewhere, "--early-stopping", "0", "--epochs", "9", "--out", "a")
    capsys.readouterr()
    assert main(["train", "--quiet", "--resume", "a"]) == 2
    told = capsys.readouterr().err
    assert told.startswith("bpnet: the run in a was begun by another version of bpnet, and cannot")
    assert main(["train", "--quiet", "--config", "a/settings.toml", "--out", "b"]) == 0


@pytest.fixture
def own_parts(elsewhere):
    """Tables to train and to validate on, with weights and groups."""
    rows = Path("table.csv").read_text().splitlines()[1:]
    for name, part in (("train", rows[:90]), ("held", rows[90:])):
        lines = [f"{row},{1 + k % 3},g{k % 9}" for k, row in enumerate(part)]
        Path(f"{name}.csv").write_text("\n".join(["a,b,same,weight,group", *lines]))
    flags = "--data train.csv --target same --validation held.csv --weight weight --drop group"
    return [*flags.split(), "--dropout", "0.2", "--class-weight", "balanced"]


def test_a_run_with_weights_and_tables_of_its_own_is_resumed(own_parts, monkeypatch):
    flags = [*own_parts, "--epochs", "12"]
    train_until(monkeypatch, 5, *flags, "--out", "a")
    assert main(["train", *flags, "--quiet", "--out", "b"]) == 0
    assert main(["train", "--quiet", "--resume", "a"]) == 0
    assert contents("a") == contents("b")


@pytest.mark.parametrize(("file", "old", "new"), [("held", "yes", "no"), ("train", ",1,", ",2,")])
def test_another_table_to_validate_on_or_other_weights_are_other_data(
    own_parts, monkeypatch, capsys, file, old, new
):
    train_until(monkeypatch, 3, *own_parts, "--epochs", "12", "--out", "a")
    path = Path(f"{file}.csv")
    before = path.read_text()
    path.write_text(before.replace(old, new, 1))
    capsys.readouterr()
    assert main(["train", "--quiet", "--resume", "a"]) == 2
    assert "the data have changed since the run in a began: restore them" in capsys.readouterr().err
    path.write_text(before)
    assert main(["train", "--quiet", "--resume", "a"]) == 0


def test_a_table_to_validate_on_is_not_overwritten(own_parts, capsys):
    Path("run").mkdir()
    Path("held.csv").rename("run/history.csv")
    flags = [one.replace("held.csv", "run/history.csv") for one in own_parts]
    assert main(["train", *flags, "--out", "run", "--overwrite"]) == 2
    assert "--overwrite would delete the data, run/history.csv" in capsys.readouterr().err


@pytest.mark.skipif(os.name != "posix", reason="sends SIGKILL to a process")
def test_a_run_that_is_killed(elsewhere):
    flags = ["train", "--quiet", "--epochs", "120", "--hidden", "64", "64"]
    # As the command, but with no pause between two checkpoints, which may be longer than the run.
    code = (
        "import sys, bpnet.cli.run_folder; from bpnet.cli import main; "
        "bpnet.cli.run_folder._PAUSE = 0.0; sys.exit(main(sys.argv[1:]))"
    )
    with subprocess.Popen([sys.executable, "-c", code, *flags, "--out", "a"]) as process:
        while not list(Path("a", "checkpoints").glob("epoch-*")):
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert main([*flags, "--out", "b"]) == 0
    assert main(["train", "--quiet", "--resume", "a"]) == 0
    assert contents("a") == contents("b")


@pytest.mark.parametrize("moment", ["on_steps", "on_epoch_end"])
def test_ctrl_c_loses_no_epoch(elsewhere, monkeypatch, ctrl_c, capsys, moment):
    """Though checkpoints are written once a second at most."""

    def press(self, fit, *arguments):
        original(self, fit, *arguments)
        if len(fit.history) == 5:
            ctrl_c()

    monkeypatch.setattr(bpnet.cli.run_folder, "_PAUSE", 1e9)
    original = getattr(bpnet.KeepBest, moment)
    flags = ["train", *elsewhere, "--folds", "0", "--epochs", "12"]
    with monkeypatch.context() as patched:
        patched.setattr(bpnet.KeepBest, moment, press)
        assert main([*flags, "--out", "a"]) == 130
    trained = re.search(r"trained   (\d+) epochs", capsys.readouterr().out)[1]
    assert bpnet.load("a/model.safetensors").epochs == int(trained) >= 5
    assert main(["train", "--resume", "a"]) == 0
    assert f"resumed   a, after epoch {trained}\n" in capsys.readouterr().out
    assert main([*flags, "--quiet", "--out", "b"]) == 0
    assert contents("a") == contents("b")


def test_a_run_that_was_interrupted_goes_on(elsewhere, monkeypatch, ctrl_c, capsys):
    def press(self, fit, row):
        original(self, fit, row)
        if row["epoch"] == 3:
            ctrl_c()

    original = bpnet.KeepBest.on_epoch_end
    flags = ["train", *elsewhere, "--folds", "0", "--quiet", "--epochs", "12"]
    with monkeypatch.context() as patched:
        patched.setattr(bpnet.KeepBest, "on_epoch_end", press)
        assert main([*flags, "--out", "a"]) == 130
    end = "bpnet: interrupted; the run until then is in a; --resume a goes on\n"
    assert capsys.readouterr().err.endswith(end)
    assert names(Path("a")) == sorted([*RUN, "checkpoints"])
    assert main(["train", "--resume", "a", "--quiet"]) == 0
    assert main([*flags, "--out", "b"]) == 0
    assert contents("a") == contents("b")


def test_a_run_that_was_killed_before_its_first_checkpoint(elsewhere, monkeypatch, capsys):
    flags = [*elsewhere, "--epochs", "6"]
    train_until(monkeypatch, 2, *flags, "--checkpoint-every", "4", "--out", "a")
    assert main(["train", "--resume", "a"]) == 0
    assert "resumed   a, after epoch 0\n" in capsys.readouterr().out
    assert main(["train", *flags, "--checkpoint-every", "4", "--out", "b"]) == 0
    assert contents("a") == contents("b")


def test_a_run_whose_newest_checkpoint_is_damaged(elsewhere, monkeypatch, capsys):
    flags = [*elsewhere, "--epochs", "9"]
    train_until(monkeypatch, 5, *flags, "--out", "a")
    newest = sorted(Path("a", "checkpoints").glob("epoch-*"))[-1]
    newest.write_bytes(newest.read_bytes()[:-9])
    capsys.readouterr()
    assert main(["train", "--resume", "a"]) == 0
    told, notes = capsys.readouterr()
    assert "resumed   a, after epoch 4\n" in told
    assert re.search(r"note: the checkpoint '.*epoch-0004.*' is taken: .*epoch-0005.*", notes)
    assert main(["train", *flags, "--out", "b"]) == 0
    assert contents("a") == contents("b")


def test_short_runs_write_none(elsewhere, monkeypatch, capsys):
    """A run that lost less than a second of work begins anew."""
    monkeypatch.setattr(bpnet.cli.run_folder, "_PAUSE", 99.0)
    train_until(monkeypatch, 5, *elsewhere, "--epochs", "9", "--out", "a")
    assert names(Path("a", "checkpoints")) == ["data.blake2b"]
    assert main(["train", "--resume", "a"]) == 0
    assert "resumed   a, after epoch 0\n" in capsys.readouterr().out


def test_other_data_are_refused(elsewhere, monkeypatch, capsys):
    train_until(monkeypatch, 3, *elsewhere, "--epochs", "9", "--out", "a")
    text = Path("table.csv").read_text()
    Path("table.csv").write_text(text.replace("yes", "no", 1))
    capsys.readouterr()
    before = names(Path("a", "checkpoints"))
    assert main(["train", "--resume", "a"]) == 2
    message = (
        "bpnet: the data have changed since the run in a began: restore them, or begin anew with "
        "--config a/settings.toml\n"
    )
    assert capsys.readouterr() == ("", message)
    assert names(Path("a", "checkpoints")) == before
    Path("table.csv").write_text(text)
    assert main(["train", "--resume", "a"]) == 0


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes by name")
def test_a_pipe_in_place_of_the_digest_is_refused(elsewhere, monkeypatch, capsys):
    train_until(monkeypatch, 3, *elsewhere, "--epochs", "9", "--out", "a")
    digest = Path("a", "checkpoints", "data.blake2b")
    digest.unlink()
    os.mkfifo(digest)
    capsys.readouterr()
    assert main(["train", "--resume", "a"]) == 2
    assert f"{digest}: a pipe, expected a file" in capsys.readouterr().err
    digest.unlink()
    digest.write_bytes(b"\xff\xfe")
    assert main(["train", "--resume", "a"]) == 2
    assert "the data have changed" in capsys.readouterr().err


def test_a_second_ctrl_c_says_how_to_go_on(elsewhere, monkeypatch, capsys):
    def pressed(*_, **__):
        raise KeyboardInterrupt

    flags = [*elsewhere, "--epochs", "3", "--quiet", "--out", "a"]
    with monkeypatch.context() as patched:
        patched.setattr(bpnet.cli.run_folder.RunFolder, "save", pressed)
        assert main(["train", *flags, "--checkpoint-every", "0"]) == 130
        assert capsys.readouterr().err == "bpnet: interrupted\n"
        assert main(["train", *flags, "--overwrite"]) == 130
    assert capsys.readouterr().err == "bpnet: interrupted; --resume a goes on\n"
    assert main(["train", "--resume", "a"]) == 0
    assert "resumed   a, after epoch 3" in capsys.readouterr().out


def test_a_run_that_is_overwritten_is_forgotten(elsewhere, monkeypatch):
    train_until(monkeypatch, 5, *elsewhere, "--epochs", "9", "--out", "a")
    Path("a", "checkpoints", "mine.txt").touch()
    train_until(monkeypatch, 2, "--out", "a", "--overwrite")
    steps = [bpnet.read_checkpoint(p).header["steps"] for p in Path("a", "checkpoints").glob("e*")]
    assert sorted(steps) == [40, 80]
    assert main(["train", "--quiet", "--resume", "a"]) == 0
    assert names(Path("a", "checkpoints")) == ["mine.txt"], "what is not bpnet's stays"


def test_a_checkpoint_predicts(elsewhere, monkeypatch, capsys):
    train_until(monkeypatch, 5, *elsewhere, "--epochs", "9", "--out", "a")
    newest = sorted(Path("a", "checkpoints").glob("epoch-*"))[-1]
    capsys.readouterr()
    assert main(["predict", str(newest), "table.csv", "--target", "same"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 121


def refusal(capsys, *flags):
    capsys.readouterr()
    assert main(["train", *flags]) == 2
    told, errors = capsys.readouterr()
    assert told == ""
    return errors.removeprefix("bpnet: ").rstrip("\n")


@pytest.mark.parametrize(
    "flag", ["--epochs 9", "--learning-rate 1", "--config a.toml", "--out b", "--overwrite"]
)
def test_resume_takes_no_other_settings(elsewhere, capsys, flag):
    name = flag.split()[0]
    words = f"--resume uses the settings of the run, so {name} cannot be given with it"
    assert refusal(capsys, "--resume", "a", *flag.split()) == words


def test_what_cannot_be_resumed(elsewhere, capsys):
    assert refusal(capsys, "--resume", "a") == "there is no run folder a"
    Path("a").mkdir()
    assert refusal(capsys, "--resume", "a") == "a is not a run folder: it has no settings.toml"
    assert main(["train", "--quiet", "--epochs", "1", "--out", "b"]) == 0
    finished = (
        "the run in b is finished, so there is nothing to resume; "
        "--config b/settings.toml repeats it"
    )
    assert refusal(capsys, "--resume", "b") == finished
    assert names(Path("b")) == JUDGED


def test_a_run_without_checkpoints(elsewhere, monkeypatch, capsys):
    def crash(self, *_):
        raise Crash

    with monkeypatch.context() as patched:
        patched.setattr(bpnet.KeepBest, "on_epoch_end", crash)
        assert main(["train", "--checkpoint-every", "0", "--out", "a"]) == 1
    assert names(Path("a")) == ["settings.toml"]
    words = "the run in a wrote no checkpoints to resume from; --config a/settings.toml repeats it"
    assert refusal(capsys, "--resume", "a") == words
    assert refusal(capsys, "--checkpoint-every", "-1").startswith("checkpoint_every must be")


def test_a_full_disk_is_a_note_beside_the_run(elsewhere, monkeypatch, capsys):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(bpnet.training.callbacks.checkpoint, "write_checkpoint_file", full)
    assert main(["train", "--epochs", "3", "--quiet", "--out", "a"]) == 0
    note = capsys.readouterr().err
    assert note.startswith("note: the checkpoint 'a/checkpoints/epoch-0001")
    assert note.count("\n") == 1
