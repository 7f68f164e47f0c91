"""Any namespace of the array API standard as a backend."""

import ast
import copy
import importlib
import json
import pickle
import re
import types
from pathlib import Path

import numpy as np
import pytest
from _backends import parameters, relative

import bpnet
from bpnet.backends import BackendUnavailableError
from bpnet.backends.standard import StandardBackend
from bpnet.backends.standard_namespace import StandardNamespace

strict = pytest.importorskip("array_api_strict", reason="array-api-strict is not installed")

RNG = np.random.default_rng(0)
X, LABELS = RNG.standard_normal((40, 5)), RNG.integers(0, 3, 40)
DEVICE = strict.Device("device1")


@pytest.fixture
def without_values():
    """What depends on values cannot be compiled ahead, and is refused."""
    before = strict.get_array_api_strict_flags()
    strict.set_array_api_strict_flags(boolean_indexing=False, data_dependent_shapes=False)
    yield
    names = "boolean_indexing", "data_dependent_shapes"
    strict.set_array_api_strict_flags(**{name: before[name] for name in names})


def network(backend, **options):
    options = {"cost": "log_likelihood", "dtype": "float64", "seed": 0, **options}
    return bpnet.Network([5, bpnet.Layer(8, dropout=0.1), 3], backend=backend, **options)


def test_a_network_takes_a_namespace_and_a_device_of_its_own(without_values):
    nets = network(strict, device=DEVICE), network("numpy")
    for net in nets:
        net.fit(X, LABELS, epochs=2, batch_size=8, validation=(X, LABELS))
    net = nets[0]
    assert repr(net.backend) == "<array_api_strict on device1, float64>"
    assert net.backend.target is None
    assert all(one.device == DEVICE for one in (*net.weights, net.predict(X)))
    assert relative(parameters(net), parameters(nets[1])) < 1e-12
    assert np.array_equal(net.backend.to_numpy(net.predict(X)), nets[1].predict(X))


@pytest.mark.parametrize("device", [None, "device2", DEVICE, strict.Device("CPU_DEVICE")], ids=repr)
def test_a_device_is_given_by_name_or_as_an_object(device):
    backend = bpnet.get_backend(strict, device)
    expected = strict.Device("CPU_DEVICE") if device is None else strict.Device(backend.device)
    assert backend.from_host(np.ones(2), "float32").device == expected
    assert bpnet.get_backend(strict, backend.device) == backend


def test_it_is_moved_as_any_other():
    net = network(strict, device="device1")
    assert net.to(device="device2").device == "device2"
    assert net.to(strict).device == "device1"
    assert net.to("numpy").backend == bpnet.get_backend("numpy", dtype="float64")
    assert net.to("numpy").to(strict, DEVICE, "float32").dtype == "float32"


def test_use_takes_a_namespace():
    with bpnet.use(strict, "device2", "float64"):
        assert repr(bpnet.Network([2, 1]).backend) == "<array_api_strict on device2, float64>"
        assert bpnet.get_backend("numpy").device == "cpu"
        with bpnet.use(dtype="float32"):
            assert repr(bpnet.get_backend()) == "<array_api_strict on device2, float32>"
        assert bpnet.get_backend(device="cpu").name == "numpy"
        assert bpnet.get_backend(device="device1").name == "array_api_strict"
    assert bpnet.get_backend().name == "numpy"


def test_use_takes_a_backend():
    with bpnet.use(bpnet.get_backend(strict, "device1", "float64")):
        assert repr(bpnet.get_backend()) == "<array_api_strict on device1, float64>"
        assert repr(bpnet.get_backend(dtype="float32")) == "<array_api_strict on device1, float32>"


@pytest.mark.parametrize("again", [lambda x: pickle.loads(pickle.dumps(x)), copy.deepcopy])
def test_it_is_copied_and_pickled(again):
    backend = bpnet.get_backend(strict, DEVICE, "float64")
    assert again(backend) == backend
    assert hash(again(backend)) == hash(backend)
    assert backend != bpnet.get_backend(strict, "device2", "float64")
    net = network(strict, device=DEVICE)
    net.fit(X, LABELS, epochs=1, batch_size=8, optimizer=bpnet.Momentum(0.1))
    same = again(net)
    assert same.backend == net.backend
    for one in (net, same):
        one.fit(X, LABELS, epochs=1, batch_size=8, optimizer=bpnet.Momentum(0.1))
    assert np.array_equal(parameters(same), parameters(net))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_read_only_array_is_copied(dtype):
    x = np.arange(6, dtype=dtype).reshape(2, 3)
    x.flags.writeable = False
    backend = bpnet.get_backend(strict, DEVICE, dtype)
    there = backend.from_host(x, dtype)
    there += 1.0
    back = backend.to_numpy(there)
    assert back.flags.writeable
    assert np.array_equal(back, x + 1.0)


def test_a_device_without_float64_or_int64_is_told():
    with pytest.raises(BackendUnavailableError, match=r"no float64 on no_x64: .* are float32"):
        bpnet.get_backend(strict, "no_x64", "float64")
    backend = bpnet.get_backend(strict, "no_x64")
    rows = backend.from_host(np.asarray([3, 1]), "int64")
    assert rows.dtype == strict.int32
    assert np.array_equal(backend.to_numpy(rows), [3, 1])


# ------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (dict, "not the class dict"),
        (StandardBackend, "not the class StandardBackend"),
        (json, "the module json lacks asarray, arange, zeros and 10 more"),
        (np.random, "the module numpy.random lacks asarray"),
        (3, "3 lacks asarray"),
        (types.SimpleNamespace(asarray=list), "lacks arange, zeros, astype and 9 more"),
    ],
    ids=repr,
)
def test_what_is_no_namespace_is_told(given, words):
    for call in (bpnet.get_backend, bpnet.use, lambda one: bpnet.Network([2, 1], backend=one)):
        with pytest.raises(TypeError, match="backend must be a name, a") as caught:
            call(given)
        assert words in str(caught.value)


def test_an_import_path_is_no_backend():
    with pytest.raises(ValueError, match=r"'dask\.array': the namespace .* is given as the module"):
        bpnet.get_backend("dask.array")


@pytest.mark.parametrize("device", ["nowhere", 7])
def test_a_device_that_the_library_refuses_is_told(device):
    words = rf"no device {device!r} here; it has CPU_DEVICE, device1, .* Unsupported device"
    with pytest.raises(BackendUnavailableError, match=words):
        bpnet.get_backend(strict, device)


def test_an_array_of_another_library_is_told():
    net = network(strict)
    torch = pytest.importorskip("torch", reason="torch is not installed")
    with pytest.raises(TypeError, match=r"array of torch, but .* with array_api_strict"):
        net.feedforward(torch.ones(2, 5))
    with pytest.raises(TypeError, match=r"net\.to\(backend=<the array namespace of array-api"):
        network("numpy").feedforward(strict.ones((2, 5)))


# ------------------------------------------------------------------ libraries that lack something


class Lacking:
    """NumPy's namespace without some of it."""

    def __init__(self, *lacking, **other):
        self.__name__ = "lacking"
        self._lacking = lacking
        self.__dict__.update(other)

    def __getattr__(self, name):
        if name in self._lacking:
            raise AttributeError(name)
        return getattr(np, name)


def no_device(function):
    def call(*args, **options):
        if "device" in options:
            raise TypeError("an unknown keyword")
        return function(*args, **options)

    return call


BARE = {name: no_device(getattr(np, name)) for name in ("zeros", "asarray", "arange", "ones")}


def test_creation_functions_need_no_device():
    nets = [network(one) for one in (Lacking("__array_namespace_info__", **BARE), "numpy")]
    for net in nets:
        net.fit(X, LABELS, epochs=1, batch_size=8, optimizer=bpnet.Adam(0.01))
    assert relative(*map(parameters, nets)) < 1e-12
    with pytest.raises(BackendUnavailableError, match="lacking takes no device"):
        bpnet.get_backend(Lacking(**BARE), "gpu")


def test_a_missing_function_is_named_where_it_is_needed():
    net = network(Lacking("tanh", "__array_namespace_info__"), activations="tanh")
    with pytest.raises(AttributeError, match="lacking has no 'tanh', which the array API standard"):
        net.feedforward(X)
    assert not hasattr(StandardNamespace(Lacking("tanh")), "tanh")


def test_a_float64_that_is_none_is_refused():
    def exp(x):
        return np.exp(x.astype("float32")).astype(x.dtype)

    with pytest.raises(BackendUnavailableError, match="no float64 on cpu: its exp has a relative"):
        bpnet.get_backend(Lacking(exp=exp), dtype="float64")
    assert bpnet.get_backend(Lacking(exp=exp)).dtype == "float32"


# ------------------------------------------------------------------ what the docs say is needed

PAGE = (Path(__file__).parents[2] / "docs" / "backends.md").read_text(encoding="utf-8")
OWN = {"erf", "sigmoid", "quick_sigmoid", "keep_mask", "normal"}  # made of the rest


def told(mark):
    """The names in the paragraph below a mark of the page."""
    paragraph = PAGE.partition(f"<!-- {mark} -->")[2].split("\n\n")[0]
    return set(re.findall(r"`(\w+)`", paragraph))


def used():
    """Each name of a namespace that bpnet's own code uses, but for what only a target does."""
    found = {"float32", "int64"}  # by getattr
    for path in sorted(Path(bpnet.__file__).parent.rglob("*.py")):
        if "compiler" in path.parts or path.stem in ("cupy", "jax", "numpy", "torch"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            whose = ast.unparse(node.value) if isinstance(node, ast.Attribute) else ""
            if whose in ("xp", "self.xp", "backend.xp") or whose.endswith(".backend.xp"):
                found.add(node.attr)
    return found


def test_the_docs_name_every_function_that_a_library_needs():
    assert not told("every network") & told("some networks")
    assert used() - OWN == told("every network") | told("some networks")


def test_a_plain_network_needs_no_more_than_the_docs_say(monkeypatch):
    asked = set()

    def spy(self, name):
        value = object.__getattribute__(self, name)
        if not name.startswith("_"):
            asked.add(name)
        return value

    monkeypatch.setattr(StandardNamespace, "__getattribute__", spy)
    for cost, y in (("log_likelihood", LABELS), ("quadratic", 0.5 * np.tanh(X[:, :3]) + 0.5)):
        net = bpnet.Network([5, 8, 3], cost=cost, backend=strict, device=DEVICE, seed=0)
        net.fit(X, y, epochs=1, batch_size=8, validation=(X, y))
        net.predict(net.backend.from_host(X, "float32"))
        net.backprop(X, y)
    assert "tanh" in asked
    assert asked - OWN <= told("every network")


# ------------------------------------------------------------------ libraries with a backend


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("numpy", "numpy"),
        ("array_api_compat.numpy", "numpy"),
        ("torch", "torch"),
        ("array_api_compat.torch", "torch"),
        ("jax", "jax"),
        ("jax.numpy", "jax"),
    ],
)
def test_the_module_of_a_known_library_is_its_own_backend(module, name):
    pytest.importorskip(name, reason=f"{name} is not installed")
    found = bpnet.get_backend(importlib.import_module(module))
    assert found == bpnet.get_backend(name)
    assert found.target is not None


def test_cupys_module_is_its_own_backend():
    cupy = pytest.importorskip("cupy", reason="cupy is not installed")
    if cupy.cuda.is_available():
        assert bpnet.get_backend(cupy) == bpnet.get_backend("cupy")
    else:
        with pytest.raises(BackendUnavailableError, match=r"cupy .* is installed but"):
            bpnet.get_backend(cupy)


def test_devices_of_known_libraries_are_objects_too(torch):
    assert bpnet.get_backend(torch, torch.device("cpu")) == bpnet.get_backend("torch")
    assert bpnet.get_backend("torch", torch.device("cpu")) == bpnet.get_backend("torch")
    net = bpnet.Network([2, 1], backend="torch").to(device=torch.device("cpu"))
    assert net.device == "cpu"
    jax = pytest.importorskip("jax", reason="jax is not installed")
    assert bpnet.get_backend("jax", jax.devices("cpu")[0]).device == "cpu"
    with pytest.raises(TypeError, match="is an object of a library: name the library too"):
        bpnet.get_backend(device=torch.device("cpu"))
