"""Checkpoints and snapshots whose values are not those of any fit."""

import copy
import re

import numpy as np
import pytest
from _backends import parameters
from training._interrupted import broken, end, fit, names, network

import bpnet
from bpnet.storage.checkpoints import read_checkpoint_file, write_checkpoint_file
from bpnet.training import Snapshot

WITHIN, BETWEEN = "epoch-0003-step-00000031", "epoch-0003-step-00000027"


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    """Arrays and header of a checkpoint within an epoch and of one between two."""
    folder = tmp_path_factory.mktemp("originals")
    broken(folder, 31, callbacks_of_a_fit)
    found = {}
    for name in (WITHIN, BETWEEN):
        arrays, header = read_checkpoint_file(folder / f"{name}.safetensors")
        del header["schema_version"]
        found[name] = arrays, header
    return found


def callbacks_of_a_fit():
    return [bpnet.EarlyStopping(), bpnet.ReduceOnPlateau(), bpnet.KeepBest(restore=False)]


class Forged:
    """A checkpoint in a file, with some values changed."""

    def __init__(self, folder, originals):
        self.path, self._originals = folder / "it.safetensors", originals

    def __call__(self, change, name=WITHIN):
        arrays, header = copy.deepcopy(self._originals[name])
        change(arrays, header)
        write_checkpoint_file(self.path, arrays, header)

    def resumed(self, net):
        return fit(net, callbacks_of_a_fit(), resume=self.path)


@pytest.fixture
def forged(tmp_path, originals):
    return Forged(tmp_path, originals)


def assert_refused(forged, *words):
    """By the same fit, without a change of the network."""
    net = network()
    fit(net, epochs=1)
    before = parameters(net).copy()
    with pytest.raises(ValueError, match=re.escape(str(forged.path))) as caught:
        forged.resumed(net)
    assert type(caught.value) is ValueError
    for word in words:
        assert word in str(caught.value)
    assert len(str(caught.value)) < 2000
    assert np.array_equal(parameters(net), before)
    assert (net.epochs, net.steps) == (1, 9)
    net.step(*samples_of_a_step())  # it can be trained on


def samples_of_a_step():
    return np.ones((2, 5)), [0, 1]


@pytest.mark.parametrize("name", [WITHIN, BETWEEN])
def test_what_is_not_changed_resumes(forged, name):
    forged(lambda arrays, header: None, name)
    net, twin = network(), network()
    assert end(net, forged.resumed(net))[1:] == end(twin, fit(twin, callbacks_of_a_fit()))[1:]


KEYS = [
    *("network", "state", "whole", "tally", "callbacks", "run", "epochs", "steps", "since"),
    *("rate_factor", "block_steps", "seconds", "first_epoch", "history", "stopped"),
    "at_once",
]


def test_every_key_is_known(originals):
    assert sorted(originals[WITHIN][1]) == sorted(KEYS)


@pytest.mark.parametrize("key", KEYS)
def test_a_key_that_is_missing(forged, key):
    forged(lambda arrays, header: header.pop(key))
    assert_refused(forged, key)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("value", [5.5, "text", [7], {"a": 1}, -1, {"array": "none"}], ids=str)
def test_a_value_of_another_kind(forged, key, value):
    if (key, value) in (("rate_factor", 5.5), ("seconds", 5.5), ("stopped", "text")):
        pytest.skip("that is one")
    forged(lambda arrays, header: header.update({key: value}))
    assert_refused(forged, key)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"block_steps": 0}, "block_steps must be at least 1"),
        ({"block_steps": -1}, "block_steps must be at least 1"),
        ({"steps": 2**60}, "steps must be at least 0 and at most"),
        ({"since": 32}, "since, the optimizer's first step, is 32; steps is 31, of which 4 are"),
        ({"since": 28}, "since, the optimizer's first step, is 28"),
        ({"steps": 3}, "steps is 3, of which 4 are in the epoch in progress"),
        ({"first_epoch": 5}, "first_epoch is 5, but epochs, those that are done, 3"),
        ({"epochs": 2}, "history ends with epoch 3, but epochs is 2"),
        ({"rate_factor": float("nan")}, "rate_factor"),
        ({"rate_factor": float("inf")}, "rate_factor"),
        ({"seconds": float("inf")}, "seconds"),
        ({"tally": None}, "whole is the state before an epoch in progress, and there is none"),
        ({"whole": {"tuple": []}}, "whole must have theta"),
        ({"callbacks": []}, "callbacks"),
        ({"callbacks": [["EarlyStopping", {"tuple": []}]]}, "callbacks[0] must have a state"),
        ({"callbacks": [[3, {"dict": {}}]]}, "callbacks[0][0] must be a string, not 3"),
        ({"history": []}, None),
        ({"history": [{"epoch": 3}]}, "history has no column 'train_cost'"),
        ({"history": ["a"]}, "history[0] must be a row"),
    ],
    ids=str,
)
def test_a_value_out_of_range_or_against_another(forged, change, words):
    forged(lambda arrays, header: header.update(change))
    if words is None:
        assert len(forged.resumed(network())) == 1, "the fit counts its epochs, not its rows"
    else:
        assert_refused(forged, words)


@pytest.mark.parametrize(
    "what", ["state.theta", "state.memory.1", "state.running.0", "whole.theta"]
)
@pytest.mark.parametrize("dtype", ["float16", "float64", "int8", "uint8", "bool"])
def test_an_array_of_another_type(forged, what, dtype):
    forged(lambda arrays, header: arrays.update({what: arrays[what].astype(dtype)}))
    assert_refused(forged, f"has dtype {dtype}, but the network float32")


ARRAYS = ["state.theta", "state.memory.0", "state.running.0", "state.average.0", "whole.theta"]


@pytest.mark.parametrize("what", [*ARRAYS, "tally.costs", "tally.sums", "tally.counts"])
def test_an_array_of_another_shape(forged, what):
    for change in (
        lambda array: array[:-1],
        lambda array: array[None],
        lambda array: array[:0],
        lambda array: np.concatenate([array, array]),
    ):
        forged(lambda arrays, header, f=change: arrays.update({what: f(arrays[what])}))
        assert_refused(forged)


@pytest.mark.parametrize(
    "what", [*ARRAYS, "tally.costs", "tally.outputs", "callback0.parameters.0.0"]
)
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_an_array_that_is_not_finite(forged, what, value):
    def change(arrays, header):
        arrays[what].flat[0] = value

    forged(change)
    assert_refused(forged, "not finite everywhere")


@pytest.mark.parametrize("what", ["state.running.0", "callback0.parameters.0.2.0"])
def test_a_negative_running_variance(forged, what):
    def change(arrays, header):
        arrays[what][-1] = -1.0

    forged(change)
    assert_refused(forged, "a running variance of layer 1 is -1, below 0")


@pytest.mark.parametrize("name", [WITHIN, BETWEEN])
def test_an_array_that_is_missing(forged, originals, name):
    for what in originals[name][0]:
        forged(lambda arrays, header, what=what: arrays.pop(what), name)
        assert_refused(forged, what, "missing")


@pytest.mark.parametrize(
    ("k", "key", "value"),
    [
        (0, "best", "low"),
        (0, "best", [1.0]),
        (0, "waited", -1),
        (0, "waited", None),
        (0, "epoch", "first"),
        (0, "parameters", None),
        (0, "parameters", {"tuple": []}),
        (0, "parameters", {"tuple": [{"tuple": []}, 5]}),
        (1, "cooling", 1.5),
        (1, "waited", "long"),
        (2, "best", {"array": "state.theta"}),
        (2, "epoch", 0),
        (2, "parameters", {"array": "state.theta"}),
    ],
    ids=str,
)
def test_a_state_that_no_callback_gave(forged, k, key, value):
    forged(lambda arrays, header: header["callbacks"][k][1]["dict"].update({key: value}))
    assert_refused(forged, header_name(k), "cannot go on from what the checkpoint has of it")


def test_a_state_of_a_callback_that_lacks_a_value(forged, originals):
    for k, (_, state) in enumerate(originals[WITHIN][1]["callbacks"]):
        for key in state["dict"]:
            forged(lambda arrays, header, k=k, key=key: header["callbacks"][k][1]["dict"].pop(key))
            assert_refused(forged, header_name(k))


def header_name(k):
    return type(callbacks_of_a_fit()[k]).__name__


def test_parameters_of_a_callback_of_another_type(forged):
    what = "callback0.parameters.0.0"
    forged(lambda arrays, header: arrays.update({what: arrays[what].astype("int8")}))
    assert_refused(forged, "parameters.theta has dtype int8, but the network float32")


def test_a_callback_of_the_users_own_that_objects_is_named(forged, originals):
    class Own(bpnet.Callback):
        def state(self):
            return {"a": 1}

        def set_state(self, state):
            raise KeyError("what it wants")

    forged(lambda arrays, header: header["callbacks"].append(["Own", {"dict": {"a": 1}}]))
    with pytest.raises(ValueError, match=r"it.safetensors.*Own cannot go on .* KeyError"):
        fit(network(), [*callbacks_of_a_fit(), Own()], resume=forged.path)


def test_a_snapshot_in_memory_is_checked_as_well(originals):
    arrays, header = copy.deepcopy(originals[WITHIN])
    header["block_steps"] = 0
    with pytest.raises(ValueError, match="'resume' cannot be read, or is damaged: block_steps"):
        fit(network(), callbacks_of_a_fit(), resume=Snapshot(arrays, header))
    header["block_steps"], arrays["state.theta"] = 1, [1.0]
    with pytest.raises(ValueError, match=r"state.theta must be a NumPy array, not \[1.0\]"):
        fit(network(), callbacks_of_a_fit(), resume=Snapshot(arrays, header))


def test_the_one_before_is_taken_where_values_are_wrong(tmp_path):
    broken(tmp_path, 31)
    first, newest = names(tmp_path)
    arrays, header = read_checkpoint_file(tmp_path / newest)
    del header["schema_version"]
    write_checkpoint_file(tmp_path / newest, arrays, {**header, "block_steps": 0})
    with pytest.raises(ValueError, match=r"block_steps.*previous=True takes the one before it"):
        bpnet.read_checkpoint(tmp_path)
    with pytest.warns(UserWarning, match=rf"{first}' is taken: .*block_steps"):
        assert bpnet.read_checkpoint(tmp_path, previous=True).header["steps"] == 27


def test_the_network_of_a_checkpoint_is_checked_as_well(forged):
    for change, words in (
        (lambda arrays, header: header["network"].pop("sizes"), "network.sizes is missing"),
        (lambda arrays, header: header["network"].update(seed=-1), "network.seed must be at least"),
        (lambda arrays, header: header.update(network=[]), "network must be a mapping"),
        (lambda arrays, header: header.pop("network"), "network must be a mapping"),
        (lambda arrays, header: arrays.pop("state.theta"), "the array state.theta is missing"),
        (
            lambda arrays, header: arrays.update({"state.theta": np.ones(3, "float32")}),
            "theta has shape (3,)",
        ),
    ):
        forged(change)
        with pytest.raises(ValueError, match=re.escape(str(forged.path))) as caught:
            bpnet.load(forged.path)
        assert words in str(caught.value)


def test_a_history_that_a_callback_changes_does_not_change_the_number_of_epochs(tmp_path):
    class Long(bpnet.Callback):
        def on_epoch_end(self, fit, row):
            fit.history.rows[:] = [row] * 1000

    net = network()
    fit(net, [Long(), bpnet.Checkpoint(tmp_path)])
    assert net.epochs == 4


@pytest.mark.parametrize(
    ("what", "value", "words"),
    [
        ("tally.costs", np.asarray(["a"] * 4), "tally.costs must be an array of numbers, not"),
        (
            "tally.counts",
            np.asarray([0]),
            "tally.counts has 0, but a block has at least one",
        ),
        ("tally.targets", np.zeros((1, 9)), "expected a row for each sample of both"),
        ("callback0.parameters.0.0", np.ones(3, "float32"), "has shape (3,), but here it has ("),
    ],
)
def test_an_array_in_memory_that_is_no_fits(originals, what, value, words):
    arrays, header = copy.deepcopy(originals[WITHIN])
    arrays[what] = value
    with pytest.raises(ValueError, match=re.escape(words)):
        fit(network(), callbacks_of_a_fit(), resume=Snapshot(arrays, header))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda header: header["state"]["dict"].update(running={"dict": {}}),
            "state.running must be arrays, not {}",
        ),
        (
            lambda header: header["state"]["dict"].update(
                loss_scale={"tuple": [{"array": "state.theta"}]}
            ),
            "state.loss_scale must be a scale of at least 1 and an age, not [",
        ),
        (
            lambda header: [row.update(train_cost="low") for row in header["history"]],
            "history has str in column 'train_cost', expected numbers",
        ),
        (
            lambda header: header["run"].update(settings="epochs"),
            "run.settings must be a mapping of keys to values, not 'epochs'",
        ),
    ],
)
def test_a_header_in_memory_that_is_no_fits(originals, change, words):
    arrays, header = copy.deepcopy(originals[WITHIN])
    change(header)
    with pytest.raises(ValueError, match=re.escape(words)):
        fit(network(), callbacks_of_a_fit(), resume=Snapshot(arrays, header))
