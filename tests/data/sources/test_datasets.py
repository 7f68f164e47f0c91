"""PyTorch's datasets, and what is like them."""

import itertools

import numpy as np
import pytest

import bpnet
from bpnet.data import IterableSource, SequenceSource, source
from bpnet.data.sources.datasets import is_dataset

X = np.random.default_rng(0).normal(size=(12, 3)).astype(np.float32)
Y = np.arange(12) % 2


class Mine:
    """Neither PyTorch's nor a list, but with a length and items."""

    def __len__(self):
        return len(X)

    def __getitem__(self, k):
        return X[k], Y[k]


def network():
    return bpnet.Network([3, 4, 2], cost="log_likelihood", seed=0)


def weights_after(data, **settings):
    net = network()
    net.fit(data, epochs=2, batch_size=4, **settings)
    return net.weights[0]


@pytest.fixture
def data():
    return pytest.importorskip("torch.utils.data", reason="torch is not installed")


@pytest.fixture
def tensors(data):
    import torch

    return data.TensorDataset(torch.as_tensor(X), torch.as_tensor(Y))


def test_a_dataset_trains_as_the_source_of_its_samples_does(data, tensors):
    expected = weights_after(SequenceSource([(x, y) for x, y in zip(X, Y, strict=True)]))
    for given in (Mine(), tensors, data.Subset(tensors, range(12)), source(tensors)):
        assert np.array_equal(weights_after(given), expected)


def test_an_iterable_dataset_comes_in_its_own_order(data):
    class Stream(data.IterableDataset):
        def __iter__(self):
            return zip(X, Y, strict=True)

    class Sized(Stream):
        def __len__(self):
            return 12

    expected = weights_after(IterableSource(lambda: zip(X, Y, strict=True), 12))
    assert np.array_equal(weights_after(Sized()), expected)
    with pytest.raises(TypeError, match="Stream is an iterable dataset without a length"):
        weights_after(Stream())
    assert np.array_equal(weights_after(IterableSource(lambda: Stream(), 12)), expected)


def test_a_loader_names_the_way_out(data, tensors):
    loader = data.DataLoader(tensors, batch_size=4)
    with pytest.raises(TypeError, match=r"a DataLoader makes mini-batches.*loader.dataset"):
        weights_after(loader)
    assert np.array_equal(weights_after(loader.dataset), weights_after(tensors))


def test_datasets_elsewhere_are_refused_by_name(tensors):
    net = network()
    for call in (net.predict, lambda d: net.total_cost(d, Y), lambda d: net.step(d, Y)):
        with pytest.raises(TypeError, match="x is a TensorDataset of PyTorch"):
            call(tensors)
    with pytest.raises(TypeError, match=r"a TensorDataset: source = bpnet.data.source\(dataset\)"):
        net.fit(X, Y, epochs=1, validation=tensors)
    rows = source(tensors)
    x, y = rows.read(0, len(tensors))
    assert net.predict(x).shape == y.shape
    assert "validation_cost" in net.fit(X, Y, epochs=1, validation=(x, y)).columns


def test_what_is_no_dataset():
    for one in (X, X.tolist(), (X, Y), {"a": 1}, "text", range(3), memoryview(X), Mine, 3):
        assert not is_dataset(one)


def test_more_samples_than_promised_are_told_of_once():
    def make():
        return zip(X, Y, strict=True)

    with pytest.warns(UserWarning, match="make has more than the 8 samples promised") as told:
        weights_after(IterableSource(make, 8))
    assert len(told) == 1
    weights_after(IterableSource(make, 12))  # a warning would be an error
    weights_after(IterableSource(lambda: itertools.islice(make(), 8), 8))
