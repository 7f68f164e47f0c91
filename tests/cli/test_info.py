"""bpnet info: finished runs, interrupted ones, single files, damage."""

import json
import shutil
import socket
from pathlib import Path

import numpy as np
import pytest

import bpnet
from bpnet.cli import main


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    rng = np.random.default_rng(0)
    lines = [
        f"{a:.3f},{rng.choice(['u', 'v'])},one,{'p' if a > 0.5 else 'q'}" for a in rng.random(100)
    ]
    (folder / "t.csv").write_text("size,city,planet,kind\n" + "\n".join(lines))
    flags = ["--data", str(folder / "t.csv"), "--target", "kind", "--epochs", "6", "--quiet"]
    flags += ["--folds", "0"]  # rows held out find the best epoch
    assert main(["train", *flags, "--out", str(folder / "a")]) == 0
    return folder


@pytest.fixture
def copy(runs, tmp_path, monkeypatch):
    """A folder with a run that a test may damage."""
    shutil.copytree(runs / "a", tmp_path / "a")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    return tmp_path / "a"


def told(capsys, *arguments, code=0):
    capsys.readouterr()
    assert main(["info", *map(str, arguments)]) == code
    return capsys.readouterr()


def as_json(capsys, *arguments):
    return json.loads(told(capsys, *arguments, "--json").out)


def test_a_finished_run(copy, capsys):
    said = told(capsys, "a").out
    for words in (
        "state     finished\n",
        "-> 64 relu -> 2 softmax; cost categorical_cross_entropy",
        "trained   6 epochs",
        "predicts  'kind': 2 classes (p, q)",
        "learning rate 0.001",
        "history   6 epochs in",
        "best: epoch",
        "model.safetensors (",
        "majority class",
    ):
        assert words in said or words in " ".join(said.split())
    assert all(len(line) <= 100 for line in said.splitlines())
    lines = {line.split()[0]: line.split() for line in said.splitlines() if line.strip()}
    assert "2" in lines["city"]  # inputs
    assert "left out" in said  # the planet
    found = as_json(capsys, "a")
    net = bpnet.load("a")
    assert found["network"]["sizes"] == list(net.sizes)
    assert found["network"]["parameters"] == sum(w.size for w in [*net.weights, *net.biases])
    assert found["settings"]["epochs"] == 6
    report = json.loads(Path("a/report.json").read_text())
    assert found["report"] == report
    rows = [json.loads(line) for line in Path("a/history.jsonl").read_text().splitlines()]
    assert found["history"]["best"] == min(rows, key=lambda row: row["validation_cost"])
    assert found["files"].keys() == {one.name for one in Path("a").iterdir()}
    inputs = {one["column"]: one["inputs"] for one in found["columns"]}
    assert sum(inputs.values()) == net.sizes[0]
    assert inputs["planet"] == 0


def test_a_model_file_alone(copy, capsys):
    found = as_json(capsys, "a/model.safetensors")
    assert found["state"] == "a single file"
    assert found["classes"] == ["p", "q"]
    assert "settings" not in found
    assert "predicts  'kind': 2 classes (p, q)" in told(capsys, "a/model.safetensors").out


def test_a_network_that_knows_nothing_but_itself(tmp_path, capsys):
    bpnet.Network([3, 2], cost="log_likelihood", seed=5).save(tmp_path / "net.safetensors")
    said = told(capsys, tmp_path / "net.safetensors").out
    assert "trained   0 epochs, 0 steps, seed 5" in said
    assert "predicts  'prediction': 2 classes (0, 1)" in said


def test_a_run_that_was_interrupted(copy, ctrl_c, monkeypatch, capsys):
    def press(self, fit, row):
        if row["epoch"] == 3:
            ctrl_c()

    monkeypatch.setattr(bpnet.cli.run_folder.RunFolder, "on_epoch_end", press, raising=False)
    assert main(["train", "--quiet", "--epochs", "50", "--out", "b"]) == 130
    found = as_json(capsys, "b")
    assert found["state"] == "not finished: bpnet train --resume b goes on"
    assert found["history"]["epochs"] == 3
    assert found["network"]["epochs"] == 3
    Path("b/model.safetensors").unlink()
    found = as_json(capsys, "b")
    assert "checkpoints" in found["model"]
    assert found["history"]["epochs"] == 3
    assert as_json(capsys, "b/checkpoints")["state"] == "a folder of checkpoints"
    assert as_json(capsys, found["model"])["network"]["epochs"] == 3


def test_a_run_in_progress(copy, capsys):
    from bpnet.storage.claims import FolderClaim

    claim = FolderClaim("a")
    try:
        assert "in progress: process" in as_json(capsys, "a")["state"]
    finally:
        claim.release()
    assert as_json(capsys, "a")["state"] == "finished"
    Path("a/.bpnet.lock").write_text(f"2147483646 {socket.gethostname()}")
    assert as_json(capsys, "a")["state"] == "finished"  # that process was killed


def test_a_run_that_has_saved_nothing_yet(copy, capsys):
    Path("c").mkdir()
    shutil.copy("a/settings.toml", "c")
    said = told(capsys, "c").out
    assert "no epoch of it is saved" in said
    assert "learning rate 0.001" in " ".join(said.split())
    assert as_json(capsys, "c")["model"] is None


def test_what_is_damaged_beside_the_model_is_a_note(copy, capsys):
    Path("a/report.json").write_text('{"parts": 3}')
    Path("a/settings.toml").write_text("epochs = = 3")
    Path("a/history.jsonl").write_text("[1]\n")
    said, notes = told(capsys, "a")
    for name in ("report.json", "settings.toml", "history.jsonl"):
        assert f"note: a/{name} cannot be read: " in notes
    assert "network   " in said
    assert "settings  " not in said
    Path("a/report.json").write_bytes(b"\xff\xfe")
    Path("a/history.jsonl").write_text("[" * 100_000)
    assert "note: a/report.json cannot be read" in told(capsys, "a").err


def test_what_is_no_model_is_refused(copy, capsys):
    whole = Path("a/model.safetensors").read_bytes()
    Path("a/model.safetensors").write_bytes(whole[: len(whole) // 2])
    assert "a/model.safetensors" in told(capsys, "a", code=2).err
    Path("empty").mkdir()
    assert "empty is no run folder" in told(capsys, "empty", code=2).err
    assert "nowhere" in told(capsys, "nowhere", code=2).err
    Path("text.txt").write_text("no model")
    assert "text.txt" in told(capsys, "text.txt", code=2).err
