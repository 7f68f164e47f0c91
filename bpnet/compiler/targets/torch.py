"""PyTorch: calls with ``out=``, on a CUDA GPU as graphs."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np
import torch

from ...backends.base import Array, Backend
from ..plain import plain_forward, plain_run
from ..plan import planned, planned_forward
from ..rewriting import accumulate, add_to_products, gate, scale_addends
from ..step import Forward, ForwardRun, Run, Step
from ..trace import ELEMENTWISE, PERHAPS, REWRITTEN, Graph, Node, depends_on_rates, numbers
from .blocking import BlockwisePlan
from .cuda_graph import GraphedPlan

__all__ = ["TorchGraphPlan", "TorchPlan", "compile_forward", "compile_step"]


def compile_step(backend: Backend, step: Step) -> Run:
    """See `bpnet.compiler.compile_step`."""
    plan = TorchGraphPlan if backend.device.startswith("cuda") else TorchPlan
    return planned(backend, step, plan, plain_run(backend, step))


def compile_forward(backend: Backend, forward: Forward) -> ForwardRun:
    """See `bpnet.compiler.compile_forward`."""
    return planned_forward(backend, forward, TorchPlan, plain_forward(backend, forward))


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
