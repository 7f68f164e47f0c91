"""How C names the types of array elements, and how it writes numbers."""

from __future__ import annotations

import math

__all__ = ["BFLOAT16_CONVERSIONS", "COMPUTED", "STORED", "literal"]

STORED = {
    "float32": "float",
    "float64": "double",
    "bool": "bool",
    "int64": "long long",
    "uint32": "unsigned int",
    "bfloat16": "unsigned short",
}
"""Type of an element in memory."""

COMPUTED = {**STORED, "bfloat16": "float"}
"""Type that a thread computes in: bfloat16 is rounded, half to even, only where it is written."""

BFLOAT16_CONVERSIONS = """\
auto wide = [](unsigned short x) {
union { unsigned int bits; float value; } w; w.bits = (unsigned int)x << 16; return w.value; };
auto narrow = [](float x) -> unsigned short {
union { float value; unsigned int bits; } w; w.value = x;
return x != x ? 0x7fc0u : (w.bits + 0x7fffu + (w.bits >> 16 & 1u)) >> 16; };\
"""


def literal(value: float, ctype: str) -> str:
    """A number as an expression of a C type."""
    if math.isfinite(value):
        return f"{ctype}({value!r})"
    # NVRTC reads no header, so it has no names for infinity and not-a-number.
    zero, one = f"{ctype}(0)", f"{ctype}(1)"
    return f"({zero} / {zero})" if math.isnan(value) else f"({'-' * (value < 0)}{one} / {zero})"
