"""Keyed randomness: orders and masks are functions of their keys, the same everywhere."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import bpnet
from bpnet.backends import namespace
from bpnet.randomness import epoch_order, keep_mask, mask_key

SEEDS = st.integers(0, 2**32)


def test_the_order_of_an_epoch_is_a_function_of_seed_and_epoch():
    for seed, epoch, n in [(0, 0, 1), (7, 3, 100), (2**40, 10**6, 17)]:
        order = epoch_order(seed, epoch, n)
        assert sorted(order.tolist()) == list(range(n))
        assert np.array_equal(order, epoch_order(seed, epoch, n))
    orders = [epoch_order(seed, epoch, 50).tolist() for seed in (0, 1) for epoch in (0, 1, 2)]
    assert all(one != other for k, one in enumerate(orders) for other in orders[:k])


@given(SEEDS, st.integers(0, 10**6), st.integers(1, 300))
def test_an_order_has_every_sample_once(seed, epoch, n):
    assert sorted(epoch_order(seed, epoch, n).tolist()) == list(range(n))


def test_batches_are_the_parts_of_that_order():
    """A network whose bias sums up its steps' targets tells what each batch was."""
    net = bpnet.Network([1, 1], activations=["identity"], initializer="zeros", seed=5)
    net.set_parameters([[[0.0]]], [[0.0]])
    y = 2.0 ** np.arange(5)
    seen = []

    class Watch(bpnet.Callback):
        def on_epoch_end(self, fit, row):
            seen.append(float(fit.net.biases[0][0]))

    expected, bias = [], 0.0
    for epoch in range(3):
        order = epoch_order(5, epoch, 5)
        for rows in (order[:2], order[2:4], order[4:]):
            bias -= 0.5 * (bias - y[rows].mean())
        expected.append(bias)
    net.fit(
        np.zeros((5, 1)),
        y[:, None],
        epochs=3,
        batch_size=2,
        optimizer=bpnet.SGD(0.5),
        callbacks=[Watch()],
    )
    assert seen == pytest.approx(expected, rel=1e-6)


def test_keys_depend_on_each_of_their_words():
    keys = {
        mask_key(*words) for words in itertools.product((0, 1, 2**40), (0, 5, 2**33), (0, 1, 2))
    }
    assert len(keys) == 27
    assert all(-(2**31) <= key < 2**31 for key in keys)


def mask(backend, shape=(40, 30), probability=0.7, **key):
    key = {"seed": 3, "step": 5, "layer": 1, **key}
    with backend.scope():
        device = backend.from_host(np.zeros(1), backend.dtype).device
        found = keep_mask(shape, probability, xp=backend.xp, device=device, **key)
        return backend.to_numpy(found)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("key", [{}, {"seed": 2**63 + 5, "step": 2**33, "layer": 9}])
def test_masks_have_the_same_bits_on_every_target(target, dtype, key):
    expected = mask(bpnet.get_backend("numpy"), **key)
    found = mask(target.backend(dtype), **key)
    assert found.dtype == np.bool_
    assert np.array_equal(found, expected)


def lowbias32(word):
    """C. Wellons's mixing function, as published, on an unsigned word."""
    word = (word ^ word >> 16) * 0x7FEB352D % 2**32
    word = (word ^ word >> 15) * 0x846CA68B % 2**32
    return word ^ word >> 16


@pytest.mark.parametrize(
    "key", [(3, 5, 1), (0, 0, 0), (2**63 + 5, 2**33 + 7, 9), (2**32 - 1, 2**31, 2**31)]
)
def test_masks_are_the_documented_hash(key):
    """A run that is resumed with a later release must see the same: the bits may not change."""
    seed, step, layer = key
    word = 0
    for part in (seed % 2**32, seed >> 32, step % 2**32, step >> 32, layer):
        word = lowbias32(word ^ part)
    columns = [lowbias32(unit ^ lowbias32(word ^ (2**32 - 1))) for unit in range(5)]
    rows = [lowbias32(sample ^ word) for sample in range(6)]
    expected = [[lowbias32(row ^ column) >> 8 < 0.6 * 2**24 for column in columns] for row in rows]
    found = mask(bpnet.get_backend("numpy"), (6, 5), 0.6, seed=seed, step=step, layer=layer)
    assert found.tolist() == expected


@pytest.mark.parametrize("probability", [0.0, 0.1, 0.5, 0.8, 1.0])
def test_masks_are_true_with_their_probability(probability):
    found = mask(bpnet.get_backend("numpy"), (1000, 400), probability)
    deviation = np.sqrt(probability * (1 - probability))
    assert found.mean() == pytest.approx(probability, abs=5 * deviation / np.sqrt(400_000))
    for axis, count in ((0, 1000), (1, 400)):
        means = found.mean(axis=axis)
        assert np.abs(means - probability).max() <= 5 * deviation / np.sqrt(count)


@given(
    st.integers(0, 2**70),
    st.integers(0, 2**40),
    st.integers(0, 100),
    st.integers(1, 20),
    st.integers(1, 20),
    st.floats(0, 1),
)
def test_masks_of_any_key(seed, step, layer, samples, units, probability):
    key = {"seed": seed, "step": step, "layer": layer, "xp": namespace(np.zeros(1))}
    found = keep_mask((samples, units), probability, **key)
    assert found.shape == (samples, units)
    assert found.dtype == np.bool_
    assert np.array_equal(found, keep_mask((samples, units), probability, **key))
    more = keep_mask((samples, units), min(1.0, probability + 0.25), **key)
    assert not (found & ~more).any(), "what is kept with a probability is kept with a larger one"


def test_masks_of_other_keys_samples_and_units_are_independent():
    numpy = bpnet.get_backend("numpy")
    keys = [{}, {"seed": 4}, {"step": 6}, {"layer": 2}, {"seed": 3 + 2**32}, {"step": 5 + 2**32}]
    # Neighbours in each direction, and neighbouring keys, must not tell of each other.
    masks = [mask(numpy, (400, 300), 0.5, **key).astype(float) * 2 - 1 for key in keys]
    bound = 5 / np.sqrt(400 * 300 * 0.9)
    for k, one in enumerate(masks):
        assert all(abs((one * other).mean()) < bound for other in masks[:k])
        for shift in (1, 2, 16):
            assert abs((one[shift:] * one[:-shift]).mean()) < bound
            assert abs((one[:, shift:] * one[:, :-shift]).mean()) < bound
        assert abs((one[:300] * one[:300].T).mean()) < 5 / 300


def test_a_mask_may_be_computed_in_parts():
    numpy = bpnet.get_backend("numpy")
    whole = mask(numpy, (40, 30))
    lower = mask(numpy, (25, 30), first_sample=15)
    assert np.array_equal(whole[15:], lower)
