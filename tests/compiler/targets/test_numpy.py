"""NumPy's plans: blocks through the cache, one precision, no array made in a step."""

import tracemalloc

import numpy as np
import pytest
from compiler._trials import OPTIMIZERS, training

import bpnet
from bpnet.compiler import compile_step
from bpnet.compiler.plain import PlainRun
from bpnet.compiler.targets.numpy import MANY, NumpyTarget


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("activation", ["sigmoid", "leaky_relu", "gelu", "mixed"])
def test_large_layers_go_through_the_cache_by_blocks(activation, optimizer, numpy_backend, plans):
    shape = (300, 230, 3), 300  # 69,000 activations, 69,923 parameters
    training(numpy_backend, activation, "quadratic", optimizer, 0.01, shape).assert_agreement()
    loops = [line for line in plans[0].source.splitlines() if line.strip().startswith("for c0")]
    assert len(loops) >= 3  # forward, backward, parameters


def test_single_precision_stays_single(plans):
    backend = bpnet.get_backend("numpy", dtype="float32")
    trial = training(backend, "gelu", "huber", "adam", 0.01, "equal")
    trial.assert_agreement(1e-5)
    arrays = [one for one in plans[0].names.values() if isinstance(one, np.ndarray)]
    assert {one.dtype.name for one in arrays} <= {"float32", "bool"}


@pytest.mark.parametrize(
    ("activation", "optimizer"), [("sigmoid", "sgd"), ("tanh", "adam"), ("relu", "momentum")]
)
@pytest.mark.parametrize("block", [2**15, 1000])
def test_a_step_allocates_no_array(activation, optimizer, block, numpy_backend, monkeypatch):
    monkeypatch.setattr(NumpyTarget, "block", block)
    shape = (160, 160, 160, 128), 160
    trial = training(numpy_backend, activation, "quadratic", optimizer, 0.01, shape)
    trial.order = np.tile(trial.order, (10, 1))
    trial.rates = [OPTIMIZERS[optimizer].rates(t) for t in range(60)]
    trial.run(trial.planned, trial.state)
    held, peaks = [], []

    def look():
        now, peak = tracemalloc.get_traced_memory()
        peaks.append(peak - held[-1] if held else 0)
        tracemalloc.reset_peak()
        held.append(now)
        return False

    tracemalloc.start()
    try:
        trial.run(trial.planned, trial.state, last=60, stop=look)
    finally:
        tracemalloc.stop()
    assert max(peaks) < 100_000  # bytes, of NumPy's iterators; the smallest matrix has 163,840
    assert held[-1] - held[1] < 60 * 150  # what this test keeps


@pytest.mark.parametrize("m", [1, MANY - 1, MANY, MANY + 6])
@pytest.mark.parametrize("n", [1, 3, 64, 65])
@pytest.mark.parametrize("keepdims", [False, True])
def test_row_maxima_of_special_numbers(m, n, keepdims, numpy_backend):
    def step(xp, state, x, y, rates):
        largest = xp.max(1.0 * x, axis=1, keepdims=keepdims)
        return state, xp.reshape(largest, (-1, 1))

    x = np.random.default_rng(0).normal(size=(2 * m, n))
    for k, special in enumerate((np.inf, -np.inf, np.nan, -np.nan)):
        x[(5 * k) % len(x), k % n] = special
    x[-1] = -np.inf
    order = np.arange(2 * m).reshape(2, m)
    given = (np.zeros(1),), x, np.zeros((2 * m, 1)), order, [(0.1,)] * 2
    _, found = compile_step(numpy_backend, step)(*given)
    _, plain = PlainRun(numpy_backend, step)(*given)
    np.testing.assert_array_equal(found, plain)
