"""bpnet reproduce."""

import json

import numpy as np
import pytest
from data.test_mnist import write

from bpnet.cli import main


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A small MNIST where BPNET_DATA says, to which the working folder is set as well."""
    rng = np.random.default_rng(1)
    (tmp_path / "mnist").mkdir()
    images = {
        "x": rng.integers(0, 256, (10_020, 28, 28)),
        "test_x": rng.integers(0, 256, (9, 28, 28)),
    }
    digits = {"y": rng.integers(0, 10, 10_020), "test_y": rng.integers(0, 10, 9)}
    write(tmp_path / "mnist", **images, **digits)
    monkeypatch.setenv("BPNET_DATA", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def reproduce(*arguments):
    return main(["reproduce", "--only", "overfitting", *arguments])


def published(folder):
    """What a replay gave, as if it were published."""
    content = json.loads((folder / "curves.json").read_text())
    return [*content["overfitting"]["replayed"]["lambda 0"].values()]


def test_a_replay_is_compared_with_what_is_published(folder, capsys):
    assert reproduce("--epochs", "3", "--out", "first") == 0
    told, note = capsys.readouterr()
    assert "nothing to compare overfitting with: --published DIR names the folder of" in note
    assert told == "saved first: curves.json, curves.png\n"
    (folder / "book").mkdir()
    lists = published(folder / "first")
    (folder / "book" / "overfitting.json").write_text(json.dumps(lists))
    assert reproduce("--epochs", "2") == 0
    told, note = capsys.readouterr()
    assert note == ""
    *lines, saved = told.splitlines()
    assert saved == "saved runs/book-1: curves.json, table.txt, curves.png"
    assert [line.split("  ")[0] for line in lines] == ["program"] + ["overfitting"] * 4
    assert all("2 of 2" in line for line in lines[1:])
    assert (folder / "runs" / "book-1" / "table.txt").read_text() == "\n".join(lines) + "\n"
    assert (folder / "runs" / "book-1" / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_what_departs_is_told(folder, capsys):
    assert reproduce("--epochs", "3", "--out", "first") == 0
    lists = published(folder / "first")
    lists[1][1] += 1
    (folder / "overfitting.json").write_text(json.dumps(lists))
    capsys.readouterr()
    assert reproduce("--epochs", "3", "--published", ".") == 0
    told = capsys.readouterr().out
    assert "in epoch 2" in told
    assert "2 of 3" in told
    assert "rounding grows" not in told  # summed in another order, this run gives the same


def test_folders_are_numbered_and_never_written_over(folder, capsys):
    for k in (1, 2):
        assert reproduce("--epochs", "1") == 0
        assert (folder / "runs" / f"book-{k}" / "curves.json").exists()
    assert reproduce("--epochs", "1", "--out", "runs/book-1") == 2
    assert "--out runs/book-1 is not a new or empty folder: name another" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--only", "multiple_etas"],
            "unknown program 'multiple_etas': did you mean 'multiple_eta'?",
        ),
        (["--epochs", "0"], "--epochs must be at least 1, not 0"),
        (["--data-dir", "nowhere"], "nowhere: no such directory"),
        (["--published", "nowhere"], "nowhere/overfitting.json: No such file or directory"),
    ],
)
def test_what_cannot_be_is_told_before_anything_is_trained(folder, capsys, arguments, message):
    assert reproduce(*arguments) == 2
    assert message in capsys.readouterr().err
    assert not (folder / "runs").exists()


def test_an_interrupted_replay_leaves_no_folder(folder, capsys, monkeypatch):
    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("bpnet.cli.reproduce.replay", interrupted)
    assert reproduce() == 130
    assert not any((folder / "runs").iterdir())


def test_without_mnist(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("BPNET_DATA", str(tmp_path))
    assert reproduce() == 2
    assert f"no MNIST: there is no folder {tmp_path}/mnist;" in capsys.readouterr().err
