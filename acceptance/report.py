"""Lines of progress on standard output."""

from __future__ import annotations

import time
from typing import Any

__all__ = ["shortened", "tell"]

_BEGAN = time.perf_counter()


def tell(line: str) -> None:
    """Print a line after the seconds since the start."""
    print(f"{time.perf_counter() - _BEGAN:7.1f} s  {line}", flush=True)


def shortened(figure: Any) -> str:
    """A figure, or the end of a long text."""
    text = f"{figure:.3g}" if isinstance(figure, float) else str(figure)
    return text if len(text) < 300 else f"...{text[-300:]}"
