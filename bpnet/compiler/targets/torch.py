"""PyTorch: calls with ``out=``, on a CUDA GPU as graphs."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import torch

from ...backends import Array, Backend
from ..emit import Emitter, Program
from ..ir import FUNCTIONS, OPTIONAL, Graph, Node, Pass
from ..memory import Library, Memory, Numbers
from ..passes import accumulate, add_to_products, fold_scale, gate, scale_addends, widen
from ..runner import Runner
from ..scalars import constant, depends_on_rates
from ..schedule import Group
from ..target import PlanningTarget
from .blocking import chain_lines, is_large
from .cuda_graph import Capture, DeviceNumbers, graph_runner

__all__ = ["TorchCapture", "TorchEmitter", "TorchGraphTarget", "TorchLibrary", "TorchTarget"]

FEW = 64
"""Most samples for which a sum is a product with ones: BLAS, which adds one by one, loses digits
with more."""


class TorchTarget(PlanningTarget):
    """Calls with ``out=``, which spare a library of many layers its allocations.

    PyTorch shares out among its threads what has 2**15 entries for each.
    """

    has = OPTIONAL
    by_blocks = True
    block = 2**16 * torch.get_num_threads()
    """As of `blocking.is_large`."""
    host_rates = True
    """Whether rates are on the host when the calls are made."""

    def chosen(self, backend: Backend) -> PlanningTarget:
        return TorchGraphTarget() if backend.device.startswith("cuda") else self

    def passes(self, backend: Backend, graph: Graph) -> Sequence[Pass]:
        # A call takes Python numbers, not numbers on the device.
        rates = self.host_rates and backend.device == "cpu"
        scaled = functools.partial(scale_addends, rates=rates)
        return [widen, fold_scale, accumulate, add_to_products, gate, scaled]

    def library(self, backend: Backend, device: Any) -> Library:
        return TorchLibrary(backend, device)

    def emitter(
        self, backend: Backend, program: Program, memory: Memory, numbers: Numbers
    ) -> Emitter:
        return TorchEmitter(program, memory, numbers, self.block)

    def is_chained(self, backend: Backend, moving: dict[Node, str], node: Node) -> bool:
        return backend.device == "cpu" and is_large(node, self.block, moving)


class TorchLibrary(Library):
    """PyTorch's arrays."""

    def fill(self, cell: Any, value: Any) -> None:
        (cell.fill if isinstance(cell, np.ndarray) else cell.fill_)(float(value))

    def gather(self, x: Array, rows: Array, out: Array) -> None:
        torch.index_select(x, 0, rows, out=out)


class TorchEmitter(Emitter):
    """Writes PyTorch's calls.

    Parameters
    ----------
    program, memory, numbers
        As of `Emitter`.
    block : int
        Entries of a block of a chain.
    """

    functions: ClassVar[Mapping[str, Callable[..., Any]]] = {
        "mm": torch.mm,
        "addcdiv": torch.addcdiv,
        "addmm": torch.addmm,
        "gate": torch.ops.aten.threshold_backward.grad_input,
        "sum": torch.sum,
        "amax": torch.amax,
        **{name: getattr(torch, name) for name in (*FUNCTIONS, *sorted(OPTIONAL))},
        "equal": torch.eq,  # `torch.equal` compares whole arrays
    }

    def __init__(self, program: Program, memory: Memory, numbers: Numbers, block: int) -> None:
        super().__init__(program, memory, numbers)
        self._block = block

    def chain(self, group: Group) -> list[str]:
        return chain_lines(self, group, self._block)

    def elementwise(self, node: Node, arguments: Sequence[str], out: str) -> list[str]:
        if node.op == "astype":
            return [self.copy(arguments[0], out)]
        if node.op == "gate":
            return [f"gate({', '.join(arguments)}, 0, grad_input={out})"]
        if node.op in ("addscaled", "addquotient"):
            given, number = ", ".join(arguments), self._number(node.args[-1])
            if node.op == "addscaled":
                return [f"add({given}, alpha={number}, out={out})"]
            return [f"addcdiv({given}, value={number}, out={out})"]
        return [f"{node.op}({', '.join(arguments)}, out={out})"]

    def _number(self, node: Node) -> str:
        """A Python number as an argument of a call."""
        if not depends_on_rates(node):
            return repr(constant(node))
        cell = np.zeros(())
        self.numbers.keep(node, cell)
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

    def accumulation(self, node: Node) -> str:
        axis, beta, sign = node.option
        out, *factors = node.args
        names = ", ".join(self.name(one) for one in factors)
        if node.op == "addmm":
            return f"{self.name(out)}.addmm_({names}, beta={beta}, alpha={sign})"
        vector, count = self.memory[out].reshape(-1), factors[0].shape[axis]
        if count > FEW:
            total = self.bind(self.library.empty(tuple(vector.shape), node.dtype))
            scaled = "" if beta == 1.0 else f".mul_({beta})"
            line = f"sum({names}, {axis}, out={total}); "
            return f"{line}{self.bind(vector)}{scaled}.add_({total}, alpha={sign})"
        ones = self.bind(vector.new_ones(count))  # a sum is a product with them
        vector = self.bind(vector)
        matrix = f"{names}.T" if axis == 0 else names
        return f"{vector}.addmv_({matrix}, {ones}, beta={beta}, alpha={sign})"


# ------------------------------------------------------------------ on a GPU


class TorchGraphTarget(TorchTarget):
    """The same calls, for some steps as one CUDA graph."""

    gathered, most_ahead = 2**24, 32
    host_rates = False
    numbers = DeviceNumbers

    def chosen(self, backend: Backend) -> PlanningTarget:
        return self

    def emitter(
        self, backend: Backend, program: Program, memory: Memory, numbers: Numbers
    ) -> Emitter:
        return TorchGraphEmitter(program, memory, numbers, self.block)

    def runner(
        self, backend: Backend, emitter: Emitter, body: list[str], room: Array
    ) -> tuple[str, Runner]:
        return graph_runner(emitter, body, room, self.capture(emitter.library.device))

    def capture(self, device: Any) -> Capture:
        """The capture of a plan's steps."""
        return TorchCapture(device)


class TorchGraphEmitter(TorchEmitter):
    """Writes PyTorch's calls with keys of masks on the device."""

    def random(self, node: Node) -> str:
        drawn = f"{self.drawing(node)}({self.name(node.args[0])}, {node.option[-1]})"
        return self.copy(drawn, self.name(node))


class TorchCapture(Capture):
    """Captures by `torch.cuda.graph`.

    Parameters
    ----------
    device : torch.device
    """

    def __init__(self, device: Any) -> None:
        self._device = device

    def move(self, out: Array, x: Array) -> None:
        out.copy_(x)

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
                    graph, stream=stream_aside(self._device), capture_error_mode="thread_local"
                ):
                    do()
            finally:
                forget()
        replay: Callable[[], Any] = graph.replay
        return replay


@functools.cache
def stream_aside(device: Any) -> Any:
    """The stream for captures on a device; PyTorch's default one is bound to one device."""
    return torch.cuda.Stream(device)
