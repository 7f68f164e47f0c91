"""Random programs with bpnet's estimators give what they give with scikit-learn's."""

import numpy as np
import pytest

pytest.importorskip("sklearn")

from fuzz.estimator_cases import drawn
from fuzz.estimator_checks import failures

import bpnet
from bpnet.estimators import optimizers
from bpnet.estimators.convergence import SolverState
from bpnet.estimators.random_draws import ShuffledOrder
from bpnet.estimators.scikit_learn import InvalidParameterError

PARTS = 10  # so many tests, which may run side by side


@pytest.mark.parametrize("part", range(PARTS))
def test_a_program_gives_what_it_gave_before(part, runs):
    """Of a seed that fails ``python tests/fuzz_estimators.py --first SEED --runs 1`` tells more."""
    failed = {seed: failures(drawn(seed))[0] for seed in range(part, runs(100), PARTS)}
    assert not any(failed.values()), {seed: one for seed, one in failed.items() if one}


# ------------------------------------------------------------------ what is wrong is noticed


def wrong_order(monkeypatch):
    """The samples' order of each epoch is drawn from the first one, not from the last."""
    call = ShuffledOrder.__call__

    def changed(order, epoch):
        order._order = np.arange(len(order._order))
        return call(order, epoch)

    monkeypatch.setattr(ShuffledOrder, "__call__", changed)


def wrong_adam(monkeypatch):
    """Adam as in the paper."""
    monkeypatch.setattr(optimizers.ScikitAdam, "rates", bpnet.Adam.rates)


def wrong_patience(monkeypatch):
    """A warm start forgets how long nothing improved."""
    init = SolverState.__init__
    monkeypatch.setattr(SolverState, "__init__", lambda state, *given: init(state, *given[:2]))


def wrong_errors(monkeypatch):
    """Another type than scikit-learn's."""

    def refuse(*given):
        raise InvalidParameterError

    monkeypatch.setattr(bpnet.MLPClassifier, "_strata", refuse)


def wrong_answers(monkeypatch):
    """Predictions that are off by a thousandth."""
    predict = bpnet.MLPRegressor.predict
    monkeypatch.setattr(bpnet.MLPRegressor, "predict", lambda *given: 1.001 * predict(*given))


def wrong_dtype(monkeypatch):
    """Parameters in float64, whatever the samples are."""
    init = bpnet.Network.__init__

    def changed(network, *given, **options):
        init(network, *given, **{**options, "backend": "numpy", "dtype": "float64"})

    monkeypatch.setattr(bpnet.Network, "__init__", changed)


@pytest.mark.parametrize(
    "wrong", [wrong_order, wrong_adam, wrong_patience, wrong_errors, wrong_answers, wrong_dtype]
)
def test_what_is_wrong_is_noticed(wrong, monkeypatch):
    wrong(monkeypatch)
    assert any(failures(drawn(seed))[0] for seed in range(100))
