"""CuPy without a GPU: what is said of it, what is used of it, and whether its kernels compile.

Only the last tests need a GPU; the common tests run on CuPy, too, where there is one.
"""

import ast
import contextlib
import functools
import importlib
import inspect
import pickle
import types
from pathlib import Path

import numpy as np
import pytest

import bpnet
from bpnet.compiler import compile_step
from bpnet.randomness import keep_mask

cupy = pytest.importorskip("cupy", reason="cupy is not installed")

from cupy.cuda import runtime  # noqa: E402 - needs cupy

from bpnet.backends import cublas, cupy_devices, cupy_uploads, loading  # noqa: E402
from bpnet.backends import cupy as module  # noqa: E402
from bpnet.backends.cupy import CupyBackend  # noqa: E402

SOURCES = Path(bpnet.__file__).parent
VERSION = cupy.__version__
GPUS = runtime.getDeviceCount() if cupy.cuda.is_available() else 0
needs_gpu = pytest.mark.skipif(GPUS == 0, reason="cupy is installed, but there is no CUDA GPU")
needs_two = pytest.mark.skipif(GPUS < 2, reason=f"it takes two CUDA GPUs, and there are {GPUS}")
needs_none = pytest.mark.skipif(GPUS > 0, reason="there is a CUDA GPU")


# ------------------------------------------------------------------ what is said of it


def status(number):
    return runtime.CUDARuntimeError(number)


def raising(error):
    def call(*args, **kwargs):
        raise error

    return call


@needs_none
def test_this_machine_has_no_gpu_and_is_told_so():
    found = CupyBackend.probe()
    assert (found.name, found.version, found.devices) == ("cupy", VERSION, ())
    assert not found.usable
    driver = runtime.driverGetVersion()
    assert found.reason.startswith(f"cupy {VERSION} is installed but ")
    assert "no CUDA driver was found" in found.reason or driver > 0
    assert found in bpnet.available_backends()


@needs_none
@pytest.mark.parametrize("device", [None, "cuda", "cuda:1"])
def test_asking_for_it_raises_the_reason_and_what_installs_it(device):
    with pytest.raises(bpnet.BackendUnavailableError) as caught:
        bpnet.get_backend("cupy", device)
    assert CupyBackend.probe().reason in str(caught.value)
    assert 'pip install "cupy-cuda13x[ctk]>=14"' in str(caught.value)


@pytest.mark.parametrize(
    ("error", "driver", "words"),
    [
        (status(35), 0, "is installed but no CUDA driver was found"),
        (
            status(35),
            12040,
            "is installed but the CUDA driver is too old: it serves CUDA 12.4, and this cupy needs "
            "13.2; cupy-cuda12x suits it, or a newer driver does",
        ),
        (
            status(35),
            13000,
            "is installed but the CUDA driver is too old: it serves CUDA 13.0, and this cupy needs "
            "13.2; a newer driver does",
        ),
        (status(100), 13020, "is installed but no CUDA device was found"),
        (None, 13020, "is installed but no CUDA device was found"),
        (
            status(34),
            13020,
            "is installed but CUDA does not answer (CUDARuntimeError: cudaErrorStubLibrary: "
            "CUDA driver is a stub library)",
        ),
        (
            OSError("libcudart.so.13: cannot open\nmore"),
            13020,
            "is installed but CUDA does not answer (OSError: libcudart.so.13: cannot open)",
        ),
    ],
)
def test_each_reason_for_no_device_has_its_words(error, driver, words, monkeypatch):
    monkeypatch.setattr(runtime, "getDeviceCount", raising(error) if error else lambda: 0)
    monkeypatch.setattr(runtime, "driverGetVersion", lambda: driver)
    monkeypatch.setattr(runtime, "runtimeGetVersion", lambda: 13020)
    assert CupyBackend.probe() == bpnet.backends.Availability(
        "cupy", VERSION, (), f"cupy {VERSION} {words}"
    )


TOOLKIT = ": are the CUDA toolkit's libraries installed?"
FAILURES = [
    (ImportError("libcublas.so.13: no such file"), "ImportError: libcublas.so.13: no such file"),
    (RuntimeError("Failed to find CUDA headers.\nInstall"), "RuntimeError: Failed to find CUDA"),
    (
        cupy.cuda.compiler.CompileException("k.cu(1): error: no\n1 error", "", "k.cu", ()),
        "CompileException: k.cu(1): error: no",
    ),
    (status(46), "CUDARuntimeError: cudaErrorDevicesUnavailable: "),
    (MemoryError(), "MemoryError"),
]


@pytest.mark.parametrize(("error", "words"), FAILURES, ids=lambda one: type(one).__name__)
@pytest.mark.parametrize(("count", "sees"), [(1, "1 CUDA device"), (2, "2 CUDA devices")])
def test_each_failure_to_compute_has_its_words(error, words, count, sees, monkeypatch):
    monkeypatch.setattr(runtime, "getDeviceCount", lambda: count)
    monkeypatch.setattr(cupy, "ones", raising(error))
    found = CupyBackend.probe()
    assert found.devices == ()
    assert found.reason.startswith(f"cupy {VERSION} sees {sees} but cannot compute ({words}")
    busy = isinstance(error, runtime.CUDARuntimeError | MemoryError)
    assert found.reason.endswith(TOOLKIT) is not busy
    assert "\n" not in found.reason


def test_devices_that_compute_are_all_listed(monkeypatch):
    monkeypatch.setattr(runtime, "getDeviceCount", lambda: 3)
    monkeypatch.setattr(cupy, "ones", np.ones)
    assert CupyBackend.probe() == bpnet.backends.Availability(
        "cupy", VERSION, ("cuda:0", "cuda:1", "cuda:2")
    )


def test_a_backend_is_made_and_compared_without_a_driver():
    backend = CupyBackend("cuda:1", "float64")
    assert backend == CupyBackend("cuda:1", "float64") != CupyBackend("cuda:0", "float64")
    assert repr(backend) == "<cupy on cuda:1, float64>"
    assert backend.scope().id == 1


@pytest.mark.parametrize(
    ("count", "found", "told"),
    [
        (2, "<cupy on cuda:1, float64>", None),
        (1, "<cupy on cuda:0, float64>", "with cupy on cuda:1 is now with cupy on cuda:0: "),
        (0, "<numpy on cpu, float64>", "with cupy on cuda:1 is now with numpy on cpu: "),
    ],
)
def test_a_pickle_comes_to_a_device_that_is_there(count, found, told, monkeypatch):
    monkeypatch.setattr(runtime, "getDeviceCount", lambda: count)
    monkeypatch.setattr(cupy, "ones", np.ones)
    monkeypatch.setattr(loading, "_probe_built_in", loading._probe_built_in.__wrapped__)
    pickled = pickle.dumps(CupyBackend("cuda:1", "float64"))
    warned = pytest.warns(UserWarning, match=told) if told else contextlib.nullcontext()
    with warned:
        assert repr(pickle.loads(pickled)) == found


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_cupy_is_handed_a_copy_of_its_own(dtype, order, monkeypatch):
    # It may read, or adopt, the memory that it is given after the caller has gone on.
    handed = []
    monkeypatch.setattr(cupy, "asarray", handed.append)
    backend = CupyBackend("cuda:0", dtype)
    monkeypatch.setattr(backend, "_device", contextlib.nullcontext())
    x = np.asarray([[1, 2, 3], [4, 5, 6]], dtype=dtype, order=order)
    x.flags.writeable = False
    backend.from_host(x, dtype)
    backend.from_host(x[:, ::2], dtype)
    assert not any(np.shares_memory(one, x) for one in handed)
    assert all(one.flags.c_contiguous and one.dtype == dtype for one in handed)
    np.testing.assert_array_equal(handed[1], x[:, ::2])


# ------------------------------------------------------------------ what is used of it


def trees():
    for path in SOURCES.rglob("*.py"):
        yield path.relative_to(SOURCES), ast.parse(path.read_text(encoding="utf-8"))


def is_namespace(node):
    """Whether an expression is ``xp``, ``something.xp`` or ``something._xp``."""
    return (isinstance(node, ast.Name) and node.id == "xp") or (
        isinstance(node, ast.Attribute) and node.attr in ("xp", "_xp")
    )


def uses():
    """Each name that is used of a namespace, and how its calls look: (count, keywords)."""
    found = {"float32": set(), "float64": set(), "int32": set(), "int64": set()}  # by getattr
    for path, tree in trees():
        if path.parts[0] == "backends" and path.stem in ("jax", "numpy", "torch"):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and is_namespace(node.value):
                found.setdefault(node.attr, set())
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                plain = not any(isinstance(one, ast.Starred) for one in node.args)
                if is_namespace(node.func.value) and plain:
                    words = tuple(sorted(str(one.arg) for one in node.keywords))
                    found.setdefault(node.func.attr, set()).add((len(node.args), words))
    return found


USES = uses()


def test_the_search_for_names_finds_those_that_are_surely_used():
    assert (2, ("axis",)) in USES["take"]
    assert {(1, ("axis",)), (1, ("axis", "keepdims"))} <= USES["sum"]
    assert {"erf", "clip", "isdtype", "stack", "concat", "tanh"} <= set(USES)


@pytest.mark.parametrize("name", sorted(USES))
def test_each_name_that_is_used_is_there_with_that_signature(name):
    function = getattr(CupyBackend.xp, name)
    for count, words in USES[name]:
        if isinstance(function, cupy.ufunc):
            assert (count, words) == (function.nin, ()), name
        else:
            inspect.signature(function).bind(*range(count), **dict.fromkeys(words))


def chains():
    """Each dotted name of CuPy's in the backend's sources."""
    for place in (module, cupy_devices, cupy_uploads):
        for node in ast.walk(ast.parse(inspect.getsource(place))):
            if isinstance(node, ast.Attribute):
                text = ast.unparse(node)
                if text.partition(".")[0] in ("array_api_compat", "cupy", "cupyx", "runtime"):
                    yield place, text


@pytest.mark.parametrize(("place", "chain"), sorted(set(chains()), key=str), ids=str)
def test_each_name_of_cupy_in_the_backend_is_there(place, chain):
    functools.reduce(getattr, chain.split(".")[1:], getattr(place, chain.split(".")[0]))


def test_each_attribute_of_an_array_that_is_used_is_there():
    names = "T clip copy device dtype get max min ndim reshape shape sum"
    special = "__getitem__ __iter__ __matmul__ __setitem__"
    names = [*names.split(), *special.split()]
    assert [name for name in names if not hasattr(cupy.ndarray, name)] == []


def test_every_kernel_is_that_of_a_chain():
    # Those are compiled, and run, in test_cupy_plan.py; another would need a test of its own.
    calls = [node for _, tree in trees() for node in ast.walk(tree) if isinstance(node, ast.Call)]
    made = [ast.unparse(one) for one in calls if ast.unparse(one.func).startswith("cupy.")]
    made = [one for one in made if one.partition("(")[0].endswith(("Kernel", "Module"))]
    assert made == ["cupy.RawKernel(text, KERNEL_NAME)"]


def test_tf32_holds_within_the_scope_and_only_there(monkeypatch):
    linalg = module._routines_linalg
    assert linalg.compute_type_to_str(module._TF32) == "COMPUTE_TYPE_TF32"
    assert {"get_compute_type", "set_compute_type"} <= {*dir(linalg)}
    now = {}  # the real one wants a GPU that has it
    fake = types.SimpleNamespace(
        get_compute_type=lambda kind: now.get(kind.name, 1),
        set_compute_type=lambda kind, value: now.update({kind.name: value}),
    )
    monkeypatch.setattr(module, "_routines_linalg", fake)
    with module._tf32(contextlib.nullcontext()), module._tf32(contextlib.nullcontext()):
        assert now == {"float32": module._TF32}
    assert now == {"float32": 1}
    with pytest.raises(OSError, match="gone"), module._tf32(contextlib.nullcontext()):
        raise OSError("gone")
    assert now == {"float32": 1}


@pytest.mark.parametrize(("capability", "lacks"), [("75", True), ("80", False), ("120", False)])
def test_a_smaller_type_takes_a_gpu_that_has_it(capability, lacks, monkeypatch):
    backend = object.__new__(CupyBackend)
    backend._device = types.SimpleNamespace(compute_capability=capability)
    for compute_dtype, multiplies in (("tf32", False), ("bfloat16", True)):
        monkeypatch.setattr(cublas, "library", lambda made=multiplies: made or None)
        assert bool(backend.why_no_compute_dtype(compute_dtype)) is lacks
        assert not lacks or capability in backend.why_no_compute_dtype(compute_dtype)
    assert backend.why_no_compute_dtype("float16") == ""


def test_bfloat16_takes_a_cublas_and_a_step_that_a_plan_knows(monkeypatch):
    backend = object.__new__(CupyBackend)
    backend._device = types.SimpleNamespace(compute_capability="90")
    monkeypatch.setattr(cublas, "library", lambda: None)
    assert "cuBLAS" in backend.why_no_compute_dtype("bfloat16")
    backend.dtype, backend.compute_dtype = "float32", "bfloat16"
    theta, x = np.zeros(3, np.float32), np.zeros((4, 2), np.float32)
    run = compile_step(backend, lambda xp, state, x, y, rates: ((xp.cumsum(state[0]),), x))
    with pytest.raises(ValueError, match="bfloat16 on cupy, as a step has function cumsum"):
        run((theta,), x, x, np.zeros((1, 4), int), [(0.1,)])


def test_clip_is_none_that_waits_for_the_device():
    compat = importlib.import_module("array_api_compat.cupy")
    assert CupyBackend.xp.clip is not compat.clip
    assert list(inspect.signature(CupyBackend.xp.clip).parameters) == ["x", "min", "max"]


@pytest.mark.parametrize(
    ("bounds", "expected"), [((0.0, 2.0), [0, 0.5, 2]), ((None, 2.0), [-1, 0.5, 2])]
)
def test_clip_gives_its_bounds_to_the_array(bounds, expected):
    x = np.asarray([-1.0, 0.5, 3.0])
    np.testing.assert_array_equal(CupyBackend.xp.clip(x, *bounds), expected)
    np.testing.assert_array_equal(CupyBackend.xp.clip(x, min=bounds[0], max=bounds[1]), expected)


# ------------------------------------------------------------------ with a GPU


@needs_gpu
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_clip_is_numpys_on_the_device(dtype):
    backend = bpnet.get_backend("cupy", dtype=dtype)
    x = np.asarray([-np.inf, -1.0, -0.0, 0.3, 2.0, np.inf, np.nan], dtype)
    with backend.scope():
        for bounds in ((-0.5, 0.5), (None, 1.0), (0.0, None)):
            found = backend.xp.clip(backend.from_host(x, dtype), *bounds)
            assert found.dtype == dtype
            np.testing.assert_array_equal(backend.to_numpy(found), np.clip(x, *bounds))


@needs_gpu
def test_masks_have_numpys_bits_on_the_device():
    backend = bpnet.get_backend("cupy")
    with backend.scope():
        for seed in (0, 1, 2**31, 2**40 + 7):
            key = {"seed": seed, "step": 2**33 + 5, "layer": 3}
            found = keep_mask((257, 129), 0.3, xp=backend.xp, **key)
            expected = keep_mask((257, 129), 0.3, xp=np, **key)
            np.testing.assert_array_equal(backend.to_numpy(found), expected)


@needs_gpu
def test_what_comes_back_has_the_values_of_every_view():
    backend = bpnet.get_backend("cupy")
    with backend.scope():
        x = backend.from_host(np.arange(12.0).reshape(3, 4), "float32")
        for view in (x, x.T, x[:, ::2], x[1, 2], x[:0]):
            found = backend.to_numpy(view)
            assert found.flags.writeable
            np.testing.assert_array_equal(found, cupy.asnumpy(view))


@needs_two
def test_a_network_stays_on_its_device_whatever_is_current():
    net = bpnet.Network([3, 4, 2], backend="cupy", device="cuda:1", seed=0)
    x, y = np.ones((5, 3)), np.asarray([0, 1, 0, 1, 1])
    with cupy.cuda.Device(0):
        net.fit(x, y, epochs=1, batch_size=2)
        assert {one.device.id for one in (*net.weights, net.predict(x), net.feedforward(x))} == {1}
        with pytest.raises(TypeError, match=r"x is on cuda:0, but .* on cuda:1: .*device='cuda:0'"):
            net.predict(cupy.ones((1, 3)))
        assert runtime.getDevice() == 0


# ------------------------------------------------------------------ uploads beside computation


class Stream:
    """What is asked of a stream, in a log that all share."""

    def __init__(self, log, **options):
        self.log, self.options = log, options

    def __enter__(self):
        self.log.append("enter")
        return self

    def __exit__(self, *error):
        self.log.append("leave")

    def wait_event(self, event):
        self.log.append("wait")

    def synchronize(self):
        self.log.append("synchronize")


class Event:
    def __init__(self, log, **options):
        self.log, self.options = log, options

    def record(self):
        self.log.append("record")


def test_uploads_wait_for_the_reader_of_their_memory(monkeypatch):
    """In their stream's own order: wait for what reads old memory, copy, be done when left."""
    assert hasattr(cupy.cuda.Event, "record")
    assert all(hasattr(cupy.cuda.Stream, name) for name in ("wait_event", "synchronize"))
    log = []
    monkeypatch.setattr(cupy.cuda, "Stream", functools.partial(Stream, log))
    monkeypatch.setattr(cupy.cuda, "Event", functools.partial(Event, log))
    monkeypatch.setattr(CupyBackend, "scope", lambda self: contextlib.nullcontext())
    uploads = CupyBackend("cuda:0", "float32").uploads()
    assert uploads._stream.options == {"non_blocking": True}
    with uploads.scope():
        log.append("copy")
    uploads.reads_queued()
    assert log == ["enter", "wait", "copy", "synchronize", "leave", "record"]


@needs_gpu
def test_a_stream_of_samples_trains_as_samples_in_memory_do():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((5000, 20)).astype("float32"), rng.integers(0, 3, 5000)
    found = []
    for samples in ((x, y), (bpnet.data.ArraySource(x, y), None)):
        net = bpnet.Network([20, 64, 3], cost="log_likelihood", seed=0, backend="cupy")
        net.fit(*samples, epochs=3, batch_size=100, optimizer=bpnet.Adam(0.01))
        found.append(net.accuracy(x, y))
    assert abs(found[0] - found[1]) < 0.05
