"""PyTorch, on the CPU or whatever accelerator it finds."""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Iterator
from typing import Any

import array_api_compat.torch
import numpy as np
import torch

from .availability import Availability
from .base import Backend
from .interop import Array
from .namespaces import Namespace
from .torch_uploads import TorchUploads, uploads_here
from .uploads import Uploads

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
    """Allow products of float32 matrices to use TF32, or forbid it, within this context."""
    before = torch.backends.cuda.matmul.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = allowed
    try:
        yield
    finally:
        torch.backends.cuda.matmul.allow_tf32 = before


@contextlib.contextmanager
def _same_bits() -> Iterator[None]:
    """Use deterministic algorithms within this context."""
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before)


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class TorchBackend(Backend):
    """PyTorch's arrays and products; its autograd is not used."""

    name = "torch"
    target = "bpnet.compiler.targets.torch:TorchTarget"
    xp = Namespace(array_api_compat.torch, torch.erf, torch.sigmoid)

    def __init__(self, device: str, dtype: str) -> None:
        super().__init__(device, dtype)
        self._device = torch.device(device)

    @classmethod
    def probe(cls) -> Availability:
        devices = _devices()
        lacking = "" if len(devices) > 1 else "this build or machine has no accelerator"
        return Availability(cls.name, torch.__version__, devices, lacking)

    def why_no_dtype(self, dtype: str) -> str:
        if self.device == "mps" and dtype == "float64":
            return "Apple's GPUs compute in float32 only"
        return ""

    def why_no_compute_dtype(self, compute_dtype: str) -> str:
        if compute_dtype == "tf32" and self._device.type != "cuda":
            return "only CUDA GPUs have it"
        return ""

    def one_thread(self) -> contextlib.AbstractContextManager[Any]:
        return _one_thread()

    def why_not_deterministic(self) -> str:
        if self._device.type == "cuda" and "CUBLAS_WORKSPACE_CONFIG" not in os.environ:
            return "set CUBLAS_WORKSPACE_CONFIG=:4096:8 in the environment before Python starts"
        return ""

    def owns(self, x: object) -> bool:
        return isinstance(x, torch.Tensor)

    def device_of(self, x: Array) -> str:
        return str(x.device)

    def from_host(self, x: np.ndarray[Any, Any], dtype: str) -> Array:
        beside = self._device.type == "cuda" and uploads_here(self._device)
        if beside and x.dtype == dtype and x.flags.c_contiguous and x.flags.writeable:
            own = torch.from_numpy(x)
            if own.is_pinned():  # by `TorchUploads.host_bytes`, and kept until it is copied
                return own.to(self._device, non_blocking=True)
        # A copy from pinned memory is not waited for; large arrays get no pinned copy of their own.
        if beside or (self._device.type == "cuda" and x.nbytes <= 2**22):
            pinned = torch.empty(x.shape, dtype=getattr(torch, dtype), pin_memory=True)
            pinned.numpy()[...] = x
            return pinned.to(self._device, non_blocking=True)
        # A copy, as PyTorch would share memory with, and warn of, a read-only array.
        return torch.from_numpy(np.array(x, dtype=dtype, order="C")).to(self._device)

    def to_dtype(self, x: Array, name: str, dtype: str) -> Array:
        if x.layout != torch.strided or x.is_nested:
            kind = "nested" if x.is_nested else "sparse"
            way = "torch.nested.to_padded_tensor" if x.is_nested else "to_dense()"
            raise TypeError(f"{name} is a {kind} tensor: one without gaps is needed, by {way}")
        return super().to_dtype(x.detach(), name, dtype)

    def to_numpy(self, x: Array) -> np.ndarray[Any, Any]:
        return np.array(x.detach().cpu().numpy())

    def all_finite_on_device(self, x: Array) -> Any:
        if self._device.type == "cpu" and x.is_floating_point() and x.is_contiguous():
            flat = x.view(-1)
            if math.isfinite(torch.dot(flat, flat).item()):  # as NumPy's backend does it
                return True
        return super().all_finite_on_device(x)

    def copy(self, x: Array) -> Array:
        return x.clone()

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

    def uploads(self) -> Uploads:
        if self._device.type != "cuda":
            return super().uploads()
        return TorchUploads(self.scope, self._device)

    def synchronize(self) -> None:
        if self._device.type != "cpu":
            torch.accelerator.synchronize(self._device)
