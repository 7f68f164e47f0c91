"""Paths of models and runs, of every kind."""

import os
import shutil

import numpy as np
import pytest

import bpnet
from bpnet.cli import main


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of a run with a few checkpoints beside its model."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    command = f"train --epochs 1 --hidden 4 --quiet --out {folder}"
    assert main(command.split()) == 0
    return folder


def test_a_folder_of_a_run_is_its_model(run):
    right = bpnet.load(run / "model.safetensors")
    for path in (
        run,
        str(run),
        os.fsencode(run),
        f"{run}{os.sep}",
        os.fsencode(run / "model.safetensors"),
    ):
        assert np.array_equal(bpnet.load(path).weights[0], right.weights[0])


def test_a_folder_without_a_model_names_what_it_has(run, tmp_path):
    net = bpnet.Network([1, 1], seed=0)
    with pytest.raises(FileNotFoundError, match=r"has no model\.safetensors$"):
        bpnet.load(tmp_path)
    shutil.copy(run / "model.safetensors", tmp_path / "mine.safetensors")
    with pytest.raises(FileNotFoundError, match=r"no model\.safetensors; it has mine\.safetensors"):
        bpnet.load(tmp_path)
    for place in (tmp_path / "run" / "checkpoints", tmp_path / "other"):
        net.fit([[0.0]], [[1.0]], epochs=2, callbacks=bpnet.Checkpoint(place))
        folder = place.parent if place.name == "checkpoints" else place
        with pytest.raises(FileNotFoundError, match=r"in its place: '(.*)'") as caught:
            bpnet.load(folder)
        named = str(caught.value).split("in its place: '")[1].split("'")[0]
        assert np.array_equal(bpnet.load(named).weights[0], net.weights[0])


def test_predict_tells_the_same(run, tmp_path, capsys):
    assert main(["predict", str(tmp_path), "table.csv"]) == 2
    assert "has no model.safetensors" in capsys.readouterr().err


@pytest.mark.parametrize("path", [None, 3, ["a"], 1.5])
def test_what_is_no_path(path, tmp_path):
    net = bpnet.Network([1, 1], seed=0)
    calls = [
        lambda: bpnet.load(path),
        lambda: net.save(path),
        lambda: bpnet.read_checkpoint(path),
        lambda: bpnet.Checkpoint(path),
        lambda: bpnet.CSVLog(path),
        lambda: bpnet.TensorBoard(path),
        lambda: bpnet.data.read_idx(path),
        lambda: bpnet.data.CsvSource(path, "y"),
        lambda: bpnet.data.NpySource(path, path),
    ]
    for call in calls:
        with pytest.raises(TypeError, match=r"must be a path, as text or pathlib.Path, not"):
            call()
    if path is not None:
        with pytest.raises(TypeError, match="resume must be a path"):
            net.fit([[0.0]], [[1.0]], epochs=1, resume=path)


def test_bytes_are_paths(tmp_path):
    net = bpnet.Network([1, 1], seed=0)
    net.save(os.fsencode(tmp_path / "a.safetensors"))
    assert bpnet.load(tmp_path / "a.safetensors").sizes == (1, 1)
    folder = os.fsencode(tmp_path / "checkpoints")
    net.fit([[0.0]], [[1.0]], epochs=1, callbacks=[bpnet.Checkpoint(folder)])
    assert bpnet.read_checkpoint(folder).header["epochs"] == 1
