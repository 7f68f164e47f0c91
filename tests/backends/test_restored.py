"""Pickles are read where the library or the device is missing that they were made with."""

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest
from _backends import parameters

import bpnet
from bpnet.backends import base, registry
from bpnet.backends.numpy import NumpyBackend

X, LABELS = np.random.default_rng(0).standard_normal((30, 3)), np.arange(30) % 2

MODULE = """
from bpnet.backends.numpy import NumpyBackend
from bpnet.compiler.targets.numpy import NumpyTarget

class Target(NumpyTarget):
    pass

class Fast(NumpyBackend):
    name = "fast"
    target = None

    def device_of(self, x):
        return self.device
"""

# Reads the pickle of a network and its outputs, trains on, and prints what became of it.
ELSEWHERE = """
import pickle, sys, warnings
import numpy as np
{before}
with open({path!r}, "rb") as file, warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    net, x, labels, expected = pickle.load(file)
assert np.allclose(net.predict_proba(x), expected, rtol=1e-5)
steps = net.steps
net.fit(x, labels, epochs=1, batch_size=10, optimizer="adam")
assert net.steps == steps + 3
print(net.backend, *(f"{{one.filename}}: {{one.message}}" for one in caught), sep="\\n")
"""


def trained(**where):
    net = bpnet.Network([3, 4, 2], cost="log_likelihood", seed=0, **where)
    net.fit(X, LABELS, epochs=2, batch_size=10, optimizer="adam")
    return net


def unpickled_elsewhere(net, tmp_path, before=""):
    """What another process says of a network that it unpickles."""
    path = tmp_path / "net.pickle"
    expected = net.to("numpy", compute_dtype=None).predict_proba(X)
    path.write_bytes(pickle.dumps((net, X, LABELS, expected)))
    code = ELSEWHERE.format(path=str(path), before=before)
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return done.stdout.splitlines()


@pytest.mark.parametrize("library", ["torch", "jax"])
def test_a_network_comes_to_numpy_where_its_library_is_not_installed(library, tmp_path):
    pytest.importorskip(library, reason=f"{library} is not installed")
    backend, *told = unpickled_elsewhere(
        trained(backend=library), tmp_path, f"sys.modules[{library!r}] = None"
    )
    assert backend == "<numpy on cpu, float32>"
    (warning,) = told
    assert warning.startswith(
        f"<string>: what was pickled with {library} on cpu is now with numpy on cpu: {library} is "
        "not installed"
    )
    assert "pip install" in warning


def test_it_stays_where_its_library_is(torch, tmp_path):
    assert unpickled_elsewhere(trained(backend="torch", dtype="float64"), tmp_path) == [
        "<torch on cpu, float64>"
    ]


def test_settings_of_training_that_numpy_lacks_are_dropped(torch, tmp_path):
    net = trained(backend="torch", compute_dtype="bfloat16", deterministic=True)
    backend, _ = unpickled_elsewhere(net, tmp_path, "sys.modules['torch'] = None")
    assert backend == "<numpy on cpu, float32>"


def test_a_registered_backend_of_a_package_that_is_missing(tmp_path, monkeypatch):
    (tmp_path / "arrays_of_a_package.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    import arrays_of_a_package

    bpnet.backends.register("fast", arrays_of_a_package.Fast, target=arrays_of_a_package.Target)
    try:
        net = trained(backend="fast", device="cpu")
        before = f"sys.path.insert(0, {str(tmp_path)!r})"
        assert unpickled_elsewhere(net, tmp_path, before) == ["<fast on cpu, float32>"]
        assert pickle.loads(pickle.dumps(net)).backend == net.backend == copy.deepcopy(net).backend
        backend, warning = unpickled_elsewhere(net, tmp_path)
    finally:
        bpnet.backends.unregister("fast")
        del sys.modules["arrays_of_a_package"]
    assert backend == "<numpy on cpu, float32>"
    assert "pickled with fast on cpu is now with numpy on cpu: ModuleNotFoundError" in warning


def test_a_namespace_that_is_missing(tmp_path):
    strict = pytest.importorskip("array_api_strict", reason="array-api-strict is not installed")
    net = trained(backend=strict, dtype="float64")
    backend, warning = unpickled_elsewhere(net, tmp_path, "sys.modules['array_api_strict'] = None")
    assert backend == "<numpy on cpu, float64>"
    assert "pickled with array_api_strict on CPU_DEVICE" in warning


@pytest.mark.parametrize("library", ["torch", "jax"])
def test_from_a_gpu_to_a_machine_without_one_it_stays_in_its_library(library):
    available = {one.name: one for one in bpnet.available_backends()}[library]
    if not available.usable or any(one.startswith("cuda") for one in available.devices):
        pytest.skip(f"{library} is not installed, or has a GPU")
    path = registry.BUILT_IN[library].factory
    arguments = ("cuda:1", "float32")
    with pytest.warns(UserWarning, match=f"with {library} on cuda:1 is now with {library} on cpu"):
        found = base._restored(path, arguments, {"deterministic": True}, (library, *arguments))
    assert repr(found) == f"<{library} on cpu, float32>"
    assert found.deterministic


def test_a_network_of_a_gpu_trains_on_the_cpu(torch):
    from bpnet.backends.torch import TorchBackend

    if torch.cuda.is_available():
        pytest.skip("there is a CUDA GPU")
    net = trained(backend="torch")
    net.backend = TorchBackend("cuda:0", "float32")  # as its pickle on another machine says
    with pytest.warns(UserWarning, match="no device 'cuda:0' here .*it has cpu") as caught:
        found = pickle.loads(pickle.dumps(net))
    assert caught[0].filename == __file__
    assert found.device == "cpu"
    assert parameters(found).tobytes() == parameters(net).tobytes()
    found.fit(X, LABELS, epochs=1, batch_size=10, optimizer="adam")


def test_cupy_without_a_gpu():
    path, arguments = "bpnet.backends.cupy:CupyBackend", ("cuda:0", "float64")
    available = {one.name: one for one in bpnet.available_backends()}["cupy"]
    if available.usable:
        pytest.skip("CuPy has a GPU")
    with pytest.warns(UserWarning, match="with cupy on cuda:0 is now with numpy on cpu: cupy"):
        found = base._restored(path, arguments, {}, ("cupy", *arguments))
    assert repr(found) == "<numpy on cpu, float64>"


class Broken(NumpyBackend):
    """A backend whose device is gone."""

    name = "broken"

    def from_host(self, x, dtype):
        raise OSError("the device has left")


def test_a_backend_that_can_be_made_but_cannot_compute():
    with pytest.warns(UserWarning, match="with broken on cpu is now .*: OSError: the device has"):
        found = pickle.loads(pickle.dumps(Broken("cpu", "float32")))
    assert repr(found) == "<numpy on cpu, float32>"


def test_a_class_without_an_import_path_is_pickled_by_value():
    cloudpickle = pytest.importorskip("cloudpickle", reason="cloudpickle is not installed")

    class Local(NumpyBackend):
        name = "local"

    found = pickle.loads(cloudpickle.dumps(Local("cpu", "float64")))
    assert (found.name, found.dtype) == ("local", "float64")


def test_pickles_of_earlier_releases_are_read():

    arguments = ("cpu", "float64")
    assert base._restored(NumpyBackend, arguments, {}) == NumpyBackend(*arguments)
