"""A fit that goes on from a checkpoint ends as if it had not been broken off."""

import os

import numpy as np
import pytest
from _backends import parameters
from _cases import SOFTSIGN
from training._interrupted import (
    EPOCHS,
    EVERY,
    PER_EPOCH,
    Crash,
    CrashAt,
    N,
    broken,
    end,
    fit,
    names,
    network,
    resumed,
    samples,
    whole,
)

import bpnet
import bpnet.cli.run_folder
import bpnet.training.streaming
from bpnet.data import ArraySource
from bpnet.training import Snapshot


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
        {"y": samples()[0][:, :3] % 1.0, "metrics": [], "validation": None},
    ],
    ids=lambda options: "-".join(map(str, options)),
)
def test_whatever_the_way_of_training(tmp_path, options, monkeypatch):
    if "y" in options:  # regression, whose R^2 adds up more
        monkeypatch.setattr(
            "training._interrupted.network",
            lambda b: network(b, cost="quadratic", task="regression"),
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


@pytest.mark.filterwarnings("ignore:the schedule .* is used up")
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
    assert found[0][1:] == ((2, 18, "failed", None), [1, 2])
    assert messages[0] == messages[1]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"batch_size": 9}, "its batch size is 8, here it is 9"),
        ({"optimizer": bpnet.SGD(0.1)}, "its optimizer is 'Adam', here it is 'SGD'"),
        ({"metrics": []}, "its columns is"),
        ({"evaluate_training": True}, "its evaluate_training is False, here it is True"),
        ({"x": samples()[0][:60], "y": samples()[1][:60]}, "its samples is 70, here it is 60"),
        ({"average": 0.0}, r"its average is 0\.9, here it is 0\.0"),
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
