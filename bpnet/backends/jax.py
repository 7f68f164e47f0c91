"""JAX: a run over mini-batches is one compiled loop."""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import jax.scipy.special
import numpy as np

from ._base import Array, Availability, Backend, Namespace, Step
from ._record import UnplannableError, record
from ._segments import SegmentNamespace, Segments, boundaries

__all__ = ["JaxBackend"]

# Newer releases have it at the top only, older ones below `experimental`.
_enable_x64 = jax.enable_x64 if hasattr(jax, "enable_x64") else jax.experimental.enable_x64


def _name(device: Any) -> str:
    kind = {"gpu": "cuda"}.get(device.platform, device.platform)
    return kind if kind == "cpu" and device.id == 0 else f"{kind}:{device.id}"


def _devices() -> dict[str, Any]:
    found = {_name(device): device for device in jax.devices("cpu")}
    for platform in ("cuda", "tpu"):
        with contextlib.suppress(RuntimeError):  # what JAX says where there is none
            found.update({_name(device): device for device in jax.devices(platform)})
    return found


class JaxBackend(Backend):
    """JAX's NumPy, jitted; float64 through a scoped ``enable_x64``."""

    name = "jax"
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
    def lacks_dtype(cls, device: str, dtype: str) -> str:
        if device.startswith("tpu") and dtype == "float64":
            return "TPUs compute in float32"
        return ""

    def lacks_compute(self, compute_dtype: str) -> str:
        if compute_dtype == "tf32" and not self.device.startswith("cuda"):
            return "only CUDA GPUs have it"
        return ""

    def lacks_determinism(self) -> str:
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

    def copy(self, x: Array) -> Array:
        return jnp.array(x, copy=True)

    def scope(self) -> contextlib.AbstractContextManager[Any]:
        stack = contextlib.ExitStack()
        stack.enter_context(_enable_x64(self.dtype == "float64"))
        stack.enter_context(jax.default_device(self._device))
        # JAX would take TF32 for products in float32 on GPUs that have it.
        precision = "tensorfloat32" if self.compute_dtype == "tf32" else "float32"
        stack.enter_context(jax.default_matmul_precision(precision))
        return stack

    def compile(self, step: Step) -> Callable[..., tuple[Any, Array | None]]:
        def loop(
            cut: tuple[int, ...],
            state: Any,
            x: Array,
            y: Array,
            order: Array,
            rates: Array,
            keys: Array,
            is_key: tuple[bool, ...],
            n: Array,
        ) -> Any:
            xp = SegmentNamespace(self.xp) if cut else self.xp

            def do(k: Any, state: Any) -> Any:
                x_k, y_k = jnp.take(x, order[k], axis=0), jnp.take(y, order[k], axis=0)
                numbers, whole = iter(rates[k]), iter(keys[k])
                given = tuple(next(whole if one else numbers) for one in is_key)
                return step(xp, state, x_k, y_k, given)

            def body(k: Array, carried: Any) -> Any:
                state, outputs = carried
                state, z = do(k, state)
                return state, outputs.at[k].set(z)

            state = _cut(state, cut)
            z = jax.eval_shape(functools.partial(do, 0), state)[1]
            outputs = jnp.zeros((order.shape[0], *z.shape), dtype=z.dtype)
            state, outputs = jax.lax.fori_loop(0, n, body, (state, outputs))
            return _join(state), outputs

        # The state is donated, so that it is changed in place; a state that is not this run's own
        # is copied first. One compilation serves every number of steps up to the longest yet seen.
        jitted = jax.jit(loop, static_argnums=(0, 7), donate_argnums=1)
        capacity: dict[int, int] = {}
        cuts: tuple[int, ...] | None = None
        own: Any = None

        def run(
            state: Any,
            x: Array,
            y: Array,
            order: np.ndarray[Any, Any],
            rates: Sequence[tuple[float, ...]],
            stop: Callable[[], bool] | None = None,
        ) -> tuple[Any, Array | None]:
            nonlocal own, cuts
            steps, size = order.shape
            if steps == 0 or (stop is not None and stop()):
                return state, None
            room = capacity[size] = max(steps, capacity.get(size, 0))
            is_key = tuple(isinstance(one, int) for one in rates[0])
            table = np.asarray(rates, dtype=np.float64).reshape(steps, -1)  # exact for keys, too

            def moved(rows: np.ndarray[Any, Any], dtype: str) -> Array:
                padded = np.zeros((room, rows.shape[1]), dtype)
                padded[:steps] = rows
                return self.from_host(padded, dtype)

            keys = moved(table[:, np.flatnonzero(is_key)], "int32")
            numbers = moved(table[:, np.flatnonzero(np.logical_not(is_key))], self.dtype)
            if cuts is None:
                x_shape, y_shape = (size, *x.shape[1:]), (size, *y.shape[1:])
                cuts = _cuts(step, self.dtype, state, x_shape, y_shape, rates[0])
            if state is not own:
                state = jax.tree.map(self.copy, state)
            batches = moved(order, "int32")
            own, outputs = jitted(cuts, state, x, y, batches, numbers, keys, is_key, steps)
            return own, outputs[:steps]

        return run

    def synchronize(self) -> None:
        jax.effects_barrier()
        (jax.device_put(0.0, self._device) + 0.0).block_until_ready()


def _cuts(
    step: Step,
    dtype: str,
    state: Any,
    x_shape: tuple[int, ...],
    y_shape: tuple[int, ...],
    rates: Sequence[float],
) -> tuple[int, ...]:
    """Where a step cuts its vectors; empty where it does what is better left to one vector."""
    try:
        graph, _ = record(step, dtype, state, x_shape, y_shape, rates)
    except UnplannableError:
        return ()
    cuts, kind = tuple(boundaries(graph)), jnp.dtype(dtype)

    def once(state: Any, x: Array, y: Array, numbers: list[Array]) -> Any:
        after, _ = step(SegmentNamespace(JaxBackend.xp), _cut(state, cuts), x, y, numbers)
        return after, _cut(state, cuts)

    x, y = (jax.ShapeDtypeStruct(shape, kind) for shape in (x_shape, y_shape))
    numbers = [
        jax.ShapeDtypeStruct((), jnp.int32 if isinstance(one, int) else kind) for one in rates
    ]
    try:
        after, before = jax.eval_shape(once, state, x, y, numbers)
    except (TypeError, AttributeError):  # what pieces cannot do
        return ()
    return cuts if _shapes(after) == _shapes(before) else ()


def _shapes(state: Any) -> Any:
    leaves, structure = jax.tree.flatten(state)
    return structure, [(leaf.shape, leaf.dtype) for leaf in leaves]


def _cut(state: Any, cuts: tuple[int, ...]) -> Any:
    if not cuts:
        return state
    return jax.tree.map(
        lambda v: (
            Segments([v[start:stop] for start, stop in itertools.pairwise(cuts)])
            if v.shape[0] == cuts[-1]
            else v  # of another kind than theta and its likes
        ),
        state,
    )


def _join(state: Any) -> Any:
    return jax.tree.map(
        lambda v: jnp.concatenate(v.pieces) if isinstance(v, Segments) else v,
        state,
        is_leaf=lambda v: isinstance(v, Segments),
    )


jax.tree_util.register_pytree_node(
    Segments, lambda v: (v.pieces, None), lambda _, pieces: Segments(pieces)
)
