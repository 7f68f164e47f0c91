"""Checkpoints: a fit that goes on from one ends as if it had not been broken off."""

import csv
import io
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from _backends import host, parameters
from _cases import SOFTSIGN
from kill_and_resume import kill_and_resume
from safetensors.numpy import save_file

import bpnet
import bpnet.cli.run_folder
import bpnet.training.streaming
from bpnet import schedules
from bpnet.cli import main
from bpnet.data import ArraySource
from bpnet.training import Snapshot

N, SIZE, PER_EPOCH = 70, 8, 9  # the last mini-batch has 6 samples
EPOCHS, EVERY = 4, 4


class Crash(Exception):  # noqa: N818 - what a power cut is to a process, not an error of its own
    """The end of a fit."""


class CrashAt(bpnet.Callback):
    """Breaks the fit off after so many steps; before or after the end of their epoch."""

    last = True

    def __init__(self, steps, ended=False):
        self.steps, self.ended = steps, ended

    def on_steps(self, fit, steps):
        if fit.steps_done >= self.steps and not self.ended:
            raise Crash

    def on_epoch_end(self, fit, row):
        if fit.steps_done >= self.steps:
            raise Crash


def samples(seed=0, n=N):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, 5))
    return x, (x[:, 0] > 0).astype(int) + (x[:, 1] > 0)


def network(backend="numpy", dtype="float32", **options):
    """One with all that has a state of its own."""
    return bpnet.Network(
        [
            5,
            bpnet.Layer(7, activation="relu", normalization="batch", dropout=0.2),
            bpnet.Layer(7, activation="tanh", residual=True),
            3,
        ],
        **{
            "cost": "log_likelihood",
            "seed": 3,
            "backend": backend,
            "dtype": None if isinstance(backend, bpnet.backends.Backend) else dtype,
            **options,
        },
    )


def fit(net, callbacks=(), **options):
    x, y = samples()
    options = {
        "x": x,
        "y": y,
        "epochs": EPOCHS,
        "batch_size": SIZE,
        "optimizer": bpnet.Adam(schedules.Cosine(0.05, steps=40)),
        "average": 0.9,
        "validation": samples(1, 20),
        "metrics": ["log_loss"],
        "callbacks": callbacks,
        "progress": False,
        **options,
    }
    return net.fit(**options)


def end(net, history):
    """All that a fit came to, but for the seconds."""
    rows = [{k: v for k, v in row.items() if k != "seconds"} for row in history]
    with net.backend.scope():
        state = [a for part in net.state[1:] for a in part]
        arrays = [net.state.theta, *state]
        bits = [net.backend.to_numpy(one).tobytes() for one in arrays]
    about = net.epochs, net.steps, history.stopped, history.best_epoch
    return list(map(list, rows)), rows, bits, about


def broken(folder, steps, make=list, backend="numpy", ended=False, **options):
    """A fit that is broken off after so many steps, with a checkpoint every few."""
    written = {"every_steps": EVERY, **options.pop("written", {})}
    callbacks = [*make(), bpnet.Checkpoint(folder, **written), CrashAt(steps, ended)]
    with pytest.raises(Crash):
        fit(network(backend), callbacks, **options)


def resumed(folder, make=list, backend="numpy", resume=None, **options):
    """The end of a fit that goes on from a folder."""
    written = {"every_steps": EVERY, **options.pop("written", {})}
    net = network(backend)
    checkpoint = bpnet.Checkpoint(folder, **written)
    resume = folder if resume is None else resume
    history = fit(net, [*make(), checkpoint], resume=resume, **options)
    return end(net, history)


def whole(folder, make=list, backend="numpy", **options):
    """The end of the same fit, not broken off."""
    written = {"every_steps": EVERY, **options.pop("written", {})}
    net = network(backend)
    return end(net, fit(net, [*make(), bpnet.Checkpoint(folder, **written)], **options))


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def written(tmp_path):
    """A folder with two checkpoints, of step 27 (an epoch's end) and step 31."""
    broken(tmp_path / "there", 31)
    assert names(tmp_path / "there") == [
        "epoch-0003-step-00000027.safetensors",
        "epoch-0003-step-00000031.safetensors",
    ]
    return tmp_path / "there"


# ------------------------------------------------------------------ to the same bits


@pytest.mark.parametrize("steps", range(4, EPOCHS * PER_EPOCH))
def test_from_every_step_to_the_same_bits(tmp_path, steps):
    broken(tmp_path / "a", steps)
    assert resumed(tmp_path / "a") == whole(tmp_path / "b")


@pytest.mark.parametrize("steps", [8, 14, 27])
def test_on_every_library(tmp_path, target, steps):
    backend = target.backend("float64")
    broken(tmp_path / "a", steps, backend=backend)
    assert resumed(tmp_path / "a", backend=backend) == whole(tmp_path / "b", backend=backend)


@pytest.mark.parametrize("steps", [9, 18, 36])
def test_from_the_end_of_an_epoch(tmp_path, steps):
    broken(tmp_path / "a", steps, ended=True)
    assert names(tmp_path / "a")[-1] == f"epoch-{steps // 9:04d}-step-{steps:08d}.safetensors"
    assert resumed(tmp_path / "a") == whole(tmp_path / "b")


@pytest.mark.parametrize(
    "options",
    [
        {"optimizer": bpnet.SGD(0.1), "average": 0.0, "metrics": []},
        {"optimizer": bpnet.Momentum(0.1), "accumulate": 2},
        {"optimizer": bpnet.NAdam(0.01), "sample_weight": np.linspace(0.5, 2.0, N)},
        {"optimizer": bpnet.Muon(0.01), "class_weight": "balanced"},
        {"evaluate_training": True, "label_smoothing": 0.1},
        {"validation": None, "l1": 1e-3, "max_norm": 1.0},
        {"y": samples()[0][:, :3], "metrics": [], "validation": None},
    ],
    ids=lambda options: "-".join(map(str, options)),
)
def test_whatever_the_way_of_training(tmp_path, options, monkeypatch):
    if "y" in options:  # regression, whose R^2 adds up more
        plain = network
        monkeypatch.setitem(
            globals(), "network", lambda b: plain(b, cost="quadratic", task="regression")
        )
    broken(tmp_path / "a", 23, **options)
    assert resumed(tmp_path / "a", **options) == whole(tmp_path / "b", **options)


@pytest.mark.parametrize("steps", [5, 7, 14, 23, 32])
@pytest.mark.parametrize("memory", [2**13, 2**28])
def test_from_a_source(tmp_path, steps, memory, monkeypatch):
    """Of some buffers an epoch, and of one."""
    monkeypatch.setattr(bpnet.training.streaming, "_MEMORY", memory)
    x, y = samples()
    options = {"x": ArraySource(x.astype("float32"), y), "y": None}
    broken(tmp_path / "a", steps, **options)
    assert resumed(tmp_path / "a", **options) == whole(tmp_path / "b", **options)


def test_a_second_fit_of_a_network(tmp_path):
    ends = []
    for folder, steps in (("a", 50), ("b", None)):
        net = network()
        fit(net)
        net.save(tmp_path / "first.safetensors")
        callbacks = [bpnet.Checkpoint(tmp_path / folder, every_steps=EVERY)]
        if steps is None:
            ends.append(end(net, fit(net, callbacks)))
            continue
        with pytest.raises(Crash):
            fit(net, [*callbacks, CrashAt(steps)])
        again = network()
        ends.append(end(again, fit(again, callbacks, resume=tmp_path / folder)))
    assert ends[0] == ends[1]
    assert ends[0][1][0]["epoch"] == EPOCHS + 1


def test_again_and_again(tmp_path):
    """Broken off after each checkpoint that it comes to."""
    broken(tmp_path / "a", EVERY)
    for steps in range(EVERY + 1, EPOCHS * PER_EPOCH, 3):
        with pytest.raises(Crash):
            resumed(tmp_path / "a", lambda steps=steps: [CrashAt(steps)])
    assert resumed(tmp_path / "a") == whole(tmp_path / "b")


@pytest.mark.parametrize("there", ["torch", "jax"])
def test_written_by_one_library_and_resumed_by_another(tmp_path, there):
    pytest.importorskip(there, reason=f"{there} is not installed")
    for one, other in (("numpy", there), (there, "numpy")):
        backends = [bpnet.get_backend(name, "cpu", "float64") for name in (one, other)]
        broken(tmp_path / one, 23, backend=backends[0])
        net = network(backends[1])
        history = fit(net, resume=tmp_path / one)
        alone = network(backends[1])
        expected = fit(alone)
        np.testing.assert_allclose(parameters(net), parameters(alone), rtol=1e-9, atol=1e-12)
        for column in history.columns[:-1]:
            np.testing.assert_allclose(history[column], expected[column], rtol=1e-9)


# ------------------------------------------------------------------ callbacks


@pytest.mark.parametrize(
    "make",
    [
        lambda: [bpnet.EarlyStopping(patience=2)],
        lambda: [bpnet.KeepBest("validation_accuracy")],
        lambda: [bpnet.ReduceOnPlateau("train_cost", patience=0, factor=0.5, min_delta=0.2)],
        lambda: [bpnet.HalveOnPlateau("train_cost", patience=1, mode="max")],
        lambda: [bpnet.Budget(steps=29)],
        lambda: [bpnet.Budget(steps=29), bpnet.EarlyStopping(), bpnet.KeepBest()],
    ],
    ids=["EarlyStopping", "KeepBest", "ReduceOnPlateau", "HalveOnPlateau", "Budget", "several"],
)
@pytest.mark.parametrize("steps", [9, 13, 23, 28])
def test_callbacks_go_on_where_they_were(tmp_path, make, steps):
    options = {"epochs": 9}
    broken(tmp_path / "a", steps, make, **options)
    assert resumed(tmp_path / "a", make, **options) == whole(tmp_path / "b", make, **options)


def test_a_log_and_the_progress_go_on(tmp_path):
    def make():
        return [bpnet.CSVLog(tmp_path / "log.csv"), bpnet.Progress(io.StringIO())]

    broken(tmp_path / "a", 23, make)
    resumed(tmp_path / "a", make)
    with (tmp_path / "log.csv").open(newline="") as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["1", "2", "3", "4"]


def test_callbacks_without_a_state_may_come_and_go(tmp_path):
    class Mine(bpnet.Callback):
        pass

    broken(tmp_path / "a", 23, lambda: [Mine()])
    assert resumed(tmp_path / "a", lambda: [bpnet.Progress(io.StringIO())]) == whole(tmp_path / "b")


def test_a_callback_of_ones_own_keeps_what_it_likes(tmp_path):
    class Mean(bpnet.Callback):
        def on_fit_begin(self, fit):
            self.sum, self.about = np.zeros(2), {"seen": [], "none": None, "pair": (1, 0.1)}

        def on_epoch_end(self, fit, row):
            self.sum = self.sum + np.asarray([row["train_cost"], 1.0])
            self.about["seen"].append(np.float32(0.5))

        def state(self):
            return {"sum": self.sum, "about": self.about}

        def set_state(self, state):
            self.sum, self.about = state["sum"], state["about"]

    made = []

    def make():
        made.append(Mean())
        return made[-1:]

    broken(tmp_path / "a", 23, make)
    assert resumed(tmp_path / "a", make) == whole(tmp_path / "b", make)
    assert made[1].sum.tolist() == made[2].sum.tolist()
    assert made[1].about == made[2].about == {"seen": [0.5] * 4, "none": None, "pair": (1, 0.1)}


def test_a_fit_that_was_told_to_stop_does_stop(tmp_path):
    class Enough(bpnet.Callback):
        def on_steps(self, fit, steps):
            if fit.steps_done >= 12:
                fit.stop("enough")  # after this epoch

    broken(tmp_path / "a", 16, lambda: [Enough()])
    ends = resumed(tmp_path / "a"), whole(tmp_path / "b", lambda: [Enough()])
    assert ends[0] == ends[1]
    assert ends[0][3] == (2, 18, "enough", None)


def test_a_fit_that_was_told_to_stop_at_once_is_over(tmp_path):
    def make():
        return [bpnet.Budget(steps=12)]

    broken(tmp_path / "a", 12, make)
    ends = resumed(tmp_path / "a", make), whole(tmp_path / "b", make)
    assert ends[0] == ends[1]
    assert ends[0][3] == (1, 12, "budget", None)


def test_after_ctrl_c(tmp_path, ctrl_c):
    """It comes within a block of steps, where a run that is not broken off has no boundary."""

    class Press(bpnet.Callback):
        def on_steps(self, fit, steps):
            if fit.steps_done >= 13:
                ctrl_c()

    net = network()
    written = {"every_steps": EVERY}
    history = fit(net, [Press(), bpnet.Checkpoint(tmp_path / "a", **written)])
    assert history.stopped == "interrupted"
    assert resumed(tmp_path / "a") == whole(tmp_path / "b")


def test_after_ctrl_c_at_the_end_of_an_epoch(tmp_path, ctrl_c):
    class Press(bpnet.Callback):
        def on_steps(self, fit, steps):
            if fit.steps_done == 18:
                ctrl_c()

    fit(network(), [Press(), bpnet.Checkpoint(tmp_path / "a", every_steps=EVERY)])
    assert bpnet.read_checkpoint(tmp_path / "a").header["epochs"] == 2
    assert resumed(tmp_path / "a") == whole(tmp_path / "b")


def test_divergence_after_a_resumption_goes_back_as_far(tmp_path):
    """To the parameters of the last full epoch, though the checkpoint is from within the next."""

    class Ruin(bpnet.Callback):
        def on_steps(self, fit, steps):
            if fit.steps_done >= 22:
                fit.rate_factor = 1e30

    messages, found, written = [], [], {"every_steps": 2}
    broken(tmp_path / "a", 20, metrics=[], written=written)
    for folder, resume in (("a", tmp_path / "a"), ("b", None)):
        net = network()
        callbacks = [Ruin(), bpnet.Checkpoint(tmp_path / folder, **written)]
        with pytest.raises(bpnet.DivergenceError) as caught:
            fit(net, callbacks, metrics=[], resume=resume)
        messages.append(str(caught.value))
        found.append((*end(net, caught.value.history)[2:], caught.value.history["epoch"]))
        kept = bpnet.read_checkpoint(tmp_path / folder)
        assert np.isfinite(kept.arrays["state.theta"]).all(), "what is not finite is not written"
    assert found[0] == found[1]
    assert found[0][1:] == ((2, 18, "completed", None), [1, 2])
    assert messages[0] == messages[1]


# ------------------------------------------------------------------ when, and which are kept


def steps_written(monkeypatch, folder, **options):
    seen = []
    original = bpnet.training.callbacks.checkpoint.write_checkpoint_file

    def write(path, arrays, header):
        seen.append(header["steps"])
        original(path, arrays, header)

    with monkeypatch.context() as patched:
        patched.setattr(bpnet.training.callbacks.checkpoint, "write_checkpoint_file", write)
        fit(network(), [bpnet.Checkpoint(folder, **options)])
    return seen


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [9, 18, 27, 36]),
        ({"every_epochs": 3}, [27]),
        ({"every_steps": 4}, [4, 8, 9, 13, 17, 18, 22, 26, 27, 31, 35, 36]),
        ({"every_steps": 5, "every_epochs": None}, [5, 14, 23, 32]),
        ({"every_steps": 9, "every_epochs": None}, [9, 18, 27, 36]),
        ({"every_steps": 14, "every_epochs": None}, [17, 35]),
        ({"every_seconds": 1e9, "every_epochs": None}, []),
        ({"every_seconds": 1e-9, "every_epochs": None}, [8, 9, 17, 18, 26, 27, 35, 36]),
    ],
)
def test_when_they_are_written(tmp_path, monkeypatch, options, expected):
    assert steps_written(monkeypatch, tmp_path, **options) == expected


def test_every_one_is_at_a_block_s_end(tmp_path):
    ends = set()

    class Look(bpnet.Callback):
        def on_steps(self, fit, steps):
            ends.add(fit.steps_done)
            assert steps <= EVERY

    seen = [Look(), bpnet.Checkpoint(tmp_path, every_steps=EVERY, keep=99)]
    fit(network(), seen)
    assert {int(name[-20:-12]) for name in names(tmp_path)} <= ends


@pytest.mark.parametrize("keep", [1, 3])
def test_the_newest_are_kept(tmp_path, keep):
    fit(network(), [bpnet.Checkpoint(tmp_path, keep=keep)])
    steps = [int(name[-20:-12]) for name in names(tmp_path)]
    assert steps == [9, 18, 27, 36][-keep:]


@pytest.mark.parametrize("column", ["validation_cost", "validation_accuracy"])
def test_the_best_is_kept_as_well(tmp_path, column):
    written = {"best": column, "keep": 1}
    broken(tmp_path / "a", 23, written=written)
    resumed(tmp_path / "a", written=written)
    whole(tmp_path / "b", written=written)
    snapshots = [bpnet.read_checkpoint(tmp_path / one / "best.safetensors") for one in "ab"]
    rows = snapshots[0].header["history"]
    figures = [row[column] for row in bpnet.read_checkpoint(tmp_path / "a").header["history"]]
    best = min(figures) if column.endswith("cost") else max(figures)
    assert rows[-1][column] == best
    assert len(rows) == figures.index(best) + 1
    assert snapshots[0].header["steps"] == snapshots[1].header["steps"]


def test_what_a_killed_process_left_is_cleaned(tmp_path):
    (tmp_path / "sub").mkdir()
    for name in (".epoch-0001-step-00000009.safetensors.k2j1", "mine.txt", ".hidden"):
        (tmp_path / name).write_bytes(b"half")
    fit(network(), [bpnet.Checkpoint(tmp_path, keep=1)])
    left = [".hidden", "epoch-0004-step-00000036.safetensors", "mine.txt", "sub"]
    assert names(tmp_path) == left


def test_another_fit_does_not_write_over_checkpoints_that_are_further_on(written):
    before = names(written)
    net = network()
    start = parameters(net)
    with pytest.raises(ValueError, match=r"has checkpoints of a fit that came to epoch-0003"):
        fit(net, [bpnet.Checkpoint(written)])
    assert names(written) == before
    assert np.array_equal(parameters(net), start)


def test_a_fit_that_goes_on_from_an_earlier_one_replaces_the_later(written):
    first = written / "epoch-0003-step-00000027.safetensors"
    net = network()
    with pytest.raises(Crash):
        fit(net, [bpnet.Checkpoint(written, every_steps=2), CrashAt(29)], resume=first)
    assert names(written) == [first.name, "epoch-0003-step-00000029.safetensors"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"every_steps": 0}, "every_steps must be at least 1, not 0"),
        ({"every_epochs": 0}, "every_epochs must be at least 1, not 0"),
        ({"every_seconds": 0.0}, "every_seconds must be greater than 0 and finite, not 0"),
        ({"keep": 0}, "keep must be at least 1, not 0"),
        ({"every_epochs": None}, "no checkpoint would ever be due"),
    ],
)
def test_settings_out_of_range(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        bpnet.Checkpoint(tmp_path, **options)


def test_what_cannot_be_is_said_before_the_first_step(tmp_path):
    net = network()
    start = parameters(net)
    with pytest.raises(ValueError, match="Checkpoint monitors 'validation_loss', but the history"):
        fit(net, [bpnet.Checkpoint(tmp_path, best="validation_loss")])
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        fit(net, [bpnet.Checkpoint(tmp_path / "file" / "folder")])
    assert np.array_equal(parameters(net), start)


def test_lbfgs_has_none(tmp_path):
    pytest.importorskip("scipy", reason="scipy is not installed")
    net = bpnet.Network([5, 3], cost="log_likelihood", seed=0)
    with pytest.raises(ValueError, match="L-BFGS has no checkpoints"):
        bpnet.LBFGS().fit(net, *samples(), epochs=2, callbacks=[bpnet.Checkpoint(tmp_path)])
    assert net.epochs == 0


# ------------------------------------------------------------------ what does not go together


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"batch_size": 9}, "its batch size is 8, here it is 9"),
        ({"optimizer": bpnet.SGD(0.1)}, "its optimizer is 'Adam', here it is 'SGD'"),
        ({"metrics": []}, "its columns is"),
        ({"evaluate_training": True}, "its evaluate_training is False, here it is True"),
        ({"x": samples()[0][:60], "y": samples()[1][:60]}, "its samples is 70, here it is 60"),
        ({"average": 0.0}, "moving averages have shapes"),
        ({"callbacks": [bpnet.EarlyStopping()]}, r"its callbacks is \[\], here it is \['EarlySt"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_fit_of_another_kind_is_refused_and_nothing_changes(written, options, words):
    net = network()
    fit(net, epochs=1)
    before = net.copy()
    with pytest.raises(ValueError, match=words):
        fit(net, resume=written, **options)
    assert str(net.state) == str(before.state)
    assert (net.epochs, net.steps) == (before.epochs, before.steps)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"seed": 4}, "its seed is 3, here it is 4"),
        ({"dtype": "float64"}, "its dtype is 'float32', here it is 'float64'"),
        ({"cost": "cross_entropy"}, "its (architecture|cost) is"),
    ],
)
def test_a_network_of_another_kind_is_refused(written, options, words):
    with pytest.raises(ValueError, match=words):
        fit(network(**options), resume=written)


def test_a_snapshot_may_be_given_as_well_as_its_path(written):
    snapshot = bpnet.read_checkpoint(written)
    assert isinstance(snapshot, Snapshot)
    ends = []
    for resume in (snapshot, written, os.fspath(written)):
        net = network()
        ends.append(end(net, fit(net, resume=resume)))
    assert ends[0] == ends[1] == ends[2]


def test_custom_functions_are_known_by_their_name(tmp_path):
    def net():
        return bpnet.Network([5, 4, 3], activations=[SOFTSIGN, "softmax"], cost="log_likelihood")

    first = net()
    fit(first, [bpnet.Checkpoint(tmp_path)])
    read = bpnet.load(
        tmp_path / "epoch-0004-step-00000036.safetensors", custom={"softsign": SOFTSIGN}
    )
    assert np.array_equal(parameters(read), parameters(first))


# ------------------------------------------------------------------ the network of a checkpoint


def test_load_takes_the_network_of_a_checkpoint(tmp_path, target):
    backend = target.backend("float64")
    net = network()
    net.metadata["labels"] = ["a", "b", "c"]
    fit(net, [bpnet.Checkpoint(tmp_path)])
    path = tmp_path / "epoch-0004-step-00000036.safetensors"
    read = bpnet.load(path, backend=backend, dtype="float64")
    assert np.array_equal(parameters(read), parameters(net).astype("float64"))
    assert (read.epochs, read.seed, read.metadata) == (4, 3, net.metadata)
    x = samples()[0]
    expected = net.to("numpy", dtype="float64").feedforward(x)
    np.testing.assert_allclose(host(read, read.feedforward(x)), expected, rtol=1e-12)
    with read.backend.scope():
        running = read.backend.to_numpy(read.state.running[0])
    assert np.array_equal(running, net.state.running[0].astype("float64"))


def test_a_loaded_network_can_be_trained_on(written):
    path = written / "epoch-0003-step-00000031.safetensors"
    ends = []
    for net in (network(), bpnet.load(path)):
        ends.append(end(net, fit(net, resume=path)))
    assert ends[0] == ends[1]


# ------------------------------------------------------------------ files that are not whole


def refused(path, *words):
    with pytest.raises(ValueError, match=re.escape(str(path))) as caught:
        bpnet.read_checkpoint(path)
    for word in words:
        assert word in str(caught.value)
    return str(caught.value)


def test_a_file_that_is_cut_off_anywhere(written):
    newest = written / "epoch-0003-step-00000031.safetensors"
    content, dice = newest.read_bytes(), random.Random(0)
    for length in (0, 1, 7, 8, 9, len(content) - 1, *dice.sample(range(len(content)), 60)):
        newest.write_bytes(content[:length])
        refused(newest, "damaged", "previous=True takes the one before it")
        with pytest.raises(ValueError, match="damaged"):
            bpnet.load(newest)


def same(one, other):
    assert one.header == other.header
    assert list(one.arrays) == list(other.arrays)
    for name, array in one.arrays.items():
        assert array.tobytes() == other.arrays[name].tobytes()


def test_a_bit_that_flipped_anywhere(written):
    newest = written / "epoch-0003-step-00000031.safetensors"
    good = bpnet.read_checkpoint(newest)
    content, dice = newest.read_bytes(), random.Random(1)
    length = int.from_bytes(content[:8], "little")
    places = [*range(8), *dice.sample(range(8, 8 + length), 300)]
    places += dice.sample(range(len(content)), 100)
    noticed = 0
    for place in places:
        changed = bytearray(content)
        changed[place] ^= 1 << dice.randrange(8)
        newest.write_bytes(changed)
        try:
            found = bpnet.read_checkpoint(newest)
        except ValueError:
            noticed += 1
        else:
            same(found, good)  # as of a space that pads
    assert noticed > 0.95 * len(places)


@pytest.mark.parametrize("content", [b"", b"epoch,cost\n1,2\n", b"\xff" * 100, b"{}" * 9])
def test_a_file_of_another_kind(tmp_path, content):
    (tmp_path / "it.safetensors").write_bytes(content)
    refused(tmp_path / "it.safetensors", "damaged or no bpnet checkpoint")


def test_a_safetensors_file_of_somebody_else_and_a_model(tmp_path):
    save_file({"a": np.ones(2)}, tmp_path / "a.safetensors")
    refused(tmp_path / "a.safetensors", "is a safetensors file, but no bpnet checkpoint")
    network().save(tmp_path / "b.safetensors")
    refused(tmp_path / "b.safetensors", "is a model, no checkpoint: bpnet.load reads it")


def test_a_newer_release(written, monkeypatch):
    monkeypatch.setattr(bpnet.storage.header, "SCHEMA_VERSION", 7)
    fit(network(), [bpnet.Checkpoint(written / "new")])
    monkeypatch.undo()
    newest = written / "new" / "epoch-0004-step-00000036.safetensors"
    refused(newest, "schema_version 7, this bpnet reads 1", "newer release")


def test_the_one_before_is_taken_when_told_to(written):
    first, newest = (written / name for name in names(written))
    newest.write_bytes(newest.read_bytes()[:-1])
    refused(written, newest.name, "previous=True takes the one before it")
    with pytest.raises(ValueError, match="damaged"):
        fit(network(), resume=written)
    for path in (written, newest):
        with pytest.warns(UserWarning, match=rf"{first.name}' is taken: .*{newest.name}.*damaged"):
            snapshot = bpnet.read_checkpoint(path, previous=True)
        assert snapshot.header["steps"] == 27
    net, alone = network(), network()
    checkpoint = bpnet.Checkpoint(written, every_steps=EVERY)
    assert end(net, fit(net, [checkpoint], resume=snapshot)) == end(
        alone, fit(alone, [bpnet.Checkpoint(written / "b", every_steps=EVERY)])
    )
    assert newest.name not in names(written)


def test_where_none_is_good_each_is_named(written):
    for path in written.iterdir():
        path.write_bytes(b"")
    with pytest.raises(ValueError, match=r"epoch-0003-step-00000031.*epoch-0003-step-00000027"):
        bpnet.read_checkpoint(written, previous=True)


def test_where_there_is_none(tmp_path):
    for path in (tmp_path, tmp_path / "none", tmp_path / "no" / "epoch-0001-step-00000009"):
        with pytest.raises(FileNotFoundError, match="there is no checkpoint"):
            bpnet.read_checkpoint(path)


# ------------------------------------------------------------------ disks that are full


@pytest.mark.parametrize("function", ["os.fsync", "os.replace", "os.fdopen", "tempfile.mkstemp"])
def test_a_full_disk_fails_the_write_and_not_the_run(tmp_path, monkeypatch, function):
    def full(*arguments, **options):
        raise OSError(28, "No space left on device")

    net = network()
    checkpoint = bpnet.Checkpoint(tmp_path / "a", every_steps=EVERY)
    monkeypatch.setattr(function, full)
    message = r"step-00000004.safetensors' was not written: No space left on device; training goes"
    with pytest.warns(UserWarning, match=message) as told:
        history = fit(net, [checkpoint])
    monkeypatch.undo()
    assert len(told) == 1
    assert names(tmp_path / "a") == []
    assert end(net, history) == whole(tmp_path / "b")


def test_a_disk_that_is_full_for_a_while(tmp_path, monkeypatch):
    original, calls = os.replace, []

    def replace(*paths):
        calls.append(paths)
        if 2 < len(calls) < 6:
            raise OSError(28, "No space left on device")
        if len(calls) == 6:
            raise PermissionError(13, "Permission denied")
        original(*paths)

    class Crowd(bpnet.Callback):
        def on_steps(self, fit, steps):
            if len(calls) == 5:
                seen.append(names(tmp_path / "a"))

    seen = []
    monkeypatch.setattr(os, "replace", replace)
    with pytest.warns(UserWarning, match="was not written") as told:
        fit(network(), [Crowd(), bpnet.Checkpoint(tmp_path / "a", every_steps=EVERY)])
    reasons = [str(one.message).partition("written: ")[2] for one in told]
    assert reasons == [
        "No space left on device; training goes on",
        "Permission denied; training goes on",
    ]
    assert seen[0][-1] == "epoch-0000-step-00000008.safetensors", "the good ones stay"
    assert names(tmp_path / "a")[-1] == "epoch-0004-step-00000036.safetensors"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is Linux's")
def test_a_disk_that_is_really_full(tmp_path, monkeypatch):
    """Bytes that do not fit, as the kernel says it."""
    original = os.fdopen

    def fdopen(handle, mode):
        os.close(handle)
        return original(os.open("/dev/full", os.O_WRONLY), mode)

    monkeypatch.setattr(os, "fdopen", fdopen)
    with pytest.warns(UserWarning, match="No space left on device"):
        fit(network(), [bpnet.Checkpoint(tmp_path)])
    assert names(tmp_path) == []


# ------------------------------------------------------------------ processes that are killed


@pytest.mark.skipif(os.name != "posix", reason="sends SIGKILL to a process")
@pytest.mark.parametrize(("library", "kills"), [("numpy", 12), ("torch", 2), ("jax", 2)])
def test_killed_at_random_moments_and_resumed(tmp_path, library, kills):
    pytest.importorskip(library, reason=f"{library} is not installed")
    seen = kill_and_resume(library, kills, tmp_path, seed=1)
    assert seen["kills"] == kills


# ------------------------------------------------------------------ bpnet train --resume

FILES = ["curves.png", "history.csv", "history.jsonl", "model.safetensors", "settings.toml"]


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
    files = [(path / name).read_bytes() for name in ("model.safetensors", "settings.toml")]
    assert names(path) == FILES
    return rows, lines, files


@pytest.mark.parametrize(
    "flags",
    [
        [],
        ["--best", "--epochs", "20"],
        ["--early-stopping", "3", "--learning-rate", "0.02", "--dtype", "float64"],
        ["--checkpoint-every", "3", "--epochs", "9", "--optimizer", "momentum"],
    ],
    ids=["plain", "best", "early-stopping", "every-third"],
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


def test_a_run_that_was_interrupted_goes_on(elsewhere, monkeypatch, ctrl_c, capsys):
    def press(self, fit, row):
        original(self, fit, row)
        if row["epoch"] == 3:
            ctrl_c()

    original = bpnet.KeepBest.on_epoch_end
    flags = ["train", *elsewhere, "--quiet", "--epochs", "12"]
    with monkeypatch.context() as patched:
        patched.setattr(bpnet.KeepBest, "on_epoch_end", press)
        assert main([*flags, "--out", "a"]) == 130
    end = "bpnet: interrupted; the run until then is in a; --resume a goes on\n"
    assert capsys.readouterr().err.endswith(end)
    assert names(Path("a")) == sorted([*FILES, "checkpoints"])
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
    message = "bpnet: the data are no longer those that the run in a began with\n"
    assert capsys.readouterr() == ("", message)
    assert names(Path("a", "checkpoints")) == before
    Path("table.csv").write_text(text)
    assert main(["train", "--resume", "a"]) == 0


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
    words = f"--resume takes the settings of the run: {name} cannot be given with it"
    assert refusal(capsys, "--resume", "a", *flag.split()) == words


def test_what_cannot_be_resumed(elsewhere, capsys):
    assert refusal(capsys, "--resume", "a") == "there is no run folder a"
    Path("a").mkdir()
    assert refusal(capsys, "--resume", "a") == "a is no run folder: it has no settings.toml"
    assert main(["train", "--quiet", "--epochs", "1", "--out", "b"]) == 0
    finished = "the run in b is finished: there is nothing to resume"
    assert refusal(capsys, "--resume", "b") == finished
    assert names(Path("b")) == FILES


def test_a_run_without_checkpoints(elsewhere, monkeypatch, capsys):
    def crash(self, *_):
        raise Crash

    with monkeypatch.context() as patched:
        patched.setattr(bpnet.KeepBest, "on_epoch_end", crash)
        assert main(["train", "--checkpoint-every", "0", "--out", "a"]) == 1
    assert names(Path("a")) == ["settings.toml"]
    words = "the run in a wrote no checkpoints; --config a/settings.toml repeats it"
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
