"""bpnet evaluate: what it tells, writes and refuses."""

import json
import re
import struct
from pathlib import Path

import numpy as np
import pytest

import bpnet
from bpnet.cli import main


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    lines = [
        f"{a:.4f},{b:.4f},{'p' if a > 0.5 else 'q'},{10 * a:.4f}" for a, b in rng.random((200, 2))
    ]
    Path("t.csv").write_text("a,b,kind,price\n" + "\n".join(lines))
    return "t.csv"


def trained(target, out="m"):
    flags = ["--data", "t.csv", "--target", target, "--epochs", "5", "--quiet", "--out", out]
    assert main(["train", *flags]) == 0
    return out


def refused(capsys, *arguments):
    capsys.readouterr()
    assert main(["evaluate", *arguments]) == 2
    return capsys.readouterr().err.strip().splitlines()[-1].removeprefix("bpnet: ")


def test_it_tells_figures_and_writes_them(table, capsys):
    model = trained("kind")
    capsys.readouterr()
    assert main(["evaluate", model, table, "--out", "e"]) == 0
    told = capsys.readouterr().out
    found = json.loads(Path("e/report.json").read_text())["parts"]["data"]["figures"]
    accuracy = found["network"]["accuracy"]
    assert re.search(rf"^network +{100 * accuracy:.1f} %", told, re.MULTILINE)
    assert re.search(r"^majority class +\d", told, re.MULTILINE)
    assert told.endswith("saved e: report.json, confusion.png\n")
    assert Path("e/confusion.png").read_bytes().startswith(b"\x89PNG")
    expected = bpnet.evaluate(bpnet.load(model), table).to_dict()
    assert json.loads(Path("e/report.json").read_text()) == expected


def test_numbers(table, capsys):
    model = trained("price")
    assert main(["evaluate", f"{model}/model.safetensors", table, "--out", "e"]) == 0
    assert "RMSE" in capsys.readouterr().out
    assert {one.name for one in Path("e").iterdir()} == {"report.json", "predicted.png"}


def test_what_would_be_lost_is_refused_before_anything_is_read(table, capsys):
    model = trained("kind")
    before = Path("m/report.json").read_bytes()
    assert "--out m already has report.json" in refused(capsys, model, table, "--out", "m")
    assert Path("m/report.json").read_bytes() == before
    assert "--out t.csv is no folder" in refused(capsys, model, table, "--out", "t.csv")


def test_what_is_wrong_with_the_file_is_told(table, capsys):
    model = trained("kind")
    Path("u.csv").write_text("a,b\n1,2\n")
    assert "u.csv: no column 'kind'" in refused(capsys, model, "u.csv", "--out", "e")
    assert not Path("e").exists()
    assert "nowhere.csv" in refused(capsys, model, "nowhere.csv")
    assert "what the network predicts from" in refused(capsys, model, table, "--target", "price")
    Path("w.csv").write_text("a,b,price,kind\n1,2,3,w\n")
    assert "no value is a class of the network" in refused(capsys, model, "w.csv")
    assert "trained on a table" in refused(capsys, model, table, "--labels", "x.npy")


def idx(path, array):
    shape = struct.pack(f">{array.ndim}I", *array.shape)
    Path(path).write_bytes(bytes([0, 0, 8, array.ndim]) + shape + array.tobytes())
    return path


def test_images_with_a_file_of_labels(capsys):
    assert main(["train", "--epochs", "2", "--quiet", "--out", "d"]) == 0
    capsys.readouterr()
    x, y = bpnet.data.load_digits().test
    accuracy = bpnet.load("d").accuracy(x, y)
    np.save("x.npy", x)
    np.save("y.npy", y)
    images = idx("x-idx3-ubyte", np.rint(x * 16).astype(np.uint8).reshape(-1, 8, 8))
    labels = idx("y-idx1-ubyte", y.astype(np.uint8))
    for samples, known in (("x.npy", "y.npy"), (images, labels)):
        assert main(["evaluate", "d", samples, "--labels", known]) == 0
        told = capsys.readouterr().out
        assert re.search(rf"^network +{100 * accuracy:.1f} %", told, re.MULTILINE)
    assert "--labels FILE names" in refused(capsys, "d", "x.npy")
    np.save("short.npy", y[:-1])
    assert "358 labels" in refused(capsys, "d", "x.npy", "--labels", "short.npy")
    np.save("long.npy", np.append(y, 1))
    assert "360 labels for the 359 samples" in refused(capsys, "d", "x.npy", "--labels", "long.npy")
    assert "one label per sample" in refused(capsys, "d", "x.npy", "--labels", "x.npy")


def test_images_in_a_table_with_their_labels(capsys):
    assert main(["train", "--epochs", "2", "--quiet", "--out", "d"]) == 0
    capsys.readouterr()
    digits = bpnet.data.load_digits()
    x, y = digits.test
    accuracy = bpnet.load("d").accuracy(x, y)
    names = ",".join([*digits.features, digits.target])
    np.savetxt("x.csv", np.column_stack([x, y]), delimiter=",", header=names, comments="")
    assert main(["evaluate", "d", "x.csv"]) == 0
    told = capsys.readouterr().out
    assert re.search(rf"^network +{100 * accuracy:.1f} %", told, re.MULTILINE)
    assert "no column 'label'" in refused(capsys, "d", "x.csv", "--target", "label")


def test_the_table_that_was_trained_on_is_told(table, capsys):
    run = trained("kind")
    capsys.readouterr()
    assert main(["evaluate", run, f"./{table}"]) == 0
    assert "the network was trained on t.csv: these figures" in capsys.readouterr().out
    Path("other.csv").write_text(Path(table).read_text())
    for arguments in ((run, "other.csv"), (f"{run}/model.safetensors", table)):
        assert main(["evaluate", *arguments]) == 0
        assert "was trained on" not in capsys.readouterr().out
