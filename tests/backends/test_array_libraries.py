"""Array libraries that bpnet has no code for: what docs/backends.md says of them."""

import importlib
import pickle
import warnings

import numpy as np
import pytest
from _backends import gradients, parameters, relative

import bpnet
from bpnet.backends import BackendUnavailableError

RNG = np.random.default_rng(0)
X, LABELS = RNG.standard_normal((12, 3)), np.arange(12) % 2
LIBRARIES = {"dask.array": "float64", "ndonnx": "float64", "mlx.core": "float32"}
TOLERANCE = {"float64": 1e-12, "float32": 1e-5}


@pytest.fixture(params=LIBRARIES)
def library(request):
    """Each library's namespace in turn, or a skip."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # ndonnx warns where onnxruntime is not installed
        try:
            return importlib.import_module(request.param)
        except ImportError as error:  # mlx may be there without its library
            pytest.skip(f"{request.param} is not installed ({error})")


@pytest.fixture
def dtype(library):
    return LIBRARIES[library.__name__]


def network(backend, dtype, **options):
    options = {"cost": "log_likelihood", "seed": 0, **options}
    return bpnet.Network([3, 4, 2], backend=backend, dtype=dtype, **options)


def test_outputs_and_gradients_are_numpys(library, dtype):
    net, expected = network(library, dtype), network("numpy", dtype)
    tolerance = TOLERANCE[dtype]
    there = net.backend.to_numpy(net.feedforward(X))
    assert relative(there, expected.feedforward(X)) < tolerance
    assert np.array_equal(net.backend.to_numpy(net.predict(X)), expected.predict(X))
    assert net.accuracy(X, LABELS) == expected.accuracy(X, LABELS)
    for one, other in zip(*(gradients(each, X, LABELS) for each in (net, expected)), strict=True):
        assert relative(one, other) < tolerance


def test_its_own_arrays_are_taken(library, dtype):
    net = network(library, dtype)
    x = net.backend.from_host(X, dtype)
    assert net.backend.owns(x)
    assert net.backend.device_of(x) == net.device
    assert relative(*(net.backend.to_numpy(net.feedforward(one)) for one in (x, X))) == 0.0


def test_the_gradient_check_passes(library):
    net = bpnet.Network([1, 2, 1], cost="quadratic", backend=library, seed=0)
    assert bpnet.gradient_check(net, [[0.3]], [[0.7]]).passed


@pytest.mark.parametrize(
    "optimizer", [bpnet.SGD(0.5), bpnet.Momentum(0.1), bpnet.Adam(0.01)], ids=repr
)
def test_it_trains_as_numpy_does(library, dtype, optimizer):
    nets = network(library, dtype), network("numpy", dtype)
    for net in nets:
        history = net.fit(
            X, LABELS, epochs=2, batch_size=6, optimizer=optimizer, validation=(X, LABELS)
        )
        assert np.isfinite(history["validation_cost"]).all()
    assert relative(*map(parameters, nets)) < TOLERANCE[dtype]


def test_layers_with_masks_and_statistics_train(library, dtype):
    layer = bpnet.Layer(4, activation="relu", normalization="batch", dropout=0.2)
    nets = []
    for backend in (library, "numpy"):
        net = bpnet.Network(
            [3, layer, 2], cost="log_likelihood", backend=backend, dtype=dtype, seed=0
        )
        net.fit(X, LABELS, epochs=1, batch_size=6)
        nets.append(net)
    assert relative(*map(parameters, nets)) < TOLERANCE[dtype]


def test_a_network_on_it_is_pickled_and_moved(library, dtype):
    net = network(library, dtype)
    same = pickle.loads(pickle.dumps(net))
    assert same.backend == net.backend
    assert np.array_equal(parameters(same), parameters(net))
    assert np.array_equal(parameters(net.to("numpy")), parameters(net))


def test_mlx_has_no_float64():
    mlx = pytest.importorskip("mlx.core", reason="mlx is not installed", exc_type=ImportError)
    with pytest.raises(BackendUnavailableError, match=r"mlx\.core has no float64"):
        bpnet.get_backend(mlx, dtype="float64")


def test_functions_of_its_arrays_are_found(library):
    backend = bpnet.get_backend(library)
    x = backend.from_host(np.asarray([0.5, 1.0]), "float32")
    found = backend.to_numpy(bpnet.activations.GELU().value(x))
    assert relative(found, bpnet.activations.GELU().value(np.asarray([0.5, 1.0]))) < 1e-6
