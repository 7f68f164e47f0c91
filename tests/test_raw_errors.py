"""Wrong kinds of arguments of public functions: each message names the argument."""

import numpy as np
import pytest

import bpnet

X, Y = np.ones((4, 2)), np.asarray([0, 1, 0, 1])


def network(**settings):
    return bpnet.Network([2, 2], cost="nll", seed=0, **settings)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: bpnet.Network(3), r"sizes must be a list of layers' sizes, .*, not 3"),
        (lambda: bpnet.Network(None), "sizes must be a list of layers' sizes, .*, not None"),
        (lambda: bpnet.Network("2,3"), "sizes must be a list .*, not '2,3'"),
        (lambda: bpnet.Network([2, 1], activations=3), "activations must be a name, or .*, not 3"),
        (lambda: bpnet.Network([2, 1], activations=None), "activations must be a name, or .*None"),
        (lambda: network(deterministic="yes"), "deterministic must be True or False, not 'yes'"),
        (lambda: network().set_parameters(None, None), "weights must be a list of arrays, .*None"),
        (lambda: network().set_parameters(network().weights, 3), "biases must be a list .* not 3"),
        (lambda: bpnet.gradient_check(3, X, Y), "net must be a Network, not int"),
        (lambda: bpnet.gradient_check(network(), X, Y, tolerance="a"), "tolerance must be a num"),
        (lambda: bpnet.LBFGS().fit(3, X, Y, epochs=1), "net must be a Network, not int"),
        (lambda: bpnet.data.load_mnist(None), "directory must be a path, .*, not None"),
    ],
)
def test_what_is_given_is_named(call, words):
    with pytest.raises(TypeError, match=words):
        call()


def test_parameters_of_any_iterable_are_taken():
    net, other = network(), bpnet.Network([2, 2], cost="nll", seed=1)
    net.set_parameters((w for w in other.weights), dict(enumerate(other.biases)))
    assert np.array_equal(net.weights[0], other.weights[0])


def test_sparse_arrays_of_ones_own_library():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    net = network(backend="torch")
    sparse = torch.ones(4, 2).to_sparse()
    with pytest.raises(TypeError, match=r"x is a sparse tensor: .*to_dense\(\)"):
        net.predict(sparse)
    assert net.predict(sparse.to_dense()).shape == (4,)


def test_nested_arrays_of_ones_own_library():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    net = network(backend="torch")
    nested = torch.nested.nested_tensor([torch.ones(2), torch.ones(2)], layout=torch.jagged)
    with pytest.raises(TypeError, match=r"x is a nested tensor: .*to_padded_tensor"):
        net.predict(nested)
    assert net.predict(torch.nested.to_padded_tensor(nested, 0.0)).shape == (2,)


def test_datasets_are_for_fit_alone():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    x = torch.ones(4, 2)
    data = torch.utils.data.TensorDataset(x, torch.asarray([0, 1, 0, 1]))
    net = network()
    with pytest.raises(TypeError, match=r"as bpnet.data.source\(data\).read\(0, len\(data\)\)"):
        net.predict(data)
    assert net.predict(bpnet.data.source(data).read(0, len(data))[0]).shape == (4,)


@pytest.mark.filterwarnings("ignore:Sparse CSR tensor support is in beta")
def test_sparse_arrays_of_another_library():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    for sparse in (torch.ones(4, 2).to_sparse(), torch.ones(4, 2).to_sparse_csr()):
        with pytest.raises(TypeError, match=r"x is a sparse matrix \(Tensor\): pass x.to_dense"):
            network().predict(sparse)


def test_sparse_arrays_of_jax():
    sparse = pytest.importorskip("jax.experimental.sparse", reason="jax is not installed")
    with pytest.raises(TypeError, match=r"x is a sparse matrix \(BCOO\): pass x.todense\(\)"):
        network(backend="jax").predict(sparse.BCOO.fromdense(X))
