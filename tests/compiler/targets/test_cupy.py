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
from itertools import groupby, product
from pathlib import Path

import numpy as np
import pytest

cupy = pytest.importorskip("cupy", reason="cupy is not installed")

from compiler._trials import (  # noqa: E402 - these tests need cupy
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
from bpnet.backends.numpy import NumpyBackend  # noqa: E402
from bpnet.compiler.ir import ELEMENTWISE, FUNCTIONS  # noqa: E402
from bpnet.compiler.plain import PlainRun  # noqa: E402
from bpnet.compiler.targets import cupy_kernel  # noqa: E402
from bpnet.compiler.targets.cupy import CupyTarget  # noqa: E402
from bpnet.compiler.targets.cupy_capture import CupyCapture, ProductsByBranch  # noqa: E402
from bpnet.compiler.targets.cupy_kernel import Kernel  # noqa: E402
from bpnet.compiler.targets.kernels import KERNEL_NAME, KernelSource, cuda_code, elementwise_source  # noqa: E402
from bpnet.compiler.trace import Recorder  # noqa: E402

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
        assert self.dtype.kind == "f"
        seen([self], [] if out is None else [out])
        if out is not None:
            check(out, self)
        return function.reduce(self, axis, None, out, keepdims)


def check(out, *arrays):
    """All are on the device, of one type, and the result lies apart from what it is made of."""
    assert all(type(one) is DeviceArray and one.dtype == out.dtype for one in (out, *arrays))
    assert not any(np.may_share_memory(out, one) for one in arrays)


def matmul(a, b, *, out):  # CuPy 14 takes `out` by its name alone
    calls["matmul"] += 1
    seen([a, b], [out])
    check(out, a, b)
    assert out.flags.c_contiguous  # else CuPy copies
    return np.matmul(a, b, out=out)


class Products:
    """What multiplies in place of cuBLAS, on the stream it was told."""

    stream = None

    def on(self, stream):
        self.stream = stream

    def __call__(self, left, right, out, alpha=1.0, beta=0.0, exact=False):
        noted["exact"] += exact
        assert self.stream is not None
        calls["product"] += 1
        seen([left, right, *[out] * (beta != 0.0)], [out])
        low = left.dtype == right.dtype == np.uint16
        noted["low"] += low
        if low and out.dtype == np.float32:
            check(left, right)
            assert type(out) is DeviceArray
        else:
            check(out, left, right)
        assert all(one.itemsize in one.strides for one in (left, right))
        assert out.strides[-1] == out.itemsize or out.shape[-1] == 1
        a, b, c = (wide(one) if one.dtype == np.uint16 else one for one in (left, right, out))
        found = alpha * np.matmul(a, b) + (beta * c if beta else 0.0)
        out[...] = narrow(found) if out.dtype == np.uint16 else found


def wide(bits):
    """bfloat16 as float32."""
    return (bits.astype(np.uint32) << 16).view(np.float32)


def narrow(x):
    """float32 as bfloat16, the nearest, halves to even."""
    x = np.asarray(x, np.float32)
    bits = x.view(np.uint32).astype(np.uint64)
    return np.where(np.isnan(x), 0x7FC0, (bits + 0x7FFF + (bits >> 16 & 1)) >> 16).astype(np.uint16)


class Order:
    """What is done in two queues, and whether it is known to be in order where it must be.

    Of each queue it is known how much of each queue comes before what is next done there.
    """

    def __init__(self):
        self.queue, self.done = 0, []
        self.known = [[0, 0], [0, 0]]

    def at(self, queue, *marks):
        self.queue = queue
        for mark in marks:
            self.known[queue] = [*map(max, self.known[queue], mark)]

    def mark(self):
        return [*self.known[self.queue]]

    def add(self, reads, writes):
        for queue, place, its_reads, its_writes in self.done:
            pairs = [*product(writes, [*its_reads, *its_writes]), *product(reads, its_writes)]
            if place > self.known[self.queue][queue]:
                assert not any(np.shares_memory(*pair) for pair in pairs), "a race"
        self.known[self.queue][self.queue] += 1
        self.done.append((self.queue, self.known[self.queue][self.queue], reads, writes))


order = None


def seen(reads, writes):
    """What is read and written now."""
    if order is not None:
        order.add(reads, writes)


def take(a, indices, axis=None, out=None):
    calls["take"] += 1
    check(out, a)
    assert type(indices) is DeviceArray
    return np.take(a, indices, axis, out)


def copyto(dst, src):
    calls["copyto"] += 1
    check(dst)
    check(src)
    seen([src], [dst])
    assert dst.dtype == src.dtype
    assert not np.shares_memory(dst, src)
    np.copyto(dst, src)


class Compiled:
    """A ``cupy.RawKernel`` on the CPU, which does a thread after another, the last one first."""

    def __init__(self, text):
        self.name = f"kernel{len(kernels)}"
        self.text = text.replace(KERNEL_NAME, self.name)
        parameters = self.text.partition(f"{self.name}(")[2].partition(")")[0].split(", ")
        self.constant = [one.startswith("const ") for one in parameters]
        self.kinds = [KINDS[one.removeprefix("const ").rpartition(" ")[0]] for one in parameters]

    @property
    def source(self):
        """Its code, and a function that goes through all its threads."""
        arrays = ", ".join(
            f"({'const ' * constant}{ctype} *)p[{k}]"
            for k, (constant, ctype) in enumerate(zip(self.constant, self.ctypes, strict=True))
        )
        return "\n".join(
            [
                self.text,
                f'extern "C" void run_{self.name}(long blocks, long threads, void **p)',
                "{ for (blockIdx.x = blocks; blockIdx.x-- > 0;)",
                "for (threadIdx.x = threads; threadIdx.x-- > 0;)",
                f"{self.name}({arrays}); }}",
                "#undef EACH",
            ]
        )

    @property
    def ctypes(self):
        names = {dtype: ctype for ctype, dtype in KINDS.items()}
        return [names[one] for one in self.kinds]

    def __call__(self, grid, block, arrays):
        calls["kernel"] += 1
        ((blocks,), (threads,)) = grid, block
        assert [one.dtype for one in arrays] == self.kinds
        assert all(type(one) is DeviceArray for one in arrays)
        inputs = [one for one, constant in zip(arrays, self.constant, strict=True) if constant]
        outputs = arrays[len(inputs) :]
        seen(inputs, outputs)
        for k, out in enumerate(outputs):
            assert not any(np.shares_memory(out, one) for one in outputs[:k])
            for one in inputs:  # an element is read by no thread but the one that writes it
                assert not np.shares_memory(out, one) or layout(out) == layout(one)
        compiled()[self.name](
            ctypes.c_long(blocks),
            ctypes.c_long(threads),
            (ctypes.c_void_p * len(arrays))(*(one.ctypes.data for one in arrays)),
        )


KINDS = {
    "float": np.dtype("float32"),
    "double": np.dtype("float64"),
    "bool": np.dtype("bool"),
    "long long": np.dtype("int64"),
    "unsigned int": np.dtype("uint32"),
    "unsigned short": np.dtype("uint16"),
}


def layout(x):
    """Where an array's elements are."""
    return x.ctypes.data, x.shape, x.strides


def kernel(text):
    """The kernel of a text, the same each time."""
    if text not in kernels:
        kernels[text] = Compiled(text)
    return kernels[text]


def compiled():
    """The functions of all kernels; those that are new are compiled together."""
    new = [one for one in kernels.values() if one.name not in functions]
    if new:
        library = build("\n".join(one.source for one in new))
        functions.update({one.name: getattr(library, f"run_{one.name}") for one in new})
    return functions


# A warp of one thread, to which nothing comes from another.
ON_THE_CPU = """
#include <cmath>
#define LANES 1
#define __global__
#define __launch_bounds__(threads)
using namespace std;
struct { unsigned int x; } blockIdx, threadIdx;
template <class T> T __shfl_xor_sync(unsigned int, T own, int) { return own; }
"""


def build(source):
    """A library of C++ functions; raises, with what the compiler says, where they are wrong."""
    with tempfile.TemporaryDirectory(prefix="bpnet-tests-") as folder:
        Path(folder, "kernels.cpp").write_text(ON_THE_CPU + source, encoding="utf-8")
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
        anything = 0x7FC0 if dtype == np.uint16 else math.nan
        return np.full(shape, anything).astype(dtype).view(DeviceArray)

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


class StandInTarget(CupyTarget):
    """CuPy's target, that calls what stands for CuPy's functions; a graph for each two steps."""

    functions = {"copyto": copyto, "matmul": matmul, "take": take}  # noqa: RUF012
    most_ahead = 2

    def plain(self, backend, step):
        return PlainRun(backend, step)

    def products(self, backend):
        return ProductsByBranch(Products() for _ in range(self.branches))

    def multiplies(self):
        return True

    def capture(self, products):
        return StandInCapture(products, self.branches, copyto)

    def plan(self, *args, **options):
        plans.append(super().plan(*args, **options))
        return plans[-1]


class StandInCapture(CupyCapture):
    """A graph knows addresses, and no values of the host: doing it again is the same."""

    @staticmethod
    def stream():
        return "current"

    def capture(self, do):
        def launch():
            global order
            calls["launch"] += 1
            order = Order()
            try:
                do(order.at, order.mark)
                assert order.known[0] == [sum(one[0] == k for one in order.done) for k in (0, 1)]
                noted["queues"] += len({one[0] for one in order.done}) > 1
            finally:
                order = None

        return launch


class TargetByCuPy(StandInTarget):
    """Without a cuBLAS of its own, and so without a graph."""

    most_ahead = 1

    def multiplies(self):
        return False


class StandIn(NumpyBackend):
    """A backend whose arrays and plans are like CuPy's."""

    name = "stand-in"
    xp = Namespace(Standard())
    target = StandInTarget

    def from_host(self, x, dtype):
        calls["from_host"] += 1
        return super().from_host(x, dtype).view(DeviceArray)

    def to_numpy(self, x):
        calls["to_numpy"] += 1
        return np.array(x.view(np.ndarray))

    def copy(self, x):
        return x.copy()


calls, plans, kernels, functions, noted = Counter(), [], {}, {}, Counter()


@pytest.fixture(scope="module", autouse=True)
def _kernels_for_the_cpu():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cupy_kernel, "compiled", kernel)
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
    """The kernels of all trials, to be compiled together: steps are done without them."""
    trials = [make(StandIn("cpu", dtype)) for make in TRIALS.values() for dtype in TOLERANCE]
    trials += [at_random(StandIn("cpu", "float64"), seed) for seed in RANDOM]
    trials += [trial for what in LOW_TRIALS for trial in low_trials(what)]
    with np.errstate(all="ignore"), pytest.MonkeyPatch.context() as patch:
        patch.setattr(Compiled, "__call__", lambda *_: None)
        for trial in trials:
            for m in {trial.m, trial.smaller}:
                trial.run(trial.planned, trial.state, m=m)


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
    last = function(recorder, *leaves).node
    group = [node for node in recorder.nodes[before:] if node.op in ELEMENTWISE]
    source = elementwise_source(group, set(group) - {last})
    out = np.empty(last.shape, last.dtype).view(DeviceArray)
    nodes = (one.node for one in leaves)
    where = dict(zip(nodes, (one.view(DeviceArray) for one in given), strict=True))
    launch = Kernel(source)

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
    for name in sorted({*FUNCTIONS} - {"where"}):
        arguments = (x, y)[: getattr(np, name).nin]
        found.append((lambda xp, *args, name=name: getattr(xp, name)(*args), arguments))
    made = [(function, given, chain(function, dtype, *given)) for function, given in found]
    own = chain(lambda xp, x: xp.call("erf", x), dtype, x)
    return [*made, (lambda _, x: np.vectorize(math.erf, [x.dtype])(x), (x,), own)]


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
    monkeypatch.setattr(StandIn, "target", TargetByCuPy)
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

    monkeypatch.setattr(StandInCapture, "capture", refuse)
    plans.clear()
    trial = training(StandIn("cpu", "float64"), "tanh", "quadratic", "adam", "0", "equal")
    trial.assert_agreement()
    assert not any(one.runner.captured for one in plans)
    assert {one.runner.obstacle for one in plans} <= {"RuntimeError: not now", ""}
    assert "RuntimeError: not now" in {one.runner.obstacle for one in plans}


@needs_compiler
def test_a_capture_that_fails_in_the_other_branch_leaves_the_first(monkeypatch):
    """Streams by their names: what is multiplied after a failure is queued on the current one."""

    def fail(self, do):
        self.products.on("first", "second")

        def at(queue, *_):
            self.products.use(queue)
            if queue and "first" in seen:
                raise RuntimeError("no memory")

        try:
            do(at, lambda: None)
        except RuntimeError:
            raise ValueError("the end of the capture failed, too")  # noqa: B904 - as CuPy's does

    seen = []
    monkeypatch.setattr(StandInCapture, "capture", fail)
    monkeypatch.setattr(Products, "__call__", lambda self, *_: seen.append(self.stream))
    trial = digits(StandIn("cpu", "float32"), "sigmoid", "sgd", 0)
    plans.clear()
    trial.run(trial.planned, trial.state)
    assert plans[0].runner.obstacle == "RuntimeError: no memory"
    where = [stream for stream, _ in groupby(seen)]
    assert where == ["current", "first", "current"]


@needs_compiler
def test_sums_are_exact_whatever_products_are():
    trial = training(StandIn("cpu", "float64"), "tanh", "quadratic", "adam", "0.01", "equal")
    noted.clear()
    trial.run(trial.planned, trial.state, last=1)
    assert noted["exact"] == 4  # the biases' gradients


# ------------------------------------------------------------------ bfloat16


def low_trials(what):
    """A step in float32 and in bfloat16."""
    make = LOW_TRIALS[what]
    return [make(StandIn("cpu", "float32"), compute=compute) for compute in ("", "bfloat16")]


LOW_TRIALS = {
    **{
        "-".join(case): lambda on, compute, case=case: training(on, *case, compute=compute)
        for case in GRID[::3]
    },
    **{
        what: lambda on, compute, what=what: layered(on, what, compute=compute)
        for what in ("dropout", "noise", "batch", "layer", "residual")
    },
    "strided sums": lambda on, compute: with_own(
        on,
        lambda z, xp: z - 0.1 * xp.sum(z[:, ::-1] + z.T[::-1, :].T, axis=0, keepdims=True),
        lambda z, a, xp: 0.5 * a,
        compute=compute,
    ),
    "products cast": lambda on, compute: with_own(
        on, cast, lambda z, a, xp: 0.5 * a, compute=compute
    ),
}


def cast(z, xp):
    """Computes in float32, and puts together what it casts back."""
    wide = xp.astype(z, xp.float32)
    rows = xp.reshape(wide @ wide.T, (-1,))
    whole = xp.astype(xp.concat([rows, rows]), z.dtype)
    return z + 0.1 * xp.reshape(whole[: z.shape[0]], (-1, 1))


@needs_compiler
@pytest.mark.usefixtures("every_kernel")
@pytest.mark.parametrize("what", LOW_TRIALS)
def test_bfloat16_goes_where_float32_does(what):
    ends = []
    for trial in low_trials(what):
        plans.clear()
        noted.clear()
        calls.clear()
        with np.errstate(all="ignore"):
            before = trial.values(trial.state[0])[0]
            state, z = trial.run(trial.planned, trial.state)
        assert len(plans) == 1
        ends.append((trial.values(state[0])[0] - before, *trial.values(z)))
        assert ends[-1][1].dtype == np.float32
    assert noted["low"]
    # Statistics are sums in float32; the residual network normalizes, too.
    in_float32 = "products cast", "batch", "layer", "residual"
    assert (noted["low"] < calls["product"]) == (what in in_float32)
    for one, other in zip(*ends, strict=True):
        assert np.linalg.norm(one - other) <= 0.05 * np.linalg.norm(one)
        assert not np.array_equal(one, other) or not one.any()  # a softmax of one output is 1


@needs_compiler
def test_a_kernel_rounds_to_bfloat16_as_others_do():
    ml_dtypes = pytest.importorskip("ml_dtypes", reason="ml_dtypes is not installed")
    bits = np.random.default_rng(0).integers(0, 2**32, 10_000, np.uint32)
    halves = np.arange(2**16, dtype=np.uint32) << 16 | 0x8000  # between each two of them
    x = np.concatenate([bits, halves]).view(np.float32)
    low, back = (np.empty(x.shape, kind).view(DeviceArray) for kind in (np.uint16, np.float32))
    Kernel(KernelSource(("float32",), ("bfloat16",), "out0 = in0;"))(x.view(DeviceArray), low)
    Kernel(KernelSource(("bfloat16",), ("float32",), "out0 = in0;"))(low, back)
    with np.errstate(all="ignore"):
        expected = x.astype(ml_dtypes.bfloat16)
    np.testing.assert_array_equal(back.view(np.ndarray), expected.astype(np.float32))


@needs_compiler
@pytest.mark.parametrize(
    ("activation", "optimizer", "most"),
    [
        ("sigmoid", "sgd", {"product": 7, "kernel": 6}),
        ("relu", "adam", {"product": 7, "kernel": 7}),
    ],
)
def test_bfloat16_launches_no_more_than_now(activation, optimizer, most, monkeypatch):
    monkeypatch.setattr(StandInTarget, "most_ahead", 6)
    shape = (784, 30, 10), 10
    trial = training(
        StandIn("cpu", "float32"), activation, "quadratic", optimizer, 0, shape, "bfloat16"
    )
    counts = []
    for steps in (1, 5):
        calls.clear()
        trial.run(trial.planned, trial.state, last=steps)
        counts.append(calls.copy())
    per_step = {name: count / 4 for name, count in (counts[1] - counts[0]).items()}
    assert per_step == most


# ------------------------------------------------------------------ as few launches as now


@needs_compiler
@pytest.mark.parametrize(
    ("activation", "optimizer", "l2", "most"),
    [
        ("sigmoid", "sgd", 0, {"product": 7, "kernel": 3}),
        ("relu", "sgd", 0, {"product": 7, "kernel": 3}),
        ("relu", "adam", 0.01, {"product": 7, "kernel": 5, "copyto": 1}),
    ],
)
def test_a_step_launches_no_more_than_now_and_moves_nothing(
    activation, optimizer, l2, most, monkeypatch
):
    monkeypatch.setattr(StandInTarget, "most_ahead", 6)
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
    assert block["kernel"] == 2  # samples and targets
    assert block["copyto"] == 1 + {"sgd": 1, "adam": 2}[optimizer]  # outputs, and each rate


@needs_compiler
def test_a_block_of_steps_is_one_launch_after_the_first():
    trial = digits(StandIn("cpu", "float32"), "sigmoid", "sgd", 0)
    plans.clear()
    calls.clear()
    trial.run(trial.planned, trial.state)  # six steps, two a block: the first is done by calls
    assert plans[0].runner.captured == {2}
    assert calls["launch"] == 2
    for launches in (1, 1, 2, 2):  # and the one that is left over, from the third time on
        calls.clear()
        trial.run(trial.planned, trial.state, last=3)
        assert calls["launch"] == launches
    assert plans[0].runner.captured == {1, 2}


@needs_compiler
def test_gradients_go_beside_the_way_back(monkeypatch):
    """And where the order of two calls is not kept, that is seen."""
    trial = digits(StandIn("cpu", "float32"), "sigmoid", "sgd", 0)
    plans.clear()
    noted.clear()
    calls.clear()
    trial.run(trial.planned, trial.state)
    assert noted["queues"] == calls["launch"] == 2
    monkeypatch.setattr(Order, "at", lambda self, queue, *_: setattr(self, "queue", queue))
    with pytest.raises(AssertionError, match="a race"):
        trial.run(trial.planned, trial.state)


@pytest.mark.parametrize("refused", [False, True])
def test_a_plan_ends_with_its_last_reference(refused, monkeypatch):
    """What it holds of the device, as a handle, is no garbage that waits for a collection."""

    def refuse(self, do):
        raise RuntimeError("not now")

    if refused:
        monkeypatch.setattr(StandInCapture, "capture", refuse)
    trial = training(StandIn("cpu", "float64"), "tanh", "quadratic", "sgd", "0", "equal")
    plans.clear()
    gc.collect()
    gc.disable()
    try:
        # The stand-in's graph would refer to it.
        trial.run(trial.planned, trial.state, last=6 if refused else 1)
        plan = weakref.ref(plans.pop().runner.capture.products)
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


COPY = Kernel(KernelSource(("float64",), ("float64",), "out0 = in0;"))


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
        lambda: COPY(x[1:], x[:-1]),
        lambda: COPY(x.T, x),
        lambda: COPY(np.zeros((4, 4)), x),
        lambda: COPY(np.zeros(()), x),
        lambda: COPY(x.astype(np.float32), x),
        lambda: COPY(x, on_device(4)),
    ]
    for call in wrong:
        with pytest.raises((AssertionError, ValueError)):
            call()


def text_of(body):
    """A kernel from one array to another."""
    return cuda_code(KernelSource(("float64",), ("float64",), body), [(4, 4)] * 2, [(4, 1)] * 2)[0]


@needs_compiler
def test_a_kernel_that_is_wrong_does_not_compile_for_the_cpu():
    with pytest.raises(RuntimeError, match="in1"):
        build(Compiled(text_of("out0 = in1;")).source)


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
    source = "#undef EACH\n".join(one.text for one in kernels.values())
    ptx = compile_for(source, architecture)
    assert f".target {architecture.replace('compute', 'sm')}" in ptx
    assert ptx.count(".entry") == len(kernels) > 100


@pytest.mark.parametrize("rowwise", [False, True])
@pytest.mark.parametrize(("m", "long"), [(2**20, False), (2**26, True), (2**29, True)])
def test_large_arrays_are_counted_in_long_integers(m, long, rowwise):
    """A warp does a row: of rows there are 32 threads each."""
    body = "out0[0] = in0[0];" if rowwise else "out0 = in0;"
    source = KernelSource(("float32",), ("float32",), body, rowwise=rowwise)
    n = 2 if rowwise else 16
    text, blocks = cuda_code(source, [(m, n)] * 2, [(n, 1)] * 2)
    assert ("long long" in text) is long
    assert blocks >= m * (32 if rowwise else n) // (128 * (1 if rowwise else 4))
    assert ".entry" in compile_for(text, "compute_90")


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
        compile_for(text_of(body), "compute_80")
