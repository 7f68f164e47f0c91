"""scikit-learn's own tests of its multilayer perceptrons, with these in their place."""

import importlib.util
from unittest import mock

import pytest
from sklearn import neural_network

import bpnet

# They read private attributes; test_solvers.py has the same properties in public ones.
PRIVATE = {
    "test_fit",
    "test_gradient",
    "test_learning_rate_warmstart",
    "test_adaptive_learning_rate",
    "test_n_iter_no_change",
    "test_n_iter_no_change_inf",
}


def _tests():
    """Their module, imported anew while scikit-learn's package has bpnet's estimators."""
    spec = importlib.util.find_spec("sklearn.neural_network.tests.test_mlp")
    module = importlib.util.module_from_spec(spec)
    ours = {name: getattr(bpnet, name) for name in ("MLPClassifier", "MLPRegressor")}
    with mock.patch.multiple(neural_network, **ours):
        spec.loader.exec_module(module)
    return {name: one for name, one in vars(module).items() if name.startswith("test_")}


TESTS = _tests()
globals().update({name: one for name, one in TESTS.items() if name not in PRIVATE})

pytestmark = pytest.mark.filterwarnings("default")  # as there: few warnings are errors


@pytest.fixture
def global_random_seed():
    return 0


def test_all_but_the_private_ones_are_here():
    assert set(TESTS) > PRIVATE
    assert len(TESTS) - len(PRIVATE) >= 30
