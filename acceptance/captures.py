"""Whether steps were captured as CUDA graphs."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from unittest import mock

from bpnet.compiler.targets.cuda_graph import GraphRunner

__all__ = ["recorded_captures"]


@contextlib.contextmanager
def recorded_captures() -> Iterator[Callable[[], set[str]]]:
    """While entered, note how the blocks of steps are run.

    Yields
    ------
    callable
        What became of them: "captured", "not yet", or why a capture failed.
    """
    runners: list[GraphRunner] = []
    do = GraphRunner.do

    def noted(self: GraphRunner, count: int) -> None:
        do(self, count)
        runners.append(self)

    with mock.patch.object(GraphRunner, "do", noted):
        yield lambda: {
            one.obstacle or ("captured" if one.captured else "not yet") for one in runners
        }
