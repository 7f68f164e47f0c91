"""CuPy's plan without a GPU: its kernels are run, compiled for the CPU, and compiled for GPUs.

NumPy's arrays stand for those of a GPU, and show the host no value. What a plan calls of CuPy is
replaced by functions that refuse what CuPy would refuse, and what it would do by a copy.
"""

import ctypes
import functools
import gc
import inspect
import math
import shutil
import subprocess
import tempfile
import weakref
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

cupy = pytest.importorskip("cupy", reason="cupy is not installed")

from backends.test_plan import (  # noqa: E402 - these tests need cupy
    GRID,
    LAID_OUT,
    MIXTURES,
    OWN_OPTIMIZERS,
    VIEWS,
    at_random,
    digits,
    layered,
    training,
    with_own,
)

from bpnet.backends import Namespace  # noqa: E402
from bpnet.backends import cupy as on_cupy  # noqa: E402
from bpnet.backends._kernels import chain_source  # noqa: E402
from bpnet.backends._plan import planned  # noqa: E402
from bpnet.backends._record import ELEMENTWISE, REWRITTEN, Recorder  # noqa: E402
from bpnet.backends.numpy import NumpyBackend  # noqa: E402

TOLERANCE = {"float64": 1e-12, "float32": 1e-5}
needs_compiler = pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")


# ------------------------------------------------------------------ what stands for a GPU


class DeviceArray(np.ndarray):
    """An array of which the host learns no value unasked."""

    def refuse(self, *args):
        raise AssertionError("the host waits for the device")

    __bool__ = __int__ = __float__ = __complex__ = __index__ = item = tolist = tobytes = refuse

    def sum(self, axis, dtype=None, out=None, keepdims=False):
        return self.reduce(np.add, axis, out, keepdims)

    def max(self, axis, out=None, keepdims=False):
        return self.reduce(np.maximum, axis, out, keepdims)

    def reduce(self, function, axis, out, keepdims):
        calls["reduction"] += 1
        if out is not None:
            check(out, self)
        return function.reduce(self, axis, None, out, keepdims)


def check(out, *arrays):
    """All are on the device, of one type, and the result lies apart from what it is made of."""
    assert all(type(one) is DeviceArray and one.dtype == out.dtype for one in (out, *arrays))
    assert not any(np.may_share_memory(out, one) for one in arrays)


def matmul(a, b, *, out):  # CuPy 14 takes `out` by its name alone
    calls["matmul"] += 1
    check(out, a, b)
    assert out.flags.c_contiguous  # else CuPy copies
    return np.matmul(a, b, out=out)


class Products:
    """What multiplies in place of cuBLAS, on the stream it was told."""

    stream = None

    def on(self, stream):
        self.stream = stream

    def __call__(self, left, right, out, alpha=1.0, beta=0.0):
        assert self.stream is not None
        calls["product"] += 1
        check(out, left, right)
        assert all(one.itemsize in one.strides for one in (left, right))
        assert out.strides[-1] == out.itemsize or out.shape[-1] == 1
        out[...] = alpha * np.matmul(left, right) + (beta * out if beta else 0.0)


def take(a, indices, axis=None, out=None):
    calls["take"] += 1
    check(out, a)
    assert type(indices) is DeviceArray
    return np.take(a, indices, axis, out)


def copyto(dst, src):
    calls["copyto"] += 1
    check(dst)
    check(src)
    assert dst.dtype == src.dtype
    assert not np.shares_memory(dst, src)
    np.copyto(dst, src)


class Kernel:
    """A ``cupy.ElementwiseKernel`` on the CPU."""

    def __init__(self, inputs, outputs, body):
        real = cupy.ElementwiseKernel(inputs, outputs, body, "bpnet_chain")
        self.parameters, self.inputs = (*real.in_params, *real.out_params), real.nin
        self.body, self.name = body, f"kernel{len(kernels)}"

    @property
    def statements(self):
        """What is done for an element, of which the arguments are references as CuPy's are."""
        return [*(f"{declared(p)} = *({p.ctype} *)p{k};" for k, p in self.numbered()), self.body]

    def numbered(self):
        return enumerate(self.parameters)

    @property
    def source(self):
        """A function of C++ that goes through all elements, the last element first."""
        offsets = "".join(
            f"char *p{k} = p[{k}] + i * s[{2 * k}] + j * s[{2 * k + 1}];"
            for k, _ in self.numbered()
        )
        return "\n".join(
            [
                f'extern "C" void {self.name}(long rows, long columns, char **p, const long *s)',
                "{ while (rows-- > 0) for (long i = rows, j = columns; j-- > 0;) {",
                *(offsets, *self.statements),
                "} }",
            ]
        )

    @property
    def cuda(self):
        """A kernel of CUDA C++ that does one element a thread, of contiguous arrays."""
        arrays = ", ".join(f"{p.ctype} *a{k}" for k, p in self.numbered())
        offsets = "".join(f"{p.ctype} *p{k} = a{k} + i;" for k, p in self.numbered())
        return "\n".join(
            [
                f'extern "C" __global__ void {self.name}({arrays}, long size)',
                "{ const long i = (long)blockIdx.x * blockDim.x + threadIdx.x; if (i < size) {",
                *(offsets, *self.statements),
                "} }",
            ]
        )

    def __call__(self, *arguments):
        calls["kernel"] += 1
        inputs, outputs = arguments[: self.inputs], arguments[self.inputs :]
        kinds = [np.dtype(p.dtype) for p in self.parameters]
        assert [one.dtype for one in arguments] == kinds
        # CuPy hands over NumPy's numbers by value, and refuses NumPy's arrays.
        assert all(isinstance(one, DeviceArray | np.generic) for one in inputs)
        for k, out in enumerate(outputs):
            assert type(out) is DeviceArray
            assert not any(np.shares_memory(out, one) for one in outputs[:k])
            for one in inputs:  # an element is read by no thread but the one that writes it
                assert not np.shares_memory(out, one) or layout(out) == layout(one)
        arrays = np.broadcast_arrays(*(np.asarray(one) for one in arguments))
        shape = arrays[0].shape
        assert all(out.shape == shape for out in outputs)
        missing = (0,) * (2 - len(shape))
        rows, columns = (*(1 for _ in missing), *shape)
        strides = [step for one in arrays for step in (*missing, *one.strides)]
        compiled()[self.name](
            ctypes.c_long(rows),
            ctypes.c_long(columns),
            (ctypes.c_void_p * len(arrays))(*(one.ctypes.data for one in arrays)),
            (ctypes.c_long * len(strides))(*strides),
        )


def declared(parameter):
    return f"{'const ' * parameter.is_const}{parameter.ctype} &{parameter.name}"


def layout(x):
    """Where an array's elements are."""
    return x.ctypes.data, x.shape, x.strides


def kernel(*source):
    """The kernel of a source, the same each time."""
    if source not in kernels:
        kernels[source] = Kernel(*source)
    return kernels[source]


def compiled():
    """The functions of all kernels; those that are new are compiled together."""
    new = [one for one in kernels.values() if one.name not in functions]
    if new:
        library = build("\n".join(one.source for one in new))
        functions.update({one.name: getattr(library, one.name) for one in new})
    return functions


def build(source):
    """A library of C++ functions; raises, with what the compiler says, where they are wrong."""
    with tempfile.TemporaryDirectory(prefix="bpnet-tests-") as folder:
        source = f"#include <cmath>\nusing namespace std;\n{source}\n"
        Path(folder, "kernels.cpp").write_text(source, encoding="utf-8")
        command = "g++ -std=c++17 -w -O0 -ffp-contract=off -fPIC -shared kernels.cpp -o kernels.so"
        done = subprocess.run(
            command.split(), cwd=folder, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(done.stderr)
        return ctypes.CDLL(str(Path(folder, "kernels.so")))


class Standard:
    """The namespace: NumPy's, where nothing is made but on the device."""

    def __getattr__(self, name):
        return getattr(np, name)

    def empty(self, shape, *, dtype, device):
        return np.full(shape, math.nan).astype(dtype).view(DeviceArray)

    def zeros(self, shape, *, dtype, device):
        return np.zeros(shape, dtype).view(DeviceArray)

    def arange(self, *args, dtype, device):
        return np.arange(*args, dtype=dtype).view(DeviceArray)

    def asarray(self, x, *, dtype, device):
        return np.asarray(x, dtype).view(DeviceArray)

    def sum(self, x, *, axis, keepdims=False):
        return np.add.reduce(x, axis=axis, keepdims=keepdims)

    def max(self, x, *, axis, keepdims=False):
        return np.maximum.reduce(x, axis=axis, keepdims=keepdims)


class StandIn(NumpyBackend):
    """A backend whose arrays and plans are like CuPy's."""

    name = "stand-in"
    xp = Namespace(Standard())

    def from_host(self, x, dtype):
        calls["from_host"] += 1
        return super().from_host(x, dtype).view(DeviceArray)

    def to_numpy(self, x):
        calls["to_numpy"] += 1
        return np.array(x.view(np.ndarray))

    def copy(self, x):
        return x.copy()

    plan = None

    def compile(self, step):
        plain = super(NumpyBackend, self).compile(step)
        return planned(self, step, self.plan or Plan, plain)


class Plan(on_cupy.CupyPlan):
    """CuPy's plan, that calls what stands for CuPy's functions; a graph for each two steps."""

    functions = {"copyto": copyto, "matmul": matmul, "take": take}  # noqa: RUF012
    most_ahead = 2
    products = Products

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        plans.append(self)

    @staticmethod
    def multiplies():
        return True

    @staticmethod
    def stream():
        return "current"

    def capture(self, do):
        """A graph knows addresses, and no values of the host: doing it again is the same."""

        def launch():
            calls["launch"] += 1
            do()

        return launch


class PlanByCuPy(Plan):
    """Without a cuBLAS of its own, and so without a graph."""

    most_ahead = 1

    @staticmethod
    def multiplies():
        return False


calls, plans, kernels, functions = Counter(), [], {}, {}


@pytest.fixture(scope="module", autouse=True)
def _kernels_for_the_cpu():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(on_cupy, "_kernel", kernel)
        yield


TRIALS = {
    **{"-".join(case): lambda on, case=case: training(on, *case) for case in GRID},
    **{
        what: lambda on, value=value: with_own(on, value, lambda z, a, xp: 0.5 * a)
        for what, value in VIEWS.items()
    },
    **{
        kind.__name__: lambda on, kind=kind: training(
            on, "sigmoid", "quadratic", kind(0.05), 0.01, "equal"
        )
        for kind in OWN_OPTIMIZERS
    },
}

TRIALS |= {
    what: functools.partial(layered, what=what)
    for what in ("dropout", "noise", "batch", "layer", "residual")
}
RANDOM = range(25)


@pytest.fixture(scope="module")
def every_kernel():
    """The kernels of all trials: a plan is made even where no step follows."""
    trials = [make(StandIn("cpu", dtype)) for make in TRIALS.values() for dtype in TOLERANCE]
    trials += [at_random(StandIn("cpu", "float64"), seed) for seed in RANDOM]
    with np.errstate(all="ignore"):
        for trial in trials:
            for m in {trial.m, trial.smaller}:
                trial.run(trial.planned, trial.state, m=m, stop=lambda: True)


# ------------------------------------------------------------------ the same results


@needs_compiler
@pytest.mark.usefixtures("every_kernel")
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("what", TRIALS)
def test_a_plan_agrees_with_the_loop(what, dtype):
    plans.clear()
    with np.errstate(all="ignore"):
        TRIALS[what](StandIn("cpu", dtype)).assert_agreement(TOLERANCE[dtype])
    assert plans


@needs_compiler
@pytest.mark.usefixtures("every_kernel")
@pytest.mark.parametrize("seed", RANDOM)
def test_any_step_agrees_with_the_loop(seed):
    at_random(StandIn("cpu", "float64"), seed).assert_agreement(1e-9)


@needs_compiler
@pytest.mark.parametrize("what", [*MIXTURES, *LAID_OUT])
def test_what_a_plan_may_not_know_agrees_with_the_loop(what):
    value = {**MIXTURES, **LAID_OUT}[what]
    with np.errstate(all="ignore"):
        with_own(StandIn("cpu", "float64"), value, lambda z, a, xp: 0.5 * a).assert_agreement()


SPECIAL = [-math.inf, -1.5, -0.0, 0.0, 1e-300, 0.5, 2.0, math.inf, math.nan]


def chain(function, dtype, *given):
    """A function of arrays as one kernel, to be run when all are made."""
    recorder = Recorder(dtype)
    leaves = [recorder.leaf("input", one.shape, None) for one in given]
    before = len(recorder.nodes)
    last = function(recorder, *leaves)
    recorder.active = False
    group = [node for node in recorder.nodes[before:] if node.op in ELEMENTWISE]
    source = chain_source(group, set(group) - {last})
    out = np.empty(last.shape, last.dtype).view(DeviceArray)
    where = dict(zip(leaves, (one.view(DeviceArray) for one in given), strict=True))
    launch = kernel(source.inputs, source.outputs, source.body)

    def run():
        launch(*(where[one] for one in source.arguments), out)
        return out.view(np.ndarray)

    return run


def constants(xp, x):
    """Operations whose constants no decimal number stands for."""
    upper = xp.maximum(xp.minimum(x, math.inf), math.nan)
    return xp.where(x > -math.inf, xp.where(x < 1.0, x, upper), -math.inf)


def operations(dtype):
    """Every operation as a function, its arguments, and its kernel's launch."""
    x, y = (one.astype(dtype) for one in np.meshgrid(SPECIAL, SPECIAL))
    found = [
        (constants, (x,)),
        (lambda xp, x: xp.astype(x > 0.0, x.dtype), (x,)),
        (lambda xp, x: xp.astype(xp.equal(x, 0.5), x.dtype) - 0.1, (x,)),
    ]
    for name in sorted(ELEMENTWISE - REWRITTEN - {"astype", "where"}):
        arguments = (x, y)[: getattr(np, name).nin]
        found.append((lambda xp, *args, name=name: getattr(xp, name)(*args), arguments))
    return [(function, given, chain(function, dtype, *given)) for function, given in found]


@needs_compiler
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_each_operation_is_numpys_on_special_values_too(dtype):
    for function, given, run in operations(dtype):
        with np.errstate(all="ignore"):
            found, expected = run(), function(np, *given)
        assert found.dtype == expected.dtype
        np.testing.assert_allclose(found, expected, rtol=4 * np.finfo(dtype).eps)


@needs_compiler
@pytest.mark.usefixtures("every_kernel")
@pytest.mark.parametrize("what", TRIALS)
def test_without_a_cublas_of_its_own_cupy_multiplies(what, monkeypatch):
    monkeypatch.setattr(StandIn, "plan", PlanByCuPy)
    calls.clear()
    plans.clear()
    with np.errstate(all="ignore"):
        TRIALS[what](StandIn("cpu", "float64")).assert_agreement()
    assert plans
    assert calls["matmul"]
    assert not calls["product"] + calls["launch"]


def test_a_capture_that_fails_leaves_the_calls(monkeypatch):
    def refuse(self, do):
        raise RuntimeError("not now")

    monkeypatch.setattr(Plan, "capture", refuse)
    plans.clear()
    trial = training(StandIn("cpu", "float64"), "tanh", "quadratic", "adam", "0", "equal")
    trial.assert_agreement()
    assert not any(one.captured for one in plans)
    assert {str(one.obstacle) for one in plans} <= {"not now", "None"}
    assert "not now" in {str(one.obstacle) for one in plans}


# ------------------------------------------------------------------ as few launches as now


@needs_compiler
@pytest.mark.parametrize(
    ("activation", "optimizer", "l2", "most"),
    [
        ("sigmoid", "sgd", 0, {"product": 7, "kernel": 3}),
        ("relu", "sgd", 0, {"product": 7, "kernel": 3}),
        ("relu", "adam", 0.01, {"product": 5, "kernel": 5, "reduction": 2, "copyto": 1}),
    ],
)
def test_a_step_launches_no_more_than_now_and_moves_nothing(
    activation, optimizer, l2, most, monkeypatch
):
    monkeypatch.setattr(Plan, "most_ahead", 6)
    trial = digits(StandIn("cpu", "float32"), activation, optimizer, l2)
    counts = []
    for steps in (1, 5):  # of one block
        calls.clear()
        trial.run(trial.planned, trial.state, last=steps)
        counts.append(calls.copy())
    per_step = {name: count / 4 for name, count in (counts[1] - counts[0]).items()}
    assert set(per_step) <= set(most)  # no transfer, whatever the rates do
    assert all(count <= most[name] for name, count in per_step.items())
    assert counts[0]["from_host"] == 1  # the order of a block of steps
    block = counts[0] - Counter(most)
    assert block["take"] == 2  # samples and targets
    assert block["copyto"] == 1 + {"sgd": 1, "adam": 2}[optimizer]  # outputs, and each rate


@needs_compiler
def test_a_block_of_steps_is_one_launch_after_the_first():
    trial = digits(StandIn("cpu", "float32"), "sigmoid", "sgd", 0)
    plans.clear()
    calls.clear()
    trial.run(trial.planned, trial.state)  # six steps, two a block: the first is done by calls
    assert plans[0].captured == {2}
    assert calls["launch"] == 2
    for launches in (1, 1, 2, 2):  # and the one that is left over, from the third time on
        calls.clear()
        trial.run(trial.planned, trial.state, last=3)
        assert calls["launch"] == launches
    assert plans[0].captured == {1, 2}


def test_a_plan_ends_with_its_last_reference():
    """What it holds of the device, as a handle, is no garbage that waits for a collection."""
    trial = training(StandIn("cpu", "float64"), "tanh", "quadratic", "sgd", "0", "equal")
    plans.clear()
    gc.collect()
    gc.disable()
    try:
        trial.run(trial.planned, trial.state, last=1)  # the stand-in's graph would refer to it
        plan = weakref.ref(plans.pop()._products)
        assert plan() is not None
        del trial
        plans.clear()
        assert plan() is None
    finally:
        gc.enable()


# ------------------------------------------------------------------ what the stand-ins refuse


def test_the_stand_ins_have_cupys_parameters():
    for own, real in ((take, cupy.take), (copyto, cupy.copyto)):
        names = list(inspect.signature(own).parameters)
        assert list(inspect.signature(real).parameters)[: len(names)] == names
    for name in ("sum", "max"):
        parameters = str(inspect.signature(getattr(np.ndarray, name)))
        words = "axis=None, dtype=None, out=None" if name == "sum" else "axis=None, out=None"
        assert f"{name}(self, {words}, keepdims=False)" in getattr(cupy.ndarray, name).__doc__
        assert words in parameters.replace("*, ", "")


def on_device(*shape):
    return np.zeros(shape).view(DeviceArray)


COPY = ("float64 in0", "float64 out0", "out0 = in0;")


def test_the_stand_ins_refuse_what_a_gpu_would_do_otherwise():
    x = on_device(4, 4)
    wrong = [
        lambda: bool(x[:1, 0] > 0.0),
        lambda: float(x[:1, 0]),
        lambda: x[:1, 0].item(),
        lambda: matmul(x[:2, :2], x[2:, 2:], out=on_device(4, 4)[:2, :2]),
        lambda: matmul(x, on_device(4, 4), out=x),
        lambda: matmul(x, on_device(4, 4), out=np.zeros((4, 4))),
        lambda: copyto(x, np.zeros((4, 4))),
        lambda: kernel(*COPY)(x[1:], x[:-1]),
        lambda: kernel(*COPY)(x.T, x),
        lambda: kernel(*COPY)(np.zeros((4, 4)), x),
        lambda: kernel(*COPY)(np.zeros(()), x),
        lambda: kernel(*COPY)(np.float32(1.0), x),
        lambda: kernel(*COPY)(x, on_device(4)),
    ]
    for call in wrong:
        with pytest.raises((AssertionError, ValueError)):
            call()


@needs_compiler
def test_a_kernel_that_is_wrong_does_not_compile_for_the_cpu():
    with pytest.raises(RuntimeError, match="in1"):
        build(Kernel(*COPY[:2], "out0 = in1;").source)


# ------------------------------------------------------------------ whether a GPU's compiler agrees


def compile_for(source, architecture):
    """The PTX of a CUDA source, by NVRTC, which needs no GPU; raises with its log."""
    nvrtc = pytest.importorskip("cuda.bindings.nvrtc", reason="cuda-bindings is not installed")

    def done(result):
        if result[0] != nvrtc.nvrtcResult.NVRTC_SUCCESS:
            log = bytearray(done(nvrtc.nvrtcGetProgramLogSize(program)))
            nvrtc.nvrtcGetProgramLog(program, log)
            raise RuntimeError(log.decode())
        return result[-1]

    program = nvrtc.nvrtcCreateProgram(source.encode(), b"kernel.cu", 0, [], [])[-1]
    options = [f"--gpu-architecture={architecture}".encode(), b"--std=c++17"]
    done(nvrtc.nvrtcCompileProgram(program, len(options), options))
    ptx = bytearray(done(nvrtc.nvrtcGetPTXSize(program)))
    done(nvrtc.nvrtcGetPTX(program, ptx))
    nvrtc.nvrtcDestroyProgram(program)
    return ptx.decode()


@pytest.mark.parametrize("architecture", ["compute_80", "compute_90"])
@pytest.mark.usefixtures("every_kernel")
def test_every_kernel_compiles(architecture):
    for dtype in TOLERANCE:
        operations(dtype)
    source = "\n".join(one.cuda for one in kernels.values())
    ptx = compile_for(source, architecture)
    assert f".target {architecture.replace('compute', 'sm')}" in ptx
    assert ptx.count(".entry") == len(kernels) > 100


@pytest.mark.parametrize(
    ("body", "log"),
    [
        ("out0 = in1;", 'identifier "in1" is undefined'),
        ("out0 in0;", 'expected a ";"'),
        ("in0 = out0;", "modifiable"),
        ("out0 = NAN;", 'identifier "NAN" is undefined'),
    ],
)
def test_a_kernel_that_is_wrong_does_not_compile(body, log):
    with pytest.raises(RuntimeError, match=log):
        compile_for(Kernel(*COPY[:2], body).cuda, "compute_80")
