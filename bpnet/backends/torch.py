"""PyTorch, on the CPU or whatever accelerator it finds."""

from __future__ import annotations

import contextlib
import functools
import math
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

import array_api_compat.torch
import numpy as np
import torch

from ._base import Array, Availability, Backend, Forward, Namespace, Step, Uploads
from ._blocks import BlockwisePlan
from ._graphed import GraphedPlan
from ._plan import planned, planned_forward
from ._record import ELEMENTWISE, PERHAPS, REWRITTEN, Graph, Node, depends_on_rates, numbers
from ._rewrite import accumulate, add_to_products, gate, scale_addends

__all__ = ["TorchBackend"]


def _devices() -> tuple[str, ...]:
    found = ["cpu"]
    if torch.cuda.is_available():
        found += [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        found.append("mps")
    if torch.xpu.is_available():
        found += [f"xpu:{index}" for index in range(torch.xpu.device_count())]
    return tuple(found)


@contextlib.contextmanager
def _tf32(allowed: bool) -> Iterator[None]:
    """Whether products of float32 matrices may be rounded to TF32, and as before afterwards."""
    before = torch.backends.cuda.matmul.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = allowed
    try:
        yield
    finally:
        torch.backends.cuda.matmul.allow_tf32 = before


@contextlib.contextmanager
def _same_bits() -> Iterator[None]:
    """Algorithms without atomic sums, and as before afterwards."""
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before)


class TorchBackend(Backend):
    """PyTorch's arrays and products; its autograd is not used."""

    name = "torch"
    xp = Namespace(array_api_compat.torch, torch.erf, torch.sigmoid)

    def __init__(self, device: str, dtype: str) -> None:
        super().__init__(device, dtype)
        self._device = torch.device(device)

    @classmethod
    def probe(cls) -> Availability:
        devices = _devices()
        lacking = "" if len(devices) > 1 else "this build or machine has no accelerator"
        return Availability(cls.name, torch.__version__, devices, lacking)

    @classmethod
    def lacks_dtype(cls, device: str, dtype: str) -> str:
        if device == "mps" and dtype == "float64":
            return "Apple's GPUs compute in float32 only"
        return ""

    def lacks_compute(self, compute_dtype: str) -> str:
        if compute_dtype == "tf32" and self._device.type != "cuda":
            return "only CUDA GPUs have it"
        return ""

    def lacks_determinism(self) -> str:
        if self._device.type == "cuda" and "CUBLAS_WORKSPACE_CONFIG" not in os.environ:
            return "set CUBLAS_WORKSPACE_CONFIG=:4096:8 in the environment before Python starts"
        return ""

    def owns(self, x: object) -> bool:
        return isinstance(x, torch.Tensor)

    def device_of(self, x: Array) -> str:
        return str(x.device)

    def from_host(self, x: np.ndarray[Any, Any], dtype: str) -> Array:
        beside = self._device.type == "cuda" and _beside(self._device)
        if beside and x.dtype == dtype and x.flags.c_contiguous and x.flags.writeable:
            own = torch.from_numpy(x)
            if own.is_pinned():  # as `_Uploads.memory` is, which stays as it is until all is there
                return own.to(self._device, non_blocking=True)
        # From pinned memory nobody waits for the copy; of what is large none is kept for that.
        if beside or (self._device.type == "cuda" and x.nbytes <= 2**22):
            pinned = torch.empty(x.shape, dtype=getattr(torch, dtype), pin_memory=True)
            pinned.numpy()[...] = x
            return pinned.to(self._device, non_blocking=True)
        # A copy, as PyTorch would share memory with, and warn of, a read-only array.
        return torch.from_numpy(np.array(x, dtype=dtype, order="C")).to(self._device)

    def as_own(self, x: Array, name: str, dtype: str) -> Array:
        return super().as_own(x.detach(), name, dtype)

    def to_numpy(self, x: Array) -> np.ndarray[Any, Any]:
        return np.array(x.detach().cpu().numpy())

    def finite(self, x: Array) -> Any:
        if self._device.type == "cpu" and x.is_floating_point() and x.is_contiguous():
            flat = x.view(-1)
            if math.isfinite(torch.dot(flat, flat).item()):  # as NumPy's backend does it
                return True
        return super().finite(x)

    def copy(self, x: Array) -> Array:
        return x.clone()

    def overwritten(self, x: Array, values: Array) -> Array:
        written: Array = x.copy_(values)
        return written

    def scope(self) -> contextlib.AbstractContextManager[Any]:
        quiet: contextlib.AbstractContextManager[Any] = torch.no_grad()
        if self._device.type != "cuda":
            return quiet
        stack = contextlib.ExitStack()
        stack.enter_context(quiet)
        stack.enter_context(_tf32(self.compute_dtype == "tf32"))
        if self.deterministic:
            stack.enter_context(_same_bits())
        return stack

    def compile(self, step: Step) -> Callable[..., tuple[Any, Array | None]]:
        plan = TorchGraphPlan if self._device.type == "cuda" else TorchPlan
        return planned(self, step, plan, super().compile(step))

    def compile_forward(self, forward: Forward) -> Callable[[Any, Array], Array]:
        return planned_forward(self, forward, TorchPlan, super().compile_forward(forward))

    def uploads(self) -> Uploads:
        return _Uploads(self, self._device) if self._device.type == "cuda" else Uploads(self)

    def synchronize(self) -> None:
        if self._device.type != "cpu":
            torch.accelerator.synchronize(self._device)


def _beside(device: Any) -> bool:
    """Whether a stream of its own is current, as that of `_Uploads`."""
    return bool(torch.cuda.current_stream(device) != torch.cuda.default_stream(device))


class _Uploads(Uploads):
    """A stream of its own, in which copies from pinned memory go beside what is computed.

    What it brings lies in memory of this stream's. That comes back to it when nothing refers to it
    any more, which may be before the device has read it: so the stream waits for `done`.
    """

    def __init__(self, backend: TorchBackend, device: Any) -> None:
        super().__init__(backend)
        self._device = device
        self._stream, self._read = torch.cuda.Stream(device), torch.cuda.Event()

    @contextlib.contextmanager
    def scope(self) -> Iterator[None]:
        with self._backend.scope(), torch.cuda.stream(self._stream):
            self._stream.wait_event(self._read)
            try:
                yield
            finally:
                self._stream.synchronize()

    def done(self) -> None:
        self._read.record(torch.cuda.current_stream(self._device))

    def memory(self, size: int) -> np.ndarray[Any, Any]:
        pinned: np.ndarray[Any, Any] = torch.empty(size, dtype=torch.uint8, pin_memory=True).numpy()
        return pinned


class TorchPlan(BlockwisePlan):
    """Calls with ``out=``, which spare a library of many layers its allocations.

    PyTorch shares out among its threads what has 2**15 entries for each.
    """

    block = 2**16 * torch.get_num_threads()
    has = PERHAPS

    functions: ClassVar[dict[str, Callable[..., Any]]] = {
        "mm": torch.mm,
        "addcdiv": torch.addcdiv,
        "addmm": torch.addmm,
        "gate": torch.ops.aten.threshold_backward.grad_input,
        "sum": torch.sum,
        "amax": torch.amax,
        **{name: getattr(torch, name) for name in ELEMENTWISE - REWRITTEN - {"astype"}},
    }

    @classmethod
    def rewrite(cls, graph: Graph, backend: Backend) -> None:
        super().rewrite(graph, backend)
        accumulate(graph)
        add_to_products(graph)
        gate(graph)
        # A number that the device has is none that a call takes.
        scale_addends(graph, rates=backend.device == "cpu" and cls is TorchPlan)

    def is_chained(self, node: Node) -> bool:
        return self._device.type == "cpu" and super().is_chained(node)

    def fill(self, cell: Any, value: Any) -> None:
        (cell.fill if isinstance(cell, np.ndarray) else cell.fill_)(float(value))

    def elementwise(self, node: Node, arguments: Sequence[str], out: str) -> list[str]:
        if node.op == "astype":
            return [self.copy(arguments[0], out)]
        if node.op == "gate":
            return [f"gate({', '.join(arguments)}, 0, grad_input={out})"]
        if node.op in ("addscaled", "addquotient"):
            given, number = ", ".join(arguments), self._number(node.option)
            if node.op == "addscaled":
                return [f"add({given}, alpha={number}, out={out})"]
            return [f"addcdiv({given}, value={number}, out={out})"]
        return [f"{node.op}({', '.join(arguments)}, out={out})"]

    def _number(self, node: Node) -> str:
        """A number as a call takes it, which is not as an array of PyTorch."""
        if not depends_on_rates(node):
            return repr(float(numbers(node, np.zeros((1, 0)))))
        cell = np.zeros(())
        self._varying.append((node, cell))
        return f"{self.bind(cell)}.item()"

    def matmul(self, left: str, right: str, out: str) -> str:
        return f"mm({left}, {right}, out={out})"

    def affine(self, node: Node) -> str:
        return f"addmm({', '.join(self.name(one) for one in node.args)}, out={self.name(node)})"

    def reduction(self, node: Node) -> list[str]:
        axis, keepdims = node.option
        function = {"sum": "sum", "max": "amax"}[node.op]
        return [f"{function}({self.name(node.args[0])}, {axis}, {keepdims}, out={self.name(node)})"]

    def copy(self, source: str, out: str) -> str:
        return f"{out}.copy_({source})"

    def gather(self, x: Array, rows: Array, out: Array) -> None:
        torch.index_select(x, 0, rows, out=out)

    def accumulation(self, node: Node) -> str:
        axis, beta, sign = node.option
        out, *factors = node.args
        names = ", ".join(self.name(one) for one in factors)
        if node.op == "addmm":
            return f"{self.name(out)}.addmm_({names}, beta={beta}, alpha={sign})"
        vector, count = self.array(out).reshape(-1), factors[0].shape[axis]
        if count > _FEW:  # where BLAS, which adds up one by one, would lose digits
            total = self.bind(self.empty(tuple(vector.shape), node.dtype))
            scaled = "" if beta == 1.0 else f".mul_({beta})"
            line = f"sum({names}, {axis}, out={total}); "
            return f"{line}{self.bind(vector)}{scaled}.add_({total}, alpha={sign})"
        ones = self.bind(vector.new_ones(count))  # a sum is a product with them
        vector = self.bind(vector)
        matrix = f"{names}.T" if axis == 0 else names
        return f"{vector}.addmv_({matrix}, {ones}, beta={beta}, alpha={sign})"


@functools.cache
def _aside(device: Any) -> Any:
    """The stream of a device's captures; PyTorch's own is on the device of the first of all."""
    return torch.cuda.Stream(device)


class TorchGraphPlan(GraphedPlan, TorchPlan):
    """The same calls, for some steps as one CUDA graph."""

    def capture(self, do: Callable[..., None]) -> Callable[[], Any]:
        graph, forget = torch.cuda.CUDAGraph(), torch._C._cuda_clearCublasWorkspaces
        here = torch.cuda.current_stream(self._device)
        with torch.cuda.device(self._device), torch.cuda.stream(here):  # also after a failure
            # PyTorch keeps what cuBLAS works in stream by stream, and what one graph brought goes
            # with it, whatever other graph works in it: github.com/pytorch/pytorch/issues/193402.
            forget()
            try:
                # A thread that brings samples may take memory meanwhile.
                with torch.cuda.graph(
                    graph, stream=_aside(self._device), capture_error_mode="thread_local"
                ):
                    do()
            finally:
                forget()
        replay: Callable[[], Any] = graph.replay
        return replay

    def move(self, out: Array, x: Array) -> None:
        out.copy_(x)

    def random(self, node: Node) -> str:
        make = functools.partial(getattr(self._xp, node.op), self.array(node), *node.option[:-1])
        drawn = f"{self.bind(make)}({self.name(node.args[0])}, {node.option[-1]})"
        return self.copy(drawn, self.name(node))


_FEW = 64  # samples
