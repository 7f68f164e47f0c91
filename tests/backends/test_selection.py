"""Which library computes where: names, devices, defaults, and what is said of what is absent."""

import asyncio
import contextvars
import copy
import importlib.util
import pickle
import threading
from importlib.util import find_spec

import numpy as np
import pytest

import bpnet
from bpnet.backends import Availability, BackendUnavailableError, loading
from bpnet.backends.numpy import NumpyBackend

NAMES = ("numpy", "cupy", "torch", "jax")


def fake(name):
    """NumPy under another library's name, on whatever device."""

    class Fake(NumpyBackend):
        def why_no_dtype(self, dtype):
            return "it is a small one" if (self.device, dtype) == ("mps", "float64") else ""

        def device_of(self, x):
            return self.device

    Fake.name = name
    return Fake


CLASSES = {name: NumpyBackend if name == "numpy" else fake(name) for name in NAMES}


@pytest.fixture
def machine(monkeypatch):
    """A function that makes this machine one with other libraries and devices."""

    def make(**devices):
        table = {"numpy": Availability("numpy", "2.9", ("cpu",))}
        for name in NAMES[1:]:
            there = devices.get(name)
            if there is None:
                table[name] = Availability(name, None, (), f"{name} is not installed")
            elif not there:
                reason = f"{name} 9.9 is installed but no CUDA driver was found"
                table[name] = Availability(name, "9.9", (), reason)
            else:
                reason = "" if len(there) > 1 else "this build has no accelerator"
                table[name] = Availability(name, "9.9", there, reason)
        monkeypatch.setattr(loading, "_probe_built_in", table.__getitem__)
        monkeypatch.setattr(loading, "load", lambda entry: CLASSES[entry.name])

    return make


EVERYTHING = {
    "cupy": ("cuda:0", "cuda:1"),
    "torch": ("cpu", "cuda:0", "cuda:1", "mps"),
    "jax": ("cpu", "cuda:0", "cuda:1"),
}


def chosen(*arguments, **options):
    found = bpnet.get_backend(*arguments, **options)
    return found.name, found.device, found.dtype


def in_its_own_context(function):
    """Run with a context of its own, so that a call of `use` does not outlast the test."""
    return contextvars.copy_context().run(function)


# ------------------------------------------------------------------ what is asked for


def test_the_default_is_numpy_on_the_cpu(machine):
    assert chosen() == ("numpy", "cpu", "float32")
    machine(**EVERYTHING)
    assert chosen() == ("numpy", "cpu", "float32"), "whatever else is there"


@pytest.mark.parametrize(
    ("name", "device", "expected"),
    [
        ("numpy", None, ("numpy", "cpu")),
        ("numpy", "cpu", ("numpy", "cpu")),
        ("cupy", None, ("cupy", "cuda:0")),
        ("cupy", "cuda", ("cupy", "cuda:0")),
        ("cupy", "cuda:1", ("cupy", "cuda:1")),
        ("torch", None, ("torch", "cpu")),
        ("torch", "cpu", ("torch", "cpu")),
        ("torch", "cuda", ("torch", "cuda:0")),
        ("torch", "cuda:1", ("torch", "cuda:1")),
        ("torch", "mps", ("torch", "mps")),
        ("jax", None, ("jax", "cpu")),
        ("jax", "cuda", ("jax", "cuda:0")),
        (None, "cpu", ("numpy", "cpu")),
        (None, "cuda", ("cupy", "cuda:0")),
        (None, "cuda:1", ("cupy", "cuda:1")),
        (None, "mps", ("torch", "mps")),
        ("auto", None, ("cupy", "cuda:0")),
        ("auto", "cpu", ("numpy", "cpu")),
        ("auto", "cuda:1", ("cupy", "cuda:1")),
        (None, "auto", ("cupy", "cuda:0")),
        ("auto", "auto", ("cupy", "cuda:0")),
        ("torch", "auto", ("torch", "cuda:0")),
        ("jax", "auto", ("jax", "cuda:0")),
        ("numpy", "auto", ("numpy", "cpu")),
    ],
)
def test_names_and_devices(machine, name, device, expected):
    machine(**EVERYTHING)
    assert chosen(name, device) == (*expected, "float32")
    assert chosen(name, device, "float64" if device != "mps" else None)[:2] == expected


@pytest.mark.parametrize(
    ("devices", "expected"),
    [
        ({}, None),
        ({"cupy": ()}, None),
        ({"torch": ("cpu",), "jax": ("cpu",)}, None),
        ({"jax": ("cpu", "cuda:0")}, "jax"),
        ({"torch": ("cpu", "cuda:0"), "jax": ("cpu", "cuda:0")}, "torch"),
        ({"cupy": (), "torch": ("cpu", "cuda:0")}, "torch"),
        ({"cupy": ("cuda:0",), "torch": ("cpu", "cuda:0")}, "cupy"),
    ],
)
def test_a_device_alone_finds_cupy_then_pytorch_then_jax(machine, devices, expected):
    machine(**devices)
    if expected is None:
        with pytest.raises(BackendUnavailableError, match="no installed library has") as caught:
            bpnet.get_backend(device="cuda")
        assert "'cuda'" in str(caught.value)
        for name in NAMES[1:]:
            assert f"{name}: {loading._probe_built_in(name).reason}" in str(caught.value)
        assert 'pip install "cupy-cuda13x[ctk]>=14"' in str(caught.value)
        assert chosen("auto") == ("numpy", "cpu", "float32")
    else:
        assert chosen(device="cuda") == (expected, "cuda:0", "float32")
        assert chosen("auto") == (expected, "cuda:0", "float32")


def test_auto_is_a_cuda_device_and_no_other(machine):
    machine(torch=("cpu", "mps", "xpu:0"))
    assert chosen("auto") == ("numpy", "cpu", "float32")


def test_a_backend_itself_may_be_given(machine):
    machine(**EVERYTHING)
    one = bpnet.get_backend("torch", "cuda:1")
    assert bpnet.get_backend(one) is one
    assert bpnet.get_backend(one, "cuda:1", "float32") is one
    assert chosen(one, dtype="float64") == ("torch", "cuda:1", "float64")
    assert chosen(one, "cpu") == ("torch", "cpu", "float32")
    assert chosen(one, "cuda") == ("torch", "cuda:0", "float32")
    net = bpnet.Network([2, 1], backend=one, dtype="float64")
    assert (net.backend.name, net.device, net.dtype) == ("torch", "cuda:1", "float64")


def test_to_keeps_the_device_where_the_other_library_has_it(machine):
    machine(**EVERYTHING)
    net = bpnet.Network([2, 1], backend="torch", device="cuda:1", dtype="float64")
    for name, device in (("cupy", "cuda:1"), ("jax", "cuda:1"), ("torch", "cuda:1")):
        there = net.to(name)
        assert (there.backend.name, there.device, there.dtype) == (name, device, "float64")
    assert net.to("numpy").device == "cpu"
    assert net.to("jax", device="cpu").device == "cpu"
    assert net.to(device="cpu").backend == bpnet.get_backend("torch", "cpu", "float64")


# ------------------------------------------------------------------ the environment


@pytest.mark.parametrize(
    ("variables", "arguments", "expected"),
    [
        ({"BPNET_BACKEND": "torch"}, (), ("torch", "cpu")),
        ({"BPNET_BACKEND": "auto"}, (), ("cupy", "cuda:0")),
        ({"BPNET_BACKEND": ""}, (), ("numpy", "cpu")),
        ({"BPNET_DEVICE": "cuda:1"}, (), ("cupy", "cuda:1")),
        ({"BPNET_DEVICE": "cpu"}, (), ("numpy", "cpu")),
        ({"BPNET_DEVICE": "auto"}, (), ("cupy", "cuda:0")),
        ({"BPNET_BACKEND": "jax", "BPNET_DEVICE": "cuda"}, (), ("jax", "cuda:0")),
        ({"BPNET_BACKEND": "auto", "BPNET_DEVICE": "cpu"}, (), ("numpy", "cpu")),
        ({"BPNET_BACKEND": "auto", "BPNET_DEVICE": "cuda:1"}, (), ("cupy", "cuda:1")),
        ({"BPNET_BACKEND": "torch", "BPNET_DEVICE": "auto"}, (), ("torch", "cuda:0")),
        ({"BPNET_BACKEND": "torch"}, ("jax",), ("jax", "cpu")),
        ({"BPNET_BACKEND": "torch"}, (None, "cuda"), ("torch", "cuda:0")),
        ({"BPNET_BACKEND": "numpy"}, (None, "cuda"), ("cupy", "cuda:0")),
        ({"BPNET_BACKEND": "auto"}, (None, "cpu"), ("numpy", "cpu")),
        ({"BPNET_DEVICE": "cuda:1"}, ("jax",), ("jax", "cuda:1")),
        ({"BPNET_DEVICE": "cuda:1"}, ("numpy",), ("numpy", "cpu")),
        ({"BPNET_DEVICE": "cuda:1"}, (None, "cpu"), ("numpy", "cpu")),
        ({"BPNET_DEVICE": "mps"}, ("cupy",), ("cupy", "cuda:0")),
        ({"BPNET_DEVICE": "auto"}, ("torch",), ("torch", "cuda:0")),
    ],
)
def test_the_environment_sets_the_default(machine, monkeypatch, variables, arguments, expected):
    machine(**EVERYTHING)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert chosen(*arguments) == (*expected, "float32")


def test_an_unknown_name_in_the_environment_says_where_it_stands(monkeypatch):
    monkeypatch.setenv("BPNET_BACKEND", "nunpy")
    with pytest.raises(ValueError, match=r"BPNET_BACKEND.* 'nunpy': did you mean 'numpy'"):
        bpnet.Network([2, 1])
    monkeypatch.setenv("BPNET_BACKEND", "numpy")
    monkeypatch.setenv("BPNET_DEVICE", "cuad")
    with pytest.raises(ValueError, match="'cuad': did you mean 'cuda'"):
        bpnet.Network([2, 1])


def test_use_outranks_the_environment(machine, monkeypatch):
    machine(**EVERYTHING)
    monkeypatch.setenv("BPNET_BACKEND", "torch")
    with bpnet.use("jax"):
        assert chosen()[0] == "jax"
    assert chosen()[0] == "torch"


# ------------------------------------------------------------------ use


def test_use_as_a_context_manager(machine):
    machine(**EVERYTHING)
    before = bpnet.Network([2, 1])
    with bpnet.use("torch", "cuda:1", "float64"):
        inside = bpnet.Network([2, 1])
        assert chosen() == ("torch", "cuda:1", "float64")
        assert chosen(dtype="float32") == ("torch", "cuda:1", "float32")
        assert chosen("jax") == ("jax", "cuda:1", "float64")
        assert chosen("numpy") == ("numpy", "cpu", "float64")
    assert chosen() == ("numpy", "cpu", "float32")
    assert (before.backend.name, before.dtype) == ("numpy", "float32")
    assert (inside.backend.name, inside.device) == ("torch", "cuda:1"), "it keeps its backend"
    assert (inside.copy().backend.name, inside.copy().dtype) == ("torch", "float64")


def test_use_as_a_call_holds_until_changed(machine):
    machine(**EVERYTHING)

    def calls():
        bpnet.use("torch")
        assert chosen()[0] == "torch"
        bpnet.use("jax", dtype="float64")
        assert chosen() == ("jax", "cpu", "float64")
        with bpnet.use("cupy"):
            assert chosen()[0] == "cupy"
        assert chosen()[0] == "jax"

    in_its_own_context(calls)
    assert chosen() == ("numpy", "cpu", "float32")


def test_use_nested_and_left_by_an_error(machine):
    machine(**EVERYTHING)
    with bpnet.use("torch"):
        with pytest.raises(ValueError, match="unknown backend"), bpnet.use("jax"):
            bpnet.get_backend("nunpy", dtype=chosen()[2])
        assert chosen()[0] == "torch"
    assert chosen()[0] == "numpy"


def test_use_of_a_type_alone_leaves_the_library(machine, monkeypatch):
    machine(**EVERYTHING)
    with bpnet.use(dtype="float64"):
        assert chosen() == ("numpy", "cpu", "float64")
    with bpnet.use("torch", "cuda:1"), bpnet.use(dtype="float64"):
        assert chosen() == ("torch", "cuda:1", "float64")
    monkeypatch.setenv("BPNET_BACKEND", "jax")
    with bpnet.use(dtype="float64"):
        assert chosen() == ("jax", "cpu", "float64")


def test_use_of_what_is_not_there_raises_at_once_and_changes_nothing(machine):
    machine(torch=("cpu",))
    with bpnet.use("torch"):
        for name, device in (("cupy", None), ("torch", "cuda"), (None, "mps")):
            with pytest.raises(BackendUnavailableError):
                bpnet.use(name, device)
        with pytest.raises(ValueError, match="did you mean"):
            bpnet.use("trch")
        with pytest.raises(ValueError, match="unknown dtype"):
            bpnet.use(dtype="float128")
        assert chosen() == ("torch", "cpu", "float32")


def test_use_holds_in_its_own_thread_only(machine):
    machine(**EVERYTHING)
    seen = {}

    def other():
        seen["fresh"] = chosen()[0]
        bpnet.use("jax")
        seen["own"] = chosen()[0]

    with bpnet.use("torch"):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        assert chosen()[0] == "torch"
        copied = contextvars.copy_context()
    assert seen == {"fresh": "numpy", "own": "jax"}
    assert chosen()[0] == "numpy"
    assert copied.run(chosen)[0] == "torch"


def test_use_holds_in_its_own_task_only(machine):
    machine(**EVERYTHING)

    async def task(name, started, other):
        with bpnet.use(name):
            started.set()
            await other.wait()
            return chosen()[0]

    async def both():
        one, two = asyncio.Event(), asyncio.Event()
        return await asyncio.gather(task("torch", one, two), task("jax", two, one))

    assert asyncio.run(both()) == ["torch", "jax"]


# ------------------------------------------------------------------ what is not there


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nunpy",), "unknown backend 'nunpy': did you mean 'numpy'?"),
        (("pytorch",), "unknown backend 'pytorch': did you mean 'torch'?"),
        (("cuppy",), "unknown backend 'cuppy': did you mean 'cupy'?"),
        (("mxnet",), "unknown backend 'mxnet': known are numpy, cupy, torch, jax, auto"),
        ((None, "cudda"), "unknown device 'cudda': did you mean 'cuda'?"),
        (("torch", "tpuu"), "unknown device 'tpuu': did you mean 'tpu'?"),
        ((None, "cuda:first"), "device 'cuda:first': after the colon a number is expected"),
        ((None, "cuda:"), "device 'cuda:': after the colon a number is expected"),
        (("numpy", None, "float63"), "unknown dtype 'float63': did you mean 'float"),
        (("numpy", None, "int32"), "unknown dtype 'int32': "),
    ],
)
def test_unknown_names_say_what_was_meant(arguments, words):
    with pytest.raises(ValueError, match="'") as caught:
        bpnet.get_backend(*arguments)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("cupy",), ["cupy is not installed", 'pip install "cupy-cuda13x[ctk]>=14"']),
        (("jax",), ["jax 9.9 is installed but no CUDA driver", 'pip install "jax>=0.4.35"']),
        (("jax", "cuda"), ["jax 9.9 is installed but no CUDA driver", '"jax[cuda13]>=0.8"']),
        (("jax", "gpu:1"), ['pip install "jax[cuda13]>=0.8"']),
        (("torch", "cuda"), ["torch 9.9 has no device 'cuda'", "no accelerator", "it has cpu"]),
        (("torch", "cuda:3"), ["torch 9.9 has no device 'cuda:3'", "it has cpu"]),
        (("numpy", "cuda"), ["numpy 2.9 has no device 'cuda' here; it has cpu"]),
        ((None, "mps"), ["torch 9.9 has no device 'mps'", "it has cpu"]),
        ((None, "tpu"), ["jax 9.9 is installed but no CUDA driver was found"]),
    ],
)
def test_what_is_not_there_is_told_with_the_reason(machine, arguments, words):
    machine(torch=("cpu",), jax=())
    with pytest.raises(BackendUnavailableError) as caught:
        bpnet.get_backend(*arguments)
    for word in words:
        assert word in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(("name", "requirement"), [("torch", "torch>=2.5"), ("jax", "jax>=0.4.35")])
def test_install_commands_name_the_librarys_own_package(machine, name, requirement):
    machine()
    with pytest.raises(BackendUnavailableError) as caught:
        bpnet.Network([2, 1], backend=name)
    assert str(caught.value) == (
        f'{name} is not installed (installed by: pip install "{requirement}")'
    )


def test_cupys_install_command_is_for_either_cuda(machine):
    machine()
    with pytest.raises(BackendUnavailableError, match="cupy is not installed") as caught:
        bpnet.Network([2, 1], backend="cupy")
    assert 'pip install "cupy-cuda13x[ctk]>=14"' in str(caught.value)
    assert "cupy-cuda12x[ctk]>=14" in str(caught.value)


def test_a_type_that_a_device_lacks(machine):
    machine(**EVERYTHING)
    with pytest.raises(BackendUnavailableError, match="torch has no float64 on mps: it is a small"):
        bpnet.get_backend("torch", "mps", "float64")
    assert chosen("torch", "mps") == ("torch", "mps", "float32")


@pytest.fixture
def fresh(monkeypatch):
    """Look anew: what was found of a library is remembered."""
    monkeypatch.setattr(loading, "_probe_built_in", loading._probe_built_in.__wrapped__)


def test_a_library_that_is_not_installed(monkeypatch, fresh):
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "jax" else real(name)
    )
    found = {one.name: one for one in bpnet.available_backends()}["jax"]
    assert found == Availability("jax", None, (), "jax is not installed")
    assert not found.usable


@pytest.mark.parametrize("error", [ImportError("no libc\nmore"), OSError("no libc"), ValueError()])
def test_a_broken_installation_is_told_and_does_no_harm(monkeypatch, fresh, error):
    def broken(entry):
        raise error

    monkeypatch.setattr(loading, "load", broken)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    found = bpnet.available_backends()[2]
    assert found.name == "torch"
    assert not found.usable
    expected = f"torch is installed but cannot be imported ({type(error).__name__}: "
    assert found.reason.startswith(expected)
    assert "more" not in found.reason
    with pytest.raises(BackendUnavailableError, match="cannot be imported"):
        bpnet.get_backend("torch")
    assert chosen() == ("numpy", "cpu", "float32")


# ------------------------------------------------------------------ what is here


def test_available_backends_here():
    found = bpnet.available_backends()
    assert tuple(one.name for one in found) == NAMES
    for one in found:
        if find_spec(one.name) is None:
            assert (one.version, one.usable) == (None, False)
            assert one.reason == f"{one.name} is not installed"
        if one.usable:
            backend = bpnet.get_backend(one.name)
            assert backend.device == one.devices[0]
        else:
            assert one.reason
            with pytest.raises(BackendUnavailableError) as caught:
                bpnet.get_backend(one.name)
            assert one.reason in str(caught.value)
            assert "pip install" in str(caught.value)
    assert found[0] == Availability("numpy", np.__version__, ("cpu",))


def test_cupy_without_a_gpu_here():
    cupy = pytest.importorskip("cupy", reason="cupy is not installed")
    if cupy.cuda.is_available():
        pytest.skip("there is a CUDA GPU")
    found = {one.name: one for one in bpnet.available_backends()}["cupy"]
    assert found.version == cupy.__version__
    assert found.devices == ()
    assert f"cupy {cupy.__version__} is installed but no CUDA driver" in found.reason


@pytest.mark.parametrize("name", ["torch", "jax"])
def test_libraries_here(name):
    module = pytest.importorskip(name, reason=f"{name} is not installed")
    found = {one.name: one for one in bpnet.available_backends()}[name]
    assert found.version == module.__version__
    assert found.devices[0] == "cpu"
    net = bpnet.Network([2, 1], backend=name, seed=0)
    assert net.backend.owns(net.weights[0])


def test_backends_are_values(target):
    one, same = target.backend("float32"), target.backend("float32")
    other = target.backend("float64")
    assert one == same
    assert hash(one) == hash(same)
    assert one != other
    assert one != "numpy"
    for again in (pickle.loads(pickle.dumps(one)), copy.deepcopy(one)):
        assert again == one
    assert repr(one) == f"<{one.name} on {one.device}, float32>"


def test_a_device_without_a_number_is_the_first(machine):
    machine(cupy=("cuda:0", "cuda:1"))
    net = bpnet.Network([2, 1], backend="cupy", device="cuda")
    assert net.device == "cuda:0"
    assert net.backend == bpnet.get_backend("cupy", "cuda:0")
    assert "cupy on cuda:0" in repr(net)


def test_importing_bpnet_reads_no_library_until_it_is_asked_for(monkeypatch):
    """The default needs no probe at all."""

    def probe(name):
        raise AssertionError(f"{name} was looked for")

    monkeypatch.setattr(loading, "_probe_built_in", probe)
    assert chosen() == ("numpy", "cpu", "float32")
    bpnet.Network([2, 1], device="cpu").fit([[0.0, 1.0]], [[1.0]], epochs=1, batch_size=1)
