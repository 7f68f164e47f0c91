"""On JAX sizes of mini-batches are compiled once, and samples are padded to few sizes."""

import gc

import numpy as np
import pytest

import bpnet

jax = pytest.importorskip("jax", reason="jax is not installed")

X, Y = np.random.default_rng(0).standard_normal((200, 6)).astype(np.float32), np.arange(200) % 3
ROWS = range(100, 140)


@pytest.fixture
def net():
    made = bpnet.Network([6, 5, 3], cost="log_likelihood", backend="jax", seed=0)
    for m in (90, 91):  # what depends on no size is compiled now
        made.step(X[:m], Y[:m], optimizer=bpnet.Adam(0.01))
        made.predict(X[:m])
        made.predict_proba(X[:m])
        made.score(X[:m], Y[:m])
    return made


@pytest.mark.parametrize("what", ["predict", "predict_proba", "feedforward", "score", "total_cost"])
def test_samples_are_padded_to_few_sizes(net, jax_compiled, what):
    function = getattr(net, what)
    given = (X, Y) if what in ("score", "total_cost") else (X,)
    jax_compiled()
    for m in ROWS:
        function(*(one[:m] for one in given))
    assert len(jax_compiled()) <= 3 * len({112, 128, 160})
    for m in ROWS:
        function(*(one[:m] for one in given))
    assert jax_compiled() == []


def test_a_step_is_compiled_once_a_size(net, jax_compiled):
    adam = bpnet.Adam(0.01)
    jax_compiled()
    sizes = (64, 65, 66, 67)
    for m in sizes:
        net.step(X[:m], Y[:m], optimizer=adam)
    names = jax_compiled()
    assert names.count("jit(training_loop)") == len(sizes)
    assert len(names) <= len(sizes) + 3  # and what pads their costs
    for m in sizes:
        net.step(X[:m], Y[:m], optimizer=bpnet.Adam(0.1))
    assert jax_compiled() == []


def test_nothing_is_held_for_sizes_that_were(net):
    def held():
        gc.collect()
        return sum(one.nbytes for one in jax.live_arrays())

    before = held()
    for m in ROWS:
        net.predict(X[:m])
    assert held() <= before
