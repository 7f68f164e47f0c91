"""PyTorch, on the CPU or whatever accelerator it finds."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import array_api_compat.torch
import numpy as np
import torch

from ._base import Array, Availability, Backend, Forward, Namespace, Step
from ._plan import Plan, planned, planned_forward
from ._record import ELEMENTWISE, Node

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


class TorchBackend(Backend):
    """PyTorch's arrays and products; its autograd is not used."""

    name = "torch"
    xp = Namespace(array_api_compat.torch, torch.erf)

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

    def owns(self, x: object) -> bool:
        return isinstance(x, torch.Tensor)

    def device_of(self, x: Array) -> str:
        return str(x.device)

    def from_host(self, x: np.ndarray[Any, Any], dtype: str) -> Array:
        # A copy, as PyTorch would share memory with, and warn of, a read-only array.
        return torch.from_numpy(np.array(x, dtype=dtype, order="C")).to(self._device)

    def as_own(self, x: Array, name: str, dtype: str) -> Array:
        return super().as_own(x.detach(), name, dtype)

    def to_numpy(self, x: Array) -> np.ndarray[Any, Any]:
        return np.array(x.detach().cpu().numpy())

    def copy(self, x: Array) -> Array:
        return x.clone()

    def scope(self) -> contextlib.AbstractContextManager[Any]:
        quiet: contextlib.AbstractContextManager[Any] = torch.no_grad()
        return quiet

    def compile(self, step: Step) -> Callable[..., tuple[Any, Array | None]]:
        return planned(self, step, TorchPlan, super().compile(step))

    def compile_forward(self, forward: Forward) -> Callable[[Array, Array], Array]:
        return planned_forward(self, forward, TorchPlan, super().compile_forward(forward))

    def synchronize(self) -> None:
        if self._device.type != "cpu":
            torch.accelerator.synchronize(self._device)


class TorchPlan(Plan):
    """Calls with ``out=``, which spare a library of many layers its allocations."""

    functions: ClassVar[dict[str, Callable[..., Any]]] = {
        "mm": torch.mm,
        "sum": torch.sum,
        "amax": torch.amax,
        "index_select": torch.index_select,
        **{name: getattr(torch, name) for name in ELEMENTWISE - {"astype"}},
    }

    def fill(self, cell: Any, value: Any) -> None:
        cell.fill_(float(value))

    def elementwise(self, node: Node, arguments: Sequence[str], out: str) -> list[str]:
        if node.op == "astype":
            return [self.copy(arguments[0], out)]
        return [f"{node.op}({', '.join(arguments)}, out={out})"]

    def matmul(self, left: str, right: str, out: str) -> str:
        return f"mm({left}, {right}, out={out})"

    def reduction(self, node: Node) -> str:
        axis, keepdims = node.option
        function = {"sum": "sum", "max": "amax"}[node.op]
        return f"{function}({self.name(node.args[0])}, {axis}, {keepdims}, out={self.name(node)})"

    def copy(self, source: str, out: str) -> str:
        return f"{out}.copy_({source})"

    def gather(self) -> str:
        return "index_select(x, 0, rows, out=x_k)"
