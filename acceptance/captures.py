"""Whether steps were captured as CUDA graphs."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

from bpnet.compiler.targets.cuda_graph import GraphedPlan

__all__ = ["recorded_captures"]


@contextlib.contextmanager
def recorded_captures() -> Iterator[Callable[[], set[str]]]:
    """While entered, note the plans that are made.

    Yields
    ------
    callable
        What became of them: "captured", "not yet", or why a capture failed.
    """
    plans: list[GraphedPlan] = []
    begin = GraphedPlan.__init__

    def noted(self: GraphedPlan, *args: Any, **options: Any) -> None:
        begin(self, *args, **options)
        plans.append(self)

    with mock.patch.object(GraphedPlan, "__init__", noted):
        yield lambda: {
            plan.obstacle or ("captured" if plan.captured else "not yet") for plan in plans
        }
