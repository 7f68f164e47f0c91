"""Samples and targets given in ways that do not go together."""

import numpy as np
import pytest

import bpnet
from bpnet.data import ArraySource, source

X, Y = np.random.default_rng(0).normal(size=(6, 3)), np.asarray([0, 1] * 3)


def network(**settings):
    return bpnet.Network([3, 4, 2], cost="log_likelihood", seed=0, **settings)


class Table(dict):
    columns = ("a", "b")


@pytest.mark.parametrize(
    ("x", "words"),
    [
        (X, "y is missing: each sample in x needs a target, an array of y with as many rows"),
        (zip(X, Y, strict=True), r"x is a zip, an iterator, and y is missing: .*zip\(\*pairs\)"),
        ((pair for pair in zip(X, Y, strict=True)), "x is a generator, an iterator"),
        ((X, Y), "y is missing: .* a pair is given as two arguments, x and y"),
        ([(x, y) for x, y in zip(X, Y, strict=True)], r"of a list of pairs, x, y = zip\(\*pairs\)"),
        ({"a": X, "b": Y}, "y is missing: .* of a table, give the target's column as y"),
        ("data.csv", "y is missing"),
    ],
)
def test_samples_without_targets(x, words):
    net = network()
    with pytest.raises(TypeError, match=words):
        net.fit(x, epochs=1)
    assert net.epochs == 0


def test_what_messages_advise_for_pairs_works():
    pairs = list(zip(X, Y, strict=True))
    x, y = zip(*pairs, strict=True)
    one, two = network(), network()
    one.fit(x, y, epochs=1)
    two.fit(X, Y, epochs=1)
    assert np.array_equal(one.weights[0], two.weights[0])
    three = network()
    three.fit(source(pairs), epochs=1)
    assert three.steps == one.steps


def test_swapped_samples_and_targets_are_noticed(target):
    net = network(backend=target.backend())
    for y in (Y, np.eye(2)[Y], Y[:, None]):
        with pytest.raises(ValueError, match=r"y has shape \(6, 3\): are the two swapped"):
            net.fit(y, X, epochs=1)
    with pytest.raises(ValueError, match=r"validation y has .*swapped"):
        net.fit(X, Y, epochs=1, validation=(Y.tolist(), X.tolist()))
    with pytest.raises(ValueError, match="x has one dimension") as caught:
        net.fit(Y, Y, epochs=1)
    assert "swapped" not in str(caught.value)


def test_a_source_is_for_fit_alone():
    net, rows = network(), ArraySource(X, Y)
    for call in (net.predict, net.feedforward, net.predict_proba):
        with pytest.raises(TypeError, match=r"x is a source, ArraySource\(arrays, 6 rows\)"):
            call(rows)
    with pytest.raises(TypeError, match=r"x, y = source.read\(0, 6\) gives them"):
        net.total_cost(rows, None)
    x, y = rows.read(0, 6)
    assert net.predict(x).shape == y.shape
