"""JAX: a run over mini-batches is one compiled loop."""

from __future__ import annotations

import contextlib
import os
from typing import Any

import jax
import jax.numpy as jnp
import jax.scipy.special
import numpy as np

from .availability import Availability
from .base import Backend
from .interop import Array
from .namespaces import Namespace

__all__ = ["JaxBackend"]

# Newer releases have it at the top level only, older ones under `experimental`.
_enable_x64 = jax.enable_x64 if hasattr(jax, "enable_x64") else jax.experimental.enable_x64


def _name(device: Any) -> str:
    kind = {"gpu": "cuda"}.get(device.platform, device.platform)
    return kind if kind == "cpu" and device.id == 0 else f"{kind}:{device.id}"


def _devices() -> dict[str, Any]:
    found = {_name(device): device for device in jax.devices("cpu")}
    for platform in ("cuda", "tpu"):
        with contextlib.suppress(RuntimeError):  # raised where there is none
            found.update({_name(device): device for device in jax.devices(platform)})
    return found


class JaxBackend(Backend):
    """JAX's NumPy, jitted; float64 through a scoped ``enable_x64``."""

    name = "jax"
    target = "bpnet.compiler.targets.jax"
    xp = Namespace(jnp, jax.scipy.special.erf, jax.lax.logistic)

    def __init__(self, device: str, dtype: str) -> None:
        super().__init__(device, dtype)
        self._device = _devices()[device]

    @classmethod
    def probe(cls) -> Availability:
        devices = tuple(_devices())
        lacking = "" if len(devices) > 1 else "this build or machine has no accelerator"
        return Availability(cls.name, jax.__version__, devices, lacking)

    @classmethod
    def device_name(cls, device: Any) -> str:
        return device if isinstance(device, str) else _name(device)

    def why_no_dtype(self, dtype: str) -> str:
        if self.device.startswith("tpu") and dtype == "float64":
            return "TPUs compute in float32"
        return ""

    def why_no_compute_dtype(self, compute_dtype: str) -> str:
        if compute_dtype == "tf32" and not self.device.startswith("cuda"):
            return "only CUDA GPUs have it"
        return ""

    def why_not_deterministic(self) -> str:
        flag = "--xla_gpu_deterministic_ops=true"
        if self.device.startswith("cuda") and flag not in os.environ.get("XLA_FLAGS", ""):
            return f"set XLA_FLAGS={flag} in the environment before Python starts"
        return ""

    def owns(self, x: object) -> bool:
        return isinstance(x, jax.Array)

    def device_of(self, x: Array) -> str:
        return " and ".join(sorted(_name(device) for device in x.devices()))

    def from_host(self, x: np.ndarray[Any, Any], dtype: str) -> Array:
        # Without x64 JAX has no int64; row numbers are int32 then, to the same effect.
        kind = jax.dtypes.canonicalize_dtype(dtype)
        return jax.device_put(np.array(x, dtype=kind, order="C"), self._device)

    def to_numpy(self, x: Array) -> np.ndarray[Any, Any]:
        return np.array(x)

    def all_finite_on_device(self, x: Array) -> Any:
        if self.device.startswith("cpu"):  # NumPy sees the same memory, and compiles nothing
            return bool(np.isfinite(np.asarray(x)).all())
        return super().all_finite_on_device(x)

    def copy(self, x: Array) -> Array:
        return jnp.array(x, copy=True)

    def scope(self) -> contextlib.AbstractContextManager[Any]:
        stack = contextlib.ExitStack()
        stack.enter_context(_enable_x64(self.dtype == "float64"))
        stack.enter_context(jax.default_device(self._device))
        # By default JAX uses TF32 for float32 products on GPUs that have it.
        precision = "tensorfloat32" if self.compute_dtype == "tf32" else "float32"
        stack.enter_context(jax.default_matmul_precision(precision))
        return stack

    def synchronize(self) -> None:
        jax.effects_barrier()
        (jax.device_put(0.0, self._device) + 0.0).block_until_ready()
