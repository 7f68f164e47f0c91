"""docs/troubleshooting.md: each heading is a message that bpnet gives, and its commands work."""

import re
import shlex
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import bpnet
from bpnet.backends import loading
from bpnet.cli import main
from bpnet.data import load_table, source

PAGE = (Path(__file__).parent.parent / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
HEADINGS = re.findall(r"^### `(.*)`$", PAGE, re.MULTILINE)
COMMANDS = re.findall(r"^```\nbpnet (.*)\n```$", PAGE, re.MULTILINE)

rng = np.random.default_rng(0)
X, LABELS = rng.normal(size=(40, 3)), rng.integers(0, 2, 40)
ROWS = "\n".join(f"{a:.3f},{b:.3f},{'ab'[int(a > b)]}" for a, b, _ in X)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A folder with a table, in which everything happens."""
    monkeypatch.chdir(tmp_path)
    Path("cells.csv").write_text(f"size,age,kind\n{ROWS}\n")


def network(*sizes, cost="log_likelihood", **options):
    return bpnet.Network(list(sizes or (3, 4, 2)), cost=cost, seed=0, **options)


def regression(**options):
    return network(3, 4, 1, cost="quadratic", activations=["relu", "identity"], **options)


def fit(net=None, x=X, y=LABELS, **options):
    settings = {"epochs": 2, "batch_size": 8, "progress": False, **options}
    return (net or network()).fit(x, y, **settings)


def changed(x, value):
    x = np.array(x)
    x[3, 1] = value
    return x


def without(monkeypatch, *modules):
    for name in modules:
        monkeypatch.setitem(sys.modules, name, None)


def checkpoints():
    """A folder with two checkpoints of a fit of two epochs."""
    fit(callbacks=[bpnet.Checkpoint("a")])
    return sorted(Path("a").glob("*.safetensors"))


def flipped(path):
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)


def train(*flags, code=0):
    assert main(["train", "--quiet", "--epochs", "1", *flags]) == code


def missing_library(monkeypatch):
    monkeypatch.setattr(loading, "_probe_built_in", _absent)
    network(backend="torch")


def no_device(monkeypatch):
    monkeypatch.setattr(loading, "_probe_built_in", _absent)
    network(device="cuda")


def _absent(name):
    return bpnet.backends.Availability(name, None, (), f"{name} is not installed")


def another_device(monkeypatch):
    network(backend="numpy").to("numpy", device="cuda")


def another_library(monkeypatch):
    network().predict(pytest.importorskip("torch").asarray(X))


def no_matplotlib(monkeypatch):
    without(monkeypatch, "matplotlib", "matplotlib.figure")
    fit().plot("it.png")


def too_steep(monkeypatch):
    fit(regression(), y=X[:, :1], epochs=50, optimizer=bpnet.SGD(1e3))


def trained_twice(monkeypatch):
    net = network()
    with net.fitting(X, LABELS, epochs=2, batch_size=8) as one:
        next(iter(one))
        fit(net)


def resumed_otherwise(monkeypatch):
    checkpoints()
    fit(resume="a", batch_size=4)


def begun_anew(monkeypatch):
    checkpoints()
    fit(callbacks=[bpnet.Checkpoint("a")])


def damaged(monkeypatch):
    flipped(checkpoints()[-1])
    fit(resume="a")


def in_use(monkeypatch):
    with network().fitting(X, LABELS, epochs=2, callbacks=[bpnet.Checkpoint("a")]) as one:
        next(iter(one))
        fit(callbacks=[bpnet.Checkpoint("a")])


def nothing_to_resume(monkeypatch):
    Path("a").mkdir()
    fit(resume="a")


def model_resumed(monkeypatch):
    network().save("a.safetensors")
    fit(resume="a.safetensors")


def full_disk(monkeypatch):
    def full(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("bpnet.training.callbacks.checkpoint.write_checkpoint_file", full)
    fit(callbacks=[bpnet.Checkpoint("a")])


def run_that_has_not_ended(monkeypatch):
    checkpoints()
    bpnet.load("a")


def unknown_label(monkeypatch):
    net = network()
    fit(net, y=["yes", "no"] * 20)
    fit(net, y=["yes", "maybe"] * 20)


def large(monkeypatch):
    np.savez_compressed("a.npz", a=np.zeros(10**7), kind=np.arange(10**7) % 2)
    load_table("a.npz", "kind")


def latin(monkeypatch):
    Path("a.csv").write_bytes("size,kind\n1,café\n".encode("latin-1"))
    load_table("a.csv", "kind")


def text_among_numbers(monkeypatch):
    train("--data", "cells.csv", "--target", "kind", "--out", "a")
    Path("more.csv").write_text("size,age\n1,old\n")
    assert main(["predict", "a", "more.csv"]) == 2


def not_empty(monkeypatch):
    train("--out", "a")
    train("--out", "a", code=2)


def finished(monkeypatch):
    train("--out", "a")
    assert main(["train", "--resume", "a"]) == 2


def other_settings(monkeypatch):
    assert main(["train", "--resume", "a", "--epochs", "2"]) == 2


def other_data(monkeypatch):
    flags = ["--data", "cells.csv", "--target", "kind", "--hidden", "3", "--out", "a"]
    monkeypatch.setattr("bpnet.cli.run_folder.RunFolder.finish", lambda self: None)
    train(*flags)
    Path("a/model.safetensors").unlink()
    Path("cells.csv").write_text(f"size,age,kind\n1,2,a\n{ROWS}\n")
    assert main(["train", "--resume", "a"]) == 2


def other_columns(monkeypatch):
    train("--out", "a")
    assert main(["predict", "a", "cells.csv"]) == 2


def predictions_over_samples(monkeypatch):
    train("--data", "cells.csv", "--target", "kind", "--out", "a")
    assert main(["predict", "a", "cells.csv", "--out", "cells.csv"]) == 2


# By the first words of the heading that are in the message. Those of the command line print it.
CASES = {
    "is not installed (installed by:": missing_library,
    "no installed library has the device": no_device,
    "has no device": another_device,
    "x is an array of": another_library,
    "compute_dtype": lambda _: network(compute_dtype="float16"),
    "a picture needs matplotlib": no_matplotlib,
    "layer 1 expects": lambda _: fit(x=X[:, :2]),
    "x has one dimension": lambda _: network().predict(X[0]),
    "x has … dimensions": lambda _: network().predict(X[:, :, None]),
    "x is not finite everywhere": lambda _: fit(x=changed(X, np.nan)),
    "y holds text": lambda _: fit(regression(), y=["yes", "no"] * 20),
    "row … of y: no class": unknown_label,
    "y has … different labels": lambda _: fit(y=["yes", "no", "maybe", "no"] * 10),
    "labels in y go from": lambda _: fit(y=LABELS + 1),
    "x has … samples": lambda _: fit(y=LABELS[:-1]),
    "the output layer has": lambda _: fit(
        network(cost="quadratic", activations=["relu", "identity"]), y=X[:, 0]
    ),
    "y goes from … to …, but the cost": lambda _: fit(
        network(3, 4, 1, cost="cross_entropy"), y=X[:, :1]
    ),
    "the task is regression": lambda _: regression().accuracy(X, X[:, :1]),
    "the cost became": too_steep,
    "… No step had been done": lambda _: fit(regression(), x=X * 1e30, y=X[:, :1] * 1e30),
    "y goes from … to …, which the network": lambda _: fit(
        network(3, 4, 1, cost="quadratic"), y=X[:, :1]
    ),
    "the schedule": lambda _: fit(optimizer=bpnet.SGD(bpnet.schedules.Cosine(0.1, steps=5))),
    "… monitors": lambda _: fit(callbacks=[bpnet.EarlyStopping("validation_cost")]),
    "the metric": lambda _: fit(metrics=["auc"], validation=(X[:2], [1, 1])),
    "this network is being trained": trained_twice,
    "unknown optimizer": lambda _: fit(optimizer="adamm"),
    "this fit cannot resume": resumed_otherwise,
    "… has checkpoints of a fit": begun_anew,
    "… is damaged: its digest": damaged,
    "… is in use": in_use,
    "there is no checkpoint in": nothing_to_resume,
    "… is a model, not a checkpoint": model_resumed,
    "the checkpoint … was not written": full_disk,
    "There is no folder": lambda _: network().save("models/a.safetensors"),
    "the folder … has no model": run_that_has_not_ended,
    "… is damaged, or not a bpnet model": lambda _: bpnet.load("cells.csv"),
    "…: … takes about": large,
    "…: byte": latin,
    "…: no column": lambda _: source("cells.csv", target="Kind"),
    "column …, line": text_among_numbers,
    "--data needs --target": lambda _: train("--data", "cells.csv", code=2),
    "… is not empty": not_empty,
    "the run in … is finished": finished,
    "--resume uses the settings": other_settings,
    "the data have changed": other_data,
    "unknown argument": lambda _: train("--learning-rat", "0.1", code=2),
    "--dataset mnist needs": lambda _: train("--dataset", "mnist", code=2),
    "…: … columns, but the network": other_columns,
    "--out … would overwrite": predictions_over_samples,
}


def told(function, monkeypatch, capsys):
    """The error or the warnings of a function, or what it printed."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            function(monkeypatch)
        except Exception as error:
            return str(error)
    return "\n".join([*(str(one.message) for one in caught), capsys.readouterr().err])


def heading_of(beginning):
    (found,) = [one for one in HEADINGS if beginning in one]
    return found


@pytest.mark.parametrize("beginning", CASES)
def test_each_heading_is_a_message(beginning, monkeypatch, capsys):
    pattern = ".*".join(map(re.escape, heading_of(beginning).split("…")))
    assert re.search(pattern, told(CASES[beginning], monkeypatch, capsys), re.DOTALL)


def test_no_heading_is_left_out():
    assert sorted(map(heading_of, CASES)) == sorted(HEADINGS)


def test_the_commands_work_one_after_another(capsys):
    assert len(COMMANDS) > 5
    for command in COMMANDS:
        assert main(shlex.split(command)) == 0, command
    assert Path("predictions.csv").read_text().startswith("kind,probability_a,probability_b\n")
