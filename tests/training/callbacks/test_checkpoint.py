"""When checkpoints are written, which are kept, and disks that are full."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from _backends import parameters
from training._interrupted import (
    EVERY,
    Crash,
    CrashAt,
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
    mine = [
        ".epoch-0001-step-00000009.safetensors.bak",
        ".hidden",
        ".mine.safetensors.0123abcd.bpnet-tmp",
    ]
    half = [
        ".best.safetensors.0123abcd.bpnet-tmp",
        ".bpnet.lock",
        ".epoch-0001-step-00000009.safetensors.0123abcd.bpnet-tmp",
    ]
    for name in (*mine, *half, "mine.txt"):
        (tmp_path / name).write_bytes(b"half")
    fit(network(), [bpnet.Checkpoint(tmp_path, keep=1)])
    left = [*mine, "epoch-0004-step-00000036.safetensors", "mine.txt", "sub"]
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
        ({"every_epochs": None}, "no checkpoint would ever be written: set every_steps"),
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
    with pytest.raises(
        ValueError, match=r"L-BFGS cannot write checkpoints, .* leave Checkpoint out"
    ):
        bpnet.LBFGS().fit(net, *samples(), epochs=2, callbacks=[bpnet.Checkpoint(tmp_path)])
    assert net.epochs == 0


@pytest.mark.parametrize("function", ["os.fsync", "os.replace", "os.fdopen", "os.urandom"])
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


@pytest.mark.parametrize(
    ("where", "error", "reason"),
    [
        ("write_checkpoint_file", MemoryError(), "MemoryError"),
        ("write_checkpoint_file", ValueError("too large"), "too large"),
        ("write_checkpoint_file", RuntimeError("of a library"), "of a library"),
        ("write_checkpoint_file", OSError(28, "No space left"), "No space left"),
        ("snapshot", TypeError("of a callback's state"), "of a callback's state"),
    ],
)
def test_whatever_fails_a_write_the_fit_goes_on(tmp_path, monkeypatch, where, error, reason):
    armed = []

    def failing(*arguments):
        if armed:
            raise error
        return original(*arguments)

    class Arm(bpnet.Callback):
        def on_steps(self, fit, steps):
            armed[:] = [True] * (fit.steps_done > 13)

    module = bpnet.training.callbacks.checkpoint
    place = module if where != "snapshot" else bpnet.training.mini_batches.MiniBatchFit
    original = getattr(place, where)
    monkeypatch.setattr(place, where, failing)
    net = network()
    with pytest.warns(UserWarning, match=f"was not written: {reason}; training goes on") as told:
        history = fit(net, [Arm(), bpnet.Checkpoint(tmp_path / "a", every_steps=EVERY)])
    monkeypatch.undo()
    assert len(told) == 1
    assert names(tmp_path / "a")[-1] == "epoch-0001-step-00000013.safetensors"
    assert end(net, history) == whole(tmp_path / "b")


def test_metadata_that_a_file_cannot_hold(tmp_path):
    net = network()
    net.metadata["what"] = object()
    message = r"was not written: a checkpoint holds None, .* and arrays, not <object"
    with pytest.warns(UserWarning, match=message) as told:
        assert len(fit(net, [bpnet.Checkpoint(tmp_path)])) == 4
    assert len(told) == 1
    net.metadata = {"classes": ["too few"]}
    with pytest.raises(ValueError, match=r"metadata.classes has 1 entries, but the network 3"):
        fit(net, [bpnet.Checkpoint(tmp_path)])


# ------------------------------------------------------------------ the best one


def best_only(folder, column="validation_cost"):
    return [bpnet.Checkpoint(folder, every_epochs=None, best=column)]


def test_the_best_of_another_fit_is_not_written_over(tmp_path):
    fit(network(), best_only(tmp_path))
    assert names(tmp_path) == ["best.safetensors"]
    before = (tmp_path / "best.safetensors").read_bytes()
    for callbacks in (best_only(tmp_path), [bpnet.Checkpoint(tmp_path)]):
        net = network()
        start = parameters(net)
        with pytest.raises(ValueError, match="has checkpoints of a fit that came to epoch-000"):
            fit(net, callbacks, epochs=1)
        assert np.array_equal(parameters(net), start)
    assert names(tmp_path) == ["best.safetensors"]
    assert (tmp_path / "best.safetensors").read_bytes() == before


def test_a_folder_with_the_best_alone_resumes_from_it(tmp_path):
    """What the refusal advises."""
    broken(tmp_path, 30, written={"every_epochs": None, "every_steps": None, "best": "epoch"})
    assert names(tmp_path) == ["best.safetensors"]
    net = network()
    history = fit(net, resume=tmp_path)
    other = network()
    assert end(net, history) == end(other, fit(other))


def test_a_second_fit_carries_the_best_on(tmp_path):
    net = network()
    first = fit(net, best_only(tmp_path))
    before = (tmp_path / "best.safetensors").read_bytes()
    second = fit(net, best_only(tmp_path), optimizer=bpnet.SGD(50.0), epochs=2)
    assert min(second["validation_cost"]) > min(first["validation_cost"])
    assert (tmp_path / "best.safetensors").read_bytes() == before
    third = fit(net, best_only(tmp_path, "train_cost"), epochs=1)  # by another column that it has
    assert len(third) == 1
    assert (tmp_path / "best.safetensors").read_bytes() == before


def test_a_second_fit_replaces_it_by_a_better_one(tmp_path):
    net = network()
    options = {"optimizer": bpnet.Adam(0.05)}
    first = fit(net, best_only(tmp_path), epochs=1, **options)
    second = fit(net, best_only(tmp_path), epochs=6, **options)
    figures = first["validation_cost"] + second["validation_cost"]
    kept = bpnet.read_checkpoint(tmp_path / "best.safetensors").header["history"][-1]
    assert kept["epoch"] == 1 + int(np.argmin(figures)) > 1


def test_a_resumed_second_fit_carries_the_best_of_the_first_on(tmp_path):
    net = network()
    written = bpnet.Checkpoint(tmp_path, best="validation_cost")
    fit(net, [written], epochs=6, optimizer=bpnet.Adam(0.05))
    before = (tmp_path / "best.safetensors").read_bytes()
    options = {"optimizer": bpnet.SGD(50.0), "epochs": 4}
    with pytest.raises(Crash):
        fit(net, [written, CrashAt(80)], **options)
    fit(network(), [written], resume=tmp_path, **options)
    assert (tmp_path / "best.safetensors").read_bytes() == before


def test_a_best_by_a_column_that_is_not_there_is_refused(tmp_path):
    net = network()
    fit(net, best_only(tmp_path, "validation_log_loss"))
    with pytest.raises(ValueError, match=r"is the best of a fit without 'validation_auc'"):
        fit(net, best_only(tmp_path, "validation_auc"), metrics=["auc"])


# ------------------------------------------------------------------ Ctrl-C


@pytest.mark.parametrize("after", [0, 3, 5, 9])
def test_ctrl_c_loses_nothing(tmp_path, ctrl_c, after):
    """In the midst of a block of steps, of an epoch, and at its end."""

    class Late(bpnet.Adam):
        def rates(self, t, factor=1.0):
            if t == 9 + after and armed:
                ctrl_c()
            return super().rates(t, factor)

    armed = [True]
    optimizer = Late(0.05)
    net = network()
    callbacks = [bpnet.EarlyStopping(), bpnet.Checkpoint(tmp_path / "a", every_epochs=3)]
    history = fit(net, callbacks, optimizer=optimizer)
    assert (history.stopped, len(history)) == ("interrupted", net.epochs)
    assert 0 < net.epochs < 4
    kept = bpnet.read_checkpoint(tmp_path / "a")
    assert (kept.header["epochs"], kept.header["steps"]) == (net.epochs, net.steps)
    assert np.array_equal(kept.arrays["state.theta"], net.state.theta)
    armed.clear()
    other = network()
    callbacks = [bpnet.EarlyStopping(), bpnet.Checkpoint(tmp_path / "a", every_epochs=3)]
    found = end(other, fit(other, callbacks, optimizer=optimizer, resume=tmp_path / "a"))
    twin = network()
    expected = end(twin, fit(twin, [bpnet.EarlyStopping()], optimizer=optimizer))
    assert found[2:] == expected[2:]


def test_after_a_second_ctrl_c_nothing_is_written(tmp_path, ctrl_c):
    class Twice(bpnet.Callback):
        def on_steps(self, fit, steps):
            if fit.steps_done > 18:
                ctrl_c()
                ctrl_c()

    with pytest.raises(KeyboardInterrupt):
        fit(network(), [Twice(), bpnet.Checkpoint(tmp_path)])
    assert names(tmp_path)[-1] == "epoch-0002-step-00000018.safetensors"
    assert len(fit(network(), resume=tmp_path)) == 4


# ------------------------------------------------------------------ other fits


def test_saves_of_others_in_the_folder_succeed(tmp_path):
    """While fits begin, and clean, again and again."""
    other, stop, failed = network(), threading.Event(), []

    def save():
        try:
            while not stop.is_set():
                for name in ("other", "epoch-0000-step-00000000"):
                    other.save(tmp_path / f"{name}.safetensors")
        except OSError as error:
            failed.append(error)

    thread = threading.Thread(target=save)
    thread.start()
    try:
        for _ in range(30):
            fit(network(), [bpnet.Checkpoint(tmp_path, every_epochs=9, every_steps=99)], epochs=1)
    finally:
        stop.set()
        thread.join()
    assert failed == []


def together(*calls):
    """What calls in threads of their own return or raise, once all have begun a fit."""
    results = [None] * len(calls)

    def run(k):
        try:
            results[k] = calls[k]()
        except Exception as error:
            results[k] = error

    threads = [threading.Thread(target=run, args=(k,)) for k in range(len(calls))]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return results


@pytest.mark.parametrize("shared", [True, False])
def test_of_two_fits_in_one_folder_the_second_is_told(tmp_path, shared):
    checkpoint = bpnet.Checkpoint(tmp_path / "a")
    trains, told = threading.Event(), threading.Event()

    class Waits(bpnet.Callback):
        def on_steps(self, fit, steps):
            trains.set()

        def on_epoch_end(self, fit, row):
            assert told.wait(60)

    def first():
        net = network()
        return end(net, fit(net, [checkpoint, Waits()]))

    def second():
        assert trains.wait(60)
        net, mine = network(seed=9), checkpoint if shared else bpnet.Checkpoint(tmp_path / "a")
        start = parameters(net)
        try:
            return fit(net, [mine])
        finally:
            assert np.array_equal(parameters(net), start)
            told.set()

    ended, refused = together(first, second)
    assert isinstance(refused, RuntimeError)
    assert "a' is in use: another fit of this process is training in it" in str(refused)
    expected = whole(tmp_path / "b", written={"every_steps": None})
    assert ended == expected, "the first goes on as if nothing had been"
    assert names(tmp_path / "a") == names(tmp_path / "b")


CHILD = """
import sys, bpnet
class Waits(bpnet.Callback):
    def on_epoch_end(self, fit, row):
        print("trains", flush=True)
        sys.stdin.read()
net = bpnet.Network([1, 1], seed=0)
net.fit([[0.0]], [[1.0]], epochs=2, batch_size=1, callbacks=[
    Waits(), bpnet.Checkpoint(sys.argv[1])
])
"""


def test_of_two_processes_in_one_folder_the_second_is_told(tmp_path):
    command = [sys.executable, "-c", CHILD, os.fspath(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout.readline() == b"trains\n"
        with pytest.raises(RuntimeError, match=f"is in use: process {child.pid} is training in it"):
            fit(network(), [bpnet.Checkpoint(tmp_path)])
        assert names(tmp_path) == [".bpnet.lock"]
        child.communicate()
    assert child.returncode == 0
    assert names(tmp_path) == [f"epoch-000{k}-step-0000000{k}.safetensors" for k in (1, 2)]


def test_a_folder_is_free_after_a_fit_that_never_ran(tmp_path):
    checkpoint = bpnet.Checkpoint(tmp_path)
    x, y = samples()
    network().fitting(x, y, epochs=2, batch_size=8, callbacks=[checkpoint])
    fit(network(), [checkpoint])
    assert names(tmp_path)[-1] == "epoch-0004-step-00000036.safetensors"


def test_a_folder_is_free_after_a_fit_that_was_refused_or_failed(tmp_path):
    fit(network(), [bpnet.Checkpoint(tmp_path)])
    checkpoint, before = bpnet.Checkpoint(tmp_path), names(tmp_path)
    for _ in range(2):
        with pytest.raises(ValueError, match="has checkpoints of a fit that came to epoch-0004"):
            fit(network(), [checkpoint])
        assert names(tmp_path) == before
    with pytest.raises(Crash):
        fit(network(), [checkpoint, CrashAt(40)], resume=tmp_path, epochs=9)
    assert not (tmp_path / ".bpnet.lock").exists()
