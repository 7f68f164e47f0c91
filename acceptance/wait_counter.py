"""How often the host waits for the device."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

from .plan import Target

__all__ = ["counted_waits"]


@contextlib.contextmanager
def counted_waits(target: Target) -> Iterator[Callable[[], int | None]]:
    """Count how often the host waits for the device; None where nothing can count it."""
    library, device = target
    if library == "cupy":
        import cupy

        get, calls = cupy.ndarray.get, []

        def counted(self: Any, *args: Any, **kwargs: Any) -> Any:
            calls.append(1)
            return get(self, *args, **kwargs)

        # All ways to the host lead through it: asnumpy, float, bool, int, item, tolist.
        with mock.patch.object(cupy.ndarray, "get", counted):
            if device.startswith("cuda"):
                float(cupy.zeros(()))
                if len(calls) != 1:
                    raise RuntimeError(f"float(array) was counted {len(calls)} times, not once")
                calls.clear()
            yield lambda: len(calls)
    elif library == "torch" and device.startswith("cuda"):
        import torch

        before = torch.cuda.get_sync_debug_mode()
        torch.cuda.set_sync_debug_mode("warn")
        try:
            with warnings.catch_warnings(record=True) as told:
                warnings.simplefilter("always")
                yield lambda: sum("synchroniz" in str(one.message) for one in told)
        finally:
            torch.cuda.set_sync_debug_mode(before)
    else:
        yield lambda: None
