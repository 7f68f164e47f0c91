"""The clock of all timings.

Wall time as a rule. Where others use the machine too, the processor time of one thread is what the
same work would have taken alone, but for what others do to the caches.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

__all__ = ["VARIABLE", "now", "seconds_of"]

VARIABLE = "BPNET_BENCHMARKS_CLOCK"
"""In the environment of children; ``wall`` or ``cpu``."""

now = time.process_time if os.environ.get(VARIABLE) == "cpu" else time.perf_counter


def seconds_of(do: Callable[[], object]) -> float:
    """What a call takes."""
    began = now()
    do()
    return now() - began
