"""The CUDA code of a kernel, for arrays of given shapes and strides."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from .placed_array import PlacedArray, placed_array
from .rowwise import ROW_LOOP
from .source import KernelSource
from .types import BFLOAT16_CONVERSIONS

__all__ = ["KERNEL_NAME", "THREADS", "cuda_code"]

KERNEL_NAME = "bpnet_chain"
THREADS = 128  # of a block

# From so many elements on a thread computes several, whose loads are under way together.
_MANY, _EACH = 2**18, 4


def cuda_code(
    source: KernelSource, shapes: Sequence[tuple[int, ...]], strides: Sequence[tuple[int, ...]]
) -> tuple[str, int]:
    """The code of a kernel, and the number of blocks of `THREADS` threads to launch.

    Parameters
    ----------
    source : KernelSource
    shapes, strides : sequence of tuple of int
        Of inputs, then outputs; strides in elements. Inputs are broadcast to the outputs.

    Raises
    ------
    ValueError
        If an output has another shape than the broadcast inputs.
    """
    whole = np.broadcast_shapes(*shapes)
    for own in shapes[len(source.inputs) :]:
        if own != whole and not (source.rowwise and own == (*whole[:-1], 1)):
            raise ValueError(f"a result of shape {own} cannot hold values of shape {whole}")
    names = [f"in{k}" for k in range(len(source.inputs))]
    names += [f"out{k}" for k in range(len(source.outputs))]
    dtypes = (*source.inputs, *source.outputs)
    arrays = [
        placed_array(*array, len(whole))
        for array in zip(dtypes, names, shapes, strides, strict=True)
    ]
    reads, writes = arrays[: len(source.inputs)], arrays[len(source.inputs) :]
    parameters = [f"const {one.stored} *{one.pointer}" for one in reads]
    parameters += [f"{one.stored} *{one.pointer}" for one in writes]
    threads = 32 * whole[0] if source.rowwise else math.prod(whole)
    furthest = max(one.reach for one in arrays)
    index = "int" if max(furthest, threads) < 2**30 else "long long"
    statements = _by_rows if source.rowwise else _by_elements
    lines, blocks = statements(source.body, whole, reads, writes, index)
    head = f'extern "C" __global__ void __launch_bounds__({THREADS}) {KERNEL_NAME}'
    if any(one.is_converted for one in arrays):
        lines.insert(0, BFLOAT16_CONVERSIONS)
    return "\n".join([f"{head}({', '.join(parameters)})", "{", *lines, "}", ""]), blocks


def _by_elements(
    body: str,
    shape: tuple[int, ...],
    reads: list[PlacedArray],
    writes: list[PlacedArray],
    index: str,
) -> tuple[list[str], int]:
    """Statements of a thread that computes some elements, and the number of blocks."""
    size = math.prod(shape)
    each = _EACH if size >= _MANY else 1
    loop = (
        f"#pragma unroll\nfor (int e = 0; e < {each}; ++e) "
        f"if (const {index} i = first + e * {THREADS}; i < {size})"
    )
    lines = [
        f"const {index} first = ({index})blockIdx.x * {each * THREADS} + threadIdx.x;",
        *(f"{one.stored} all_{one.name}[{each}];" for one in reads),
        f"{loop} {{",
        *(f"all_{one.name}[e] = {one.element(shape)};" for one in reads),
        "}",
        f"{loop} {{",
        *(f"const {one.computed} {one.name} = {one.read(f'all_{one.name}[e]')};" for one in reads),
        *(f"{one.computed} {one.name};" for one in writes),
        body,
        *(f"{one.element(shape)} = {one.written(one.name)};" for one in writes),
        "}",
    ]
    return lines, -(-size // (each * THREADS))


def _by_rows(
    body: str,
    shape: tuple[int, ...],
    reads: list[PlacedArray],
    writes: list[PlacedArray],
    index: str,
) -> tuple[list[str], int]:
    """Statements of a warp that computes a row, and the number of blocks."""
    m, n = shape

    def place(one: PlacedArray) -> str:
        row, column = one.strides
        return f"{one.pointer}[row * {row} + column * {column}]"

    lines = [
        "#ifndef LANES",
        "#define LANES 32",
        "#endif",
        f"#define EACH (({n} + LANES - 1) / LANES)",
        "const int lane = threadIdx.x % LANES;",
        f"const {index} row = (({index})blockIdx.x * {THREADS} + threadIdx.x) / LANES;",
        f"if (row >= {m}) return;",
    ]
    for one in reads:
        lines.append(f"{one.computed} {one.name}[EACH] = {{}};")
        lines.append(f"{ROW_LOOP} if (column < {n}) {one.name}[e] = {one.read(place(one))};")
    lines += [f"{one.computed} {one.name}[EACH];" for one in writes]
    lines.append(body)
    for one in writes:
        last = 1 if one.shape[1] == 1 else n
        value = one.written(f"{one.name}[e]")
        lines.append(f"{ROW_LOOP} if (column < {last}) {place(one)} = {value};")
    return lines, -(-m * 32 // THREADS)
