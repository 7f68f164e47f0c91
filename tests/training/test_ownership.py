"""A network owns its arrays: what it was read from stays as it was."""

import pickle

import numpy as np
import pytest
from _backends import parameters, running_of

import bpnet

X = np.random.default_rng(0).standard_normal((32, 2))
Y = (X[:, 0] > 0).astype(int)


@pytest.fixture(params=["numpy", "torch"])
def net(request):
    pytest.importorskip(request.param, reason=f"{request.param} is not installed")
    layers = [2, bpnet.Layer(4, normalization="batch"), 2]
    made = bpnet.Network(layers, cost="log_likelihood", seed=0, backend=request.param)
    made.fit(X, Y, epochs=1, batch_size=8, optimizer=bpnet.Adam(0.01), average=0.9)
    return made


def trained(net):
    net.fit(X, Y, epochs=1, batch_size=8, optimizer=bpnet.Adam(0.01), average=0.9)
    net.step(X, Y, optimizer=bpnet.Adam(0.01), average=0.9)
    net.set_parameters([2 * w for w in net.weights], [2 * b for b in net.biases])
    return parameters(net).tobytes(), running_of(net).tobytes()


@pytest.mark.parametrize("mode", [None, "r", "r+", "c"])
def test_one_from_a_memory_map_trains_and_leaves_the_file(net, mode, tmp_path):
    joblib = pytest.importorskip("joblib", reason="joblib is not installed")
    path = tmp_path / "net.joblib"
    joblib.dump(net, path)
    content, expected = path.read_bytes(), trained(net.copy())
    other = joblib.load(path, mmap_mode=mode)
    assert parameters(other).tobytes() == parameters(net).tobytes()
    assert trained(other) == expected
    del other
    assert path.read_bytes() == content


@pytest.mark.parametrize("writeable", [False, True], ids=["read-only", "writeable"])
def test_one_from_pickled_buffers_trains_and_leaves_them(net, writeable):
    buffers = []
    text = pickle.dumps(net, protocol=5, buffer_callback=buffers.append)
    assert len(buffers) >= 5  # theta, two of Adam, running statistics, average
    raw = [one.raw().tobytes() for one in buffers]
    given = [bytearray(one) if writeable else one for one in raw]
    expected = trained(net.copy())
    other = pickle.loads(text, buffers=given)
    assert trained(other) == expected
    assert [bytes(one) for one in given] == raw


def test_two_from_the_same_buffers_are_each_by_itself(net):
    buffers = []
    text = pickle.dumps(net, protocol=5, buffer_callback=buffers.append)
    given = [bytearray(one.raw()) for one in buffers]
    one, two = (pickle.loads(text, buffers=given) for _ in range(2))
    before = parameters(two).tobytes(), running_of(two).tobytes()
    trained(one)
    assert (parameters(two).tobytes(), running_of(two).tobytes()) == before
    for buffer in given:
        buffer[:] = bytes(len(buffer))
    assert (parameters(two).tobytes(), running_of(two).tobytes()) == before
