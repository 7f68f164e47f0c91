"""Estimators that are fitted by several ranks."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from _launch import succeeded
from estimators._cases import BOTH, fitted, ours, samples
from sklearn.base import clone

import bpnet
from bpnet.parallel import SerialCommunicator

SMALL = {"hidden_layer_sizes": (6,), "max_iter": 4, "random_state": 1, "batch_size": 32}

SCRIPT = """
import pickle, sys, warnings
sys.path.insert(0, {tests!r})
import numpy as np, bpnet
from estimators._cases import ours, samples
found = []
for kind in ("MLPClassifier", "MLPRegressor"):
    X, y = samples(kind)
    for more in {options!r}:
        one = ours(kind)(**{{**{small!r}, **more}}, parallel={engine!r})
        one.fit(X, y)
        one.partial_fit(X, y) if not one.early_stopping else None
        found.append([np.asarray(a).tobytes() for a in (*one.coefs_, *one.intercepts_)])
        found.append((one.loss_curve_, one.validation_scores_, one.n_iter_, one.t_))
        again = pickle.loads(pickle.dumps(one))
        found.append(again.parallel)
        found.append(again.predict(X).tobytes())
answer(found)
"""
OPTIONS = [{}, {"early_stopping": True, "dropout": 0.2}, {"solver": "sgd", "verbose": True}]


def script(engine):
    tests = str(Path(__file__).parents[1])
    return SCRIPT.format(tests=tests, options=OPTIONS, small=SMALL, engine=engine)


def test_they_have_the_bits_of_one_process():
    several = succeeded(script("mpi"), 3, "mpi")
    alone = succeeded(script("serial"), 1, "mpi").answers[0]
    assert several.answers[0] == several.answers[1] == several.answers[2]
    expected = ["mpi" if one == "serial" else one for one in alone]
    assert several.answers[0] == expected
    assert several.output.count("Iteration 1, loss") == 4  # of two fits and two parts: once each
    assert several.output.count("ConvergenceWarning: ") == 2 * len(OPTIONS)


RANDOM = """
import numpy as np, bpnet
X = np.linspace(-1.0, 1.0, 40)[:, None]
one = bpnet.MLPRegressor(hidden_layer_sizes=5, max_iter=3, early_stopping=True, parallel="mpi")
one.fit(X, X[:, 0])
answer([w.tobytes() for w in one.coefs_])
"""


def test_what_none_draws_is_the_first_ranks():
    first, second = succeeded(RANDOM, 2, "mpi").answers
    assert first == second


@BOTH
def test_one_process_with_the_bits_of_several_agrees_with_one_alone(kind):
    X, y = samples(kind)
    plain = fitted(ours(kind)(**SMALL), X, y)
    parted = fitted(ours(kind)(**SMALL, parallel="serial", blocks=3), X, y)
    for one, other in zip(plain.coefs_, parted.coefs_, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)
    assert parted.score(X, y) == pytest.approx(plain.score(X, y))


@BOTH
def test_a_communicator_is_shared_by_copies_and_named_in_pickles(kind):
    X, y = samples(kind)
    ranks = SerialCommunicator()
    one = fitted(ours(kind)(**SMALL, parallel=ranks, blocks=None), X, y)
    assert clone(one).parallel is ranks
    assert clone(one).blocks is None
    again = pickle.loads(pickle.dumps(one))
    assert (again.parallel, again.blocks) == ("serial", None)
    np.testing.assert_array_equal(again.predict(X), one.predict(X))
    fitted(again, X, y)


@BOTH
def test_a_file_names_the_communicator(kind, tmp_path):
    X, y = samples(kind)
    named = fitted(ours(kind)(**SMALL, parallel="serial", blocks=2), X, y)
    named.save(tmp_path / "named")
    loaded = ours(kind).load(tmp_path / "named")
    assert (loaded.parallel, loaded.blocks) == ("serial", 2)
    held = fitted(ours(kind)(**SMALL, parallel=SerialCommunicator()), X, y)
    held.save(tmp_path / "held")
    assert ours(kind).load(tmp_path / "held").parallel == "serial"


@BOTH
def test_a_pickle_of_an_earlier_version_is_fitted_by_one_process(kind):
    X, y = samples(kind)
    one = fitted(ours(kind)(**SMALL), X, y)
    state = one.__getstate__()
    del state["parallel"], state["blocks"]
    again = object.__new__(ours(kind))
    again.__setstate__(state)
    assert (again.parallel, again.blocks) == (None, 4)
    fitted(again, X, y)


def test_a_wrong_engine_is_told():
    X, y = samples("MLPRegressor")
    with pytest.raises(ValueError, match="parallel='nccl' joins GPUs for CuPy"):
        bpnet.MLPRegressor(**SMALL, parallel="nccl").fit(X, y)
