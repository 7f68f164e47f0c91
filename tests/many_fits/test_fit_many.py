"""Tests for many fits at once: bits, order, scores, errors, Ctrl-C."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _backends import parameters

import bpnet
from bpnet.many_fits import Which

ROOT = Path(__file__).resolve().parents[2]
SETTINGS: dict[str, Any] = {"epochs": 4, "batch_size": 16, "optimizer": "adam"}


@pytest.fixture(scope="module")
def data() -> tuple[np.ndarray, np.ndarray]:
    """Enough for arrays that are mapped, not pickled."""
    x = np.random.default_rng(0).normal(size=(600, 20)).astype(np.float32)
    return x, (x[:, 0] > 0).astype(np.int64) + (x[:, 1] > 1)


def _net(backend: str = "numpy", **options: Any) -> bpnet.Network:
    layers = [20, bpnet.Layer(32, dropout=0.1), 3]
    return bpnet.Network(
        layers, activations="relu", cost="log_likelihood", seed=0, backend=backend, **options
    )


def _bits(fits: Any) -> list[bytes]:
    return [parameters(net).tobytes() for net in fits.networks]


def _figures(fits: Any) -> list[Any]:
    """Histories without the seconds."""
    columns = [name for name in fits[0].history.columns if name != "seconds"]
    return [[history[name] for name in columns] for history in fits.histories]


@pytest.mark.parametrize("backend", ["numpy", "torch"])
@pytest.mark.parametrize(
    "how",
    [
        {"seeds": 5, "validation": 0.2, "callbacks": [bpnet.KeepBest()]},
        {"seeds": [3, 1], "folds": 3},
    ],
    ids=["seeds", "seeds and folds"],
)
def test_bits_are_those_of_one_after_another(backend: str, how: dict[str, Any], data: Any) -> None:
    pytest.importorskip(backend)
    one = bpnet.fit_many(_net(backend), *data, n_jobs=1, **how, **SETTINGS)
    for n_jobs in (2, 3) if backend == "numpy" else (2,):
        two = bpnet.fit_many(_net(backend), *data, n_jobs=n_jobs, **how, **SETTINGS)
        assert _bits(one) == _bits(two)
        assert _figures(one) == _figures(two)
        assert one.scores.tolist() == two.scores.tolist()
        assert [fit.which for fit in one] == [fit.which for fit in two]
        assert [h.best_epoch for h in one.histories] == [h.best_epoch for h in two.histories]
        assert {net.epochs for net in two.networks} == {4}
    assert len(set(_bits(one))) == len(one)


def test_each_fit_is_that_of_a_network_by_itself(data: Any) -> None:
    fits = bpnet.fit_many(_net(), *data, seeds=[0, 7], folds=2, n_jobs=1, **SETTINGS)
    assert [one.which for one in fits] == [Which(0, 0), Which(0, 1), Which(7, 0), Which(7, 1)]
    x, y = data
    one = fits[3]
    layers = [20, bpnet.Layer(32, dropout=0.1), 3]
    net = bpnet.Network(layers, activations="relu", cost="log_likelihood", seed=7)
    held_out = x[one.held_out], y[one.held_out]
    history = net.fit(x[one.train], y[one.train], validation=held_out, progress=False, **SETTINGS)
    np.testing.assert_allclose(parameters(net), parameters(one.net), rtol=1e-5, atol=1e-6)
    assert history.columns == one.history.columns
    assert one.score == one.net.score(*held_out)
    assert sorted([*fits[2].held_out, *one.held_out]) == list(range(600))


def test_the_network_given_stays_and_its_training_is_not_used(data: Any) -> None:
    net = _net()
    net.fit(*data, progress=False, **SETTINGS)
    before = parameters(net).tobytes()
    fits = bpnet.fit_many(net, *data, seeds=[0], n_jobs=1, **SETTINGS)
    assert parameters(net).tobytes() == before
    assert _bits(fits) == _bits(bpnet.fit_many(_net(), *data, seeds=[0], n_jobs=1, **SETTINGS))
    assert fits.networks[0].epochs == 4


def test_a_function_makes_each_network(data: Any) -> None:
    made = []

    def make(seed: int) -> bpnet.Network:
        made.append(seed)
        return bpnet.Network([20, 4 + seed, 3], cost="log_likelihood", seed=seed)

    fits = bpnet.fit_many(make, *data, seeds=[2, 3], n_jobs=2, **SETTINGS)
    assert [net.sizes[1] for net in fits.networks] == [6, 7]
    assert set(made) == {2, 3}


def test_without_seeds_it_is_the_networks_own(data: Any) -> None:
    net = bpnet.Network([20, 3], cost="log_likelihood", seed=11)
    fits = bpnet.fit_many(net, *data, folds=2, n_jobs=1, **SETTINGS)
    assert {one.which.seed for one in fits} == {11}


def test_regression_and_text_labels(data: Any) -> None:
    x, y = data
    line = bpnet.Network([20, 1], activations=["identity"], seed=0)
    fits = bpnet.fit_many(line, x, x[:, 2], folds=2, n_jobs=1, **SETTINGS)
    expected = np.mean([net.predict(x) for net in fits.networks], axis=0)
    np.testing.assert_array_equal(fits.predict(x), expected)
    names = np.array(["a", "b", "c"])[y]
    fold = np.where(y == 2, 0, np.arange(600) % 2)  # one part of the rows is without "c"
    named = bpnet.fit_many(_net(), x, names, folds=fold, n_jobs=1, **SETTINGS)
    assert {net.classes for net in named.networks} == {("a", "b", "c")}
    assert set(named.predict(x)) <= {"a", "b", "c"}
    np.testing.assert_allclose(named.predict_proba(x).sum(axis=1), 1.0, rtol=1e-5)


def test_weights_follow_their_rows(data: Any) -> None:
    """Rows of no weight may say anything: what is learnt is the same."""
    x, y = data
    weight = (np.arange(600) % 3 > 0).astype(float)
    wrong = np.where(weight == 0, 0, y)
    fold = np.where(weight == 0, -1, np.arange(600) % 2)
    first, second = (
        bpnet.fit_many(_net(), x, labels, folds=fold, sample_weight=weight, n_jobs=2, **SETTINGS)
        for labels in (y, wrong)
    )
    assert _bits(first) == _bits(second)


def test_samples_of_other_kinds(data: Any, torch: Any) -> None:
    sparse = pytest.importorskip("scipy.sparse")
    pandas = pytest.importorskip("pandas")
    x, y = data
    how: dict[str, Any] = {"folds": 2, "n_jobs": 2, **SETTINGS}
    plain = _bits(bpnet.fit_many(_net(), x, y, **how))
    frame = pandas.DataFrame(x)
    assert _bits(bpnet.fit_many(_net(), frame, pandas.Series(y), **how)) == plain
    assert _bits(bpnet.fit_many(_net(), x.tolist(), y.tolist(), **how)) == plain
    found = bpnet.fit_many(_net(), sparse.csc_array(x), y, **how)
    np.testing.assert_allclose(found.scores, bpnet.fit_many(_net(), x, y, **how).scores, atol=0.02)
    tensors = torch.from_numpy(x), torch.from_numpy(y)
    of_tensors = _bits(bpnet.fit_many(_net("torch"), *tensors, **how))
    assert of_tensors == _bits(bpnet.fit_many(_net("torch"), x, y, **how))


def test_a_source_is_read_by_each_process(data: Any) -> None:
    source = bpnet.data.ArraySource(*data)
    found = [
        _bits(bpnet.fit_many(_net(), source, seeds=2, n_jobs=n_jobs, **SETTINGS))
        for n_jobs in (1, 2)
    ]
    assert found[0] == found[1]
    with pytest.raises(TypeError, match="folds divide arrays"):
        bpnet.fit_many(_net(), source, folds=2, **SETTINGS)


def test_scores_without_folds(data: Any) -> None:
    x, y = data
    pair = x[:100], y[:100]
    fits = bpnet.fit_many(_net(), *data, seeds=2, validation=pair, n_jobs=1, **SETTINGS)
    assert fits.scores.tolist() == [net.score(*pair) for net in fits.networks]
    assert fits.scored == "validation samples"
    fits = bpnet.fit_many(_net(), *data, seeds=2, n_jobs=1, **SETTINGS)
    assert fits.scores.tolist() == [h["train_accuracy"][-1] for h in fits.histories]
    assert fits.scored == "training samples"


def test_summary_and_picture(data: Any, tmp_path: Path) -> None:
    fits = bpnet.fit_many(_net(), *data, seeds=3, folds=2, n_jobs=1, **SETTINGS)
    lines = str(fits).splitlines()
    assert len(lines) == 1 + 6 + 2 + 1
    assert lines[0].split()[:3] == ["seed", "fold", "epochs"]
    assert lines[-1] == (
        f"6 fits: score of the held-out rows {fits.scores.mean():.4f} "
        f"± {fits.scores.std(ddof=1):.4f}"
    )
    assert "<table>" in fits._repr_html_()
    assert len(fits[1:3]) == 2
    pytest.importorskip("matplotlib")
    fits.plot(tmp_path / "fits.png")
    assert (tmp_path / "fits.png").stat().st_size > 10_000


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_callbacks_are_copied_for_each_fit(n_jobs: int, data: Any) -> None:
    class Notes(bpnet.Callback):  # within a function: processes cannot import tests
        def __init__(self) -> None:
            self.epochs: list[int] = []

        def on_epoch_end(self, fit: Any, row: dict[str, Any]) -> None:
            self.epochs.append(row["epoch"])

    notes = Notes()
    fits = bpnet.fit_many(_net(), *data, seeds=3, callbacks=[notes], n_jobs=n_jobs, **SETTINGS)
    assert [one.callbacks[0].epochs for one in fits] == [[1, 2, 3, 4]] * 3
    assert notes.epochs == []


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_function_makes_the_callbacks_of_each_fit(n_jobs: int, data: Any, tmp_path: Path) -> None:
    bpnet.fit_many(
        _net(),
        *data,
        seeds=2,
        folds=2,
        n_jobs=n_jobs,
        callbacks=lambda which: [bpnet.CSVLog(tmp_path / f"{which.name}.csv")],
        **SETTINGS,
    )
    expected = [f"seed-{seed}-fold-{fold}.csv" for seed in (0, 1) for fold in (0, 1)]
    assert sorted(path.name for path in tmp_path.iterdir()) == expected
    assert len((tmp_path / expected[3]).read_text().splitlines()) == 5


class _Held(bpnet.Callback):
    def __init__(self) -> None:
        self.lock = threading.Lock()


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize(
    ("callbacks", "message"),
    [
        ([bpnet.KeepBest("train_cost"), _Held()], r"callbacks\[1\], a _Held, cannot be copied"),
        ([bpnet.CSVLog("log.csv")], r"callbacks\[0\], a CSVLog, would write to one place from 2"),
        ([bpnet.Checkpoint("folder")], r"bpnet.Checkpoint\(which.name\)"),
        ([bpnet.Progress()], "progress=True"),
        ([3], r"callbacks\[0\] must be a bpnet.Callback, not 3"),
    ],
    ids=["lock", "log", "checkpoint", "progress", "number"],
)
def test_callbacks_that_cannot_be_shared(
    n_jobs: int, callbacks: Any, message: str, data: Any
) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        bpnet.fit_many(_net(), *data, seeds=2, callbacks=callbacks, n_jobs=n_jobs, **SETTINGS)


def test_what_cannot_be_sent_is_named(data: Any) -> None:
    lock = threading.Lock()

    def shuffle(epoch: int) -> Any:
        with lock:
            return np.arange(600)

    how: dict[str, Any] = {"seeds": 2, "shuffle": shuffle, **SETTINGS}
    with pytest.raises(TypeError, match="shuffle, a function, cannot be sent to another process"):
        bpnet.fit_many(_net(), *data, n_jobs=2, **how)
    assert len(bpnet.fit_many(_net(), *data, n_jobs=1, **how)) == 2


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_an_error_says_which_fit_it_was(n_jobs: int, data: Any) -> None:
    def make(seed: int) -> bpnet.Network:
        return bpnet.Network([20, 3], cost="log_likelihood", seed=seed)

    class Steep(bpnet.Callback):
        def on_epoch_end(self, fit: Any, row: dict[str, Any]) -> None:
            raise ArithmeticError(f"no good in epoch {row['epoch']}")

    def callbacks(which: Which) -> list[bpnet.Callback]:
        return [Steep()] if which == Which(2, 1) else []

    with pytest.raises(ArithmeticError, match=r"^no good in epoch 1") as caught:
        bpnet.fit_many(
            make, *data, seeds=[1, 2], folds=2, callbacks=callbacks, n_jobs=n_jobs, **SETTINGS
        )
    assert caught.value.__notes__ == ["in the fit of seed 2, fold 1"]
    steep = {**SETTINGS, "optimizer": bpnet.SGD(1e39)}
    with pytest.raises(bpnet.DivergenceError) as diverged:
        bpnet.fit_many(make, *data, seeds=2, n_jobs=n_jobs, **steep)
    assert "in the fit of seed" in diverged.value.__notes__[0]
    assert isinstance(diverged.value.history, bpnet.History)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"seeds": []}, "seeds is empty"),
        ({"seeds": [1, 1]}, "seeds holds 1 twice"),
        ({"seeds": [-1]}, r"seeds\[0\] must be at least 0"),
        ({"seeds": "a"}, "seeds must be integers"),
        ({"n_jobs": 0}, "n_jobs is 0"),
        ({"n_jobs": 1.5}, "n_jobs must be an integer"),
        ({"epochs": -1}, "epochs must be at least 0"),
        ({"resume": "folder"}, "fit_many begins every fit anew"),
        ({"learning_rate": 1.0}, "fit_many has no argument 'learning_rate'"),
        ({"progress": "yes"}, "progress must be"),
        ({"folds": 1}, "folds must be at least 2"),
        ({"folds": 601}, "folds=601 needs as many rows"),
        ({"folds": "five"}, "folds must be a number"),
        ({"folds": []}, "folds is empty"),
        ({"folds": np.zeros(600, int)}, "folds has 1 fold"),
        ({"folds": np.zeros(5, int)}, "in which fold each of the 600 rows is"),
        ({"folds": [([0, 1], [1, 2])]}, r"folds\[0\] holds out row 1, which it also trains on"),
        ({"folds": [[600]]}, r"folds\[0\] holds row 600, and the rows are 0 to 599"),
        ({"folds": [([0], [])]}, "0 held out"),
        ({"folds": [[0.5]]}, "must be row numbers"),
    ],
)
def test_refuses(arguments: dict[str, Any], message: str, data: Any) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        bpnet.fit_many(_net(), *data, **{**SETTINGS, "n_jobs": 1, **arguments})


def test_refuses_networks_that_it_cannot_make_anew(data: Any, tmp_path: Path) -> None:
    _net().save(tmp_path / "net.safetensors")
    loaded = bpnet.load(tmp_path / "net.safetensors")
    with pytest.raises(ValueError, match=r"lambda seed: bpnet\.Network"):
        bpnet.fit_many(loaded, *data, seeds=2, **SETTINGS)
    with pytest.raises(TypeError, match=r"net must be a bpnet\.Network, or a function"):
        bpnet.fit_many([20, 3], *data, seeds=2, **SETTINGS)
    with pytest.raises(TypeError, match=r"net\(0\) must return a bpnet.Network, not None"):
        bpnet.fit_many(lambda seed: None, *data, seeds=2, **SETTINGS)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="x has 599 rows, and y has 600"):
        bpnet.fit_many(_net(), data[0][1:], data[1], folds=2, **SETTINGS)


def test_folds_as_users_have_them(data: Any) -> None:
    selection = pytest.importorskip("sklearn.model_selection")
    x, y = data

    def held_out(folds: Any) -> list[list[int]]:
        fits = bpnet.fit_many(_net(), x, y, folds=folds, n_jobs=1, **{**SETTINGS, "epochs": 0})
        return [one.held_out.tolist() for one in fits]

    thirds = [list(range(k, 600, 3)) for k in range(3)]
    assert held_out(thirds) == thirds
    assert held_out(np.arange(600) % 3) == thirds
    everything = np.arange(600)
    assert held_out([(np.setdiff1d(everything, one), one) for one in thirds]) == thirds
    splitter = selection.StratifiedKFold(3)
    pairs = [test.tolist() for _, test in splitter.split(x, y)]
    assert held_out(splitter) == held_out(splitter.split(x, y)) == pairs


def test_classes_keep_their_shares_however_targets_are_given(data: Any) -> None:
    x, y = data
    shares = np.bincount(y) / 4
    for targets in (y, np.eye(3, dtype=np.float32)[y], np.array(["a", "b", "c"])[y]):
        fits = bpnet.fit_many(_net(), x, targets, folds=4, n_jobs=1, **{**SETTINGS, "epochs": 0})
        for one in fits:
            assert (abs(np.bincount(y[one.held_out]) - shares) < 1).all()


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_ctrl_c_keeps_what_was_done(n_jobs: int, data: Any, ctrl_c: Any) -> None:
    """It is pressed here when the third fit begins; what the others do does not matter."""

    def make(seed: int) -> bpnet.Network:
        if seed == 5:
            ctrl_c()
        return bpnet.Network([20, 3], cost="log_likelihood", seed=seed)

    fits = bpnet.fit_many(make, *data, seeds=[0, 1, 2, 3, 4, 5, 6, 7], n_jobs=n_jobs, **SETTINGS)
    assert fits.stopped == "interrupted"
    assert (len(fits) == 5) if n_jobs == 1 else (3 <= len(fits) < 8)
    assert str(fits).endswith(repr(fits)[1:-1])
    assert f"{len(fits)} of 8 fits, then interrupted" in repr(fits)
    whole = bpnet.fit_many(make_plain, *data, seeds=5, n_jobs=1, **SETTINGS)
    for one in fits:
        if one.which.seed < 5:
            assert parameters(one.net).tobytes() == _bits(whole)[one.which.seed]


def make_plain(seed: int) -> bpnet.Network:
    return bpnet.Network([20, 3], cost="log_likelihood", seed=seed)


_ENDLESS = """
import os, signal, sys, threading, time
import numpy as np, bpnet
x = np.random.default_rng(0).normal(size=(600, 20))
net = bpnet.Network([20, 3], cost="log_likelihood", seed=0)
class Tell(bpnet.Callback):
    def on_epoch_end(self, fit, row):
        if row["epoch"] == 3:
            os.write(1, b"worker %d\\n" % os.getpid())  # at once, whatever the others write
fits = bpnet.fit_many(
    net, x, np.arange(600) % 3, seeds=4, epochs=10**8, callbacks=[Tell()], n_jobs=2
)
print(repr(fits), flush=True)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs POSIX signals")
@pytest.mark.parametrize("signal_name", ["SIGINT", "SIGKILL"])
def test_no_process_is_left(signal_name: str, tmp_path: Path) -> None:
    import signal
    import time

    paths = os.pathsep.join([str(ROOT), *filter(None, sys.path)])
    environment = {**os.environ, "PYTHONPATH": paths, "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-c", _ENDLESS]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
        env=environment,
    ) as process:
        timer = threading.Timer(60, os.killpg, (process.pid, signal.SIGKILL))
        timer.start()
        assert process.stdout is not None
        workers = [int(process.stdout.readline().split()[1]) for _ in range(2)]
        number = getattr(signal, signal_name)
        if signal_name == "SIGINT":
            os.killpg(process.pid, number)  # as a terminal does
        else:
            process.kill()
        rest = process.stdout.read()  # until the last of them has ended
        code = process.wait()
        timer.cancel()
    if signal_name == "SIGINT":
        assert (code, rest) == (0, "<0 of 4 fits, then interrupted>\n")
    for worker in workers:
        for _ in range(100):  # a process that has ended may wait for whoever reaps it
            state = Path(f"/proc/{worker}/stat")
            if not state.exists() or state.read_text().split()[2] == "Z":
                break
            time.sleep(0.1)
        else:
            pytest.fail(f"process {worker} is left")


def test_a_process_that_dies_is_told(data: Any) -> None:
    class Dies(bpnet.Callback):
        def on_epoch_end(self, fit: Any, row: dict[str, Any]) -> None:
            os._exit(9)

    def callbacks(which: Which) -> list[bpnet.Callback]:
        return [Dies()]

    with pytest.raises(RuntimeError, match=r"a process ended in the midst of the fit of seed"):
        bpnet.fit_many(_net(), *data, seeds=2, callbacks=callbacks, n_jobs=2, **SETTINGS)


def test_warnings_of_processes_are_given_once(data: Any) -> None:
    class Warns(bpnet.Callback):
        def on_epoch_end(self, fit: Any, row: dict[str, Any]) -> None:
            warnings.warn("watch out", stacklevel=1)

    with pytest.warns(UserWarning, match="watch out") as told:
        bpnet.fit_many(_net(), *data, seeds=3, callbacks=[Warns()], n_jobs=2, **SETTINGS)
    assert len(told) == 1


def test_one_bar_for_all(data: Any, capsys: pytest.CaptureFixture[str]) -> None:
    bpnet.fit_many(_net(), *data, seeds=2, n_jobs=2, **SETTINGS)
    assert capsys.readouterr().err == ""
    bpnet.fit_many(_net(), *data, seeds=2, n_jobs=2, progress=True, **SETTINGS)
    assert "8/8" in capsys.readouterr().err


def test_without_joblib(data: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    def find_spec(name: str, *others: Any) -> Any:
        return None if name == "joblib" else real(name, *others)

    real = importlib.util.find_spec
    for name in [name for name in sys.modules if name.partition(".")[0] == "joblib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "joblib", None)
    monkeypatch.setattr(importlib.util, "find_spec", find_spec)
    with pytest.raises(ImportError, match='pip install "joblib>='):
        bpnet.fit_many(_net(), *data, seeds=2, n_jobs=2, **SETTINGS)
    assert len(bpnet.fit_many(_net(), *data, seeds=2, **SETTINGS)) == 2
