"""The epoch that a run keeps."""

import dataclasses

import numpy as np
import pytest

from bpnet.data import load_digits
from bpnet.tabular.fitting import fit_network
from bpnet.tabular.network import make_network
from bpnet.tabular.rates import make_optimizer
from bpnet.tabular.recipe import TABLES, completed


@pytest.fixture(scope="module")
def digits():
    return load_digits()


def trained(data, **asked):
    settings = completed({"epochs": 12, "learning_rate": 0.02, **asked}, TABLES[data.task], data)
    net = make_network(settings, data)
    history, failure = fit_network(net, make_optimizer(settings, 1258), data, settings)
    return net, history, failure


def test_it_is_the_one_with_the_lowest_validation_cost(digits):
    net, history, failure = trained(digits, epochs=11)
    costs = history["validation_cost"]
    assert failure is None
    assert history.best_epoch == 1 + int(np.argmin(costs)) < 11
    assert net.total_cost(*digits.validation) == pytest.approx(min(costs), rel=1e-6)


def test_it_is_the_last_one_without_validation_or_where_that_is_asked_for(digits):
    for data, asked in (
        (dataclasses.replace(digits, validation=None), {}),
        (digits, {"best": False}),
    ):
        net, history, _ = trained(data, **asked)
        assert (history.best_epoch, net.epochs, history.stopped) == (None, 12, "completed")


def test_a_divergence_is_returned_with_the_best_epoch_before_it(digits):
    def rate(step):
        return 0.01 if step < 120 else 1e38

    net, history, failure = trained(digits, optimizer="sgd", schedule=rate, activation="identity")
    assert "epoch 4" in str(failure)
    assert history.best_epoch == 1 + int(np.argmin(history["validation_cost"]))
    assert net.total_cost(*digits.validation) == pytest.approx(min(history["validation_cost"]))


def test_rows_that_weigh_nothing_have_no_say(digits):
    (x, y), n = digits.validation, 90
    weights = np.ones(len(y), np.float32)
    weights[n:] = 0.0
    some = dataclasses.replace(digits, validation=(x[:n], y[:n]))
    weighted = dataclasses.replace(digits, weights=(None, weights, None))
    assert trained(weighted)[1]["validation_cost"] == trained(some)[1]["validation_cost"]
    assert trained(digits)[1]["validation_cost"] != trained(some)[1]["validation_cost"]
