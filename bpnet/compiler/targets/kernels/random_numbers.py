"""Kernels of dropout masks and normal numbers: the same bits as `bpnet.backends.counter_random`."""

from __future__ import annotations

import math
from typing import Any

from ....backends.counter_random import FIRST, SECOND, UNIT
from .source import KernelSource
from .types import COMPUTED

__all__ = ["random_source"]


def random_source(op: str, option: tuple[Any, ...], dtype: str) -> KernelSource:
    """A kernel for a mask or for normal numbers; see `Namespace`.

    Its inputs are the key, the numbers of the samples, (m, 1), and those of the units, (1, n).

    Parameters
    ----------
    op : {"keep_mask", "normal"}
    option : tuple
        For a mask the probability; then the number of the first sample.
    dtype : str
    """
    ctype, (*rest, first) = COMPUTED[dtype], option
    body = [
        "auto mix = [](unsigned int w) { w ^= w >> 16; "
        f"w *= {FIRST:#x}u; w ^= w >> 15; w *= {SECOND:#x}u; return w ^ (w >> 16); }};",
        "const unsigned int own = (unsigned int)in0, sample = in1, unit = in2;",
        "auto bits = [&](unsigned int own) { "
        f"unsigned int row = mix((sample + {first}u) ^ own), column = mix(unit ^ mix(~own)); "
        "return mix(row ^ column) >> 8; };",
    ]
    if op == "keep_mask":
        (probability,) = rest
        kept = f"bits(own) < {round(probability * 2**24)}u"
        body.append(f"out0 = {kept} ? {ctype}({1.0 / probability!r}) : {ctype}(0);")
    else:
        body += [
            f"{ctype} radius = {ctype}(bits(own)) * {ctype}({UNIT!r}) + {ctype}({0.5 * UNIT!r});",
            f"{ctype} angle = {ctype}(bits(own ^ {SECOND:#x}u)) * {ctype}({UNIT!r});",
            f"out0 = sqrt({ctype}(-2) * log(radius)) * cos({ctype}({2.0 * math.pi!r}) * angle);",
        ]
    return KernelSource(("int64", "uint32", "uint32"), (dtype,), "\n".join(body))
