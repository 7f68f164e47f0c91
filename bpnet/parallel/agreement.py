"""What ranks must have in common."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from typing import Any

from ..backends import Backend
from .communicator import Communicator

__all__ = ["check_equal", "environment"]


def environment(backend: Backend) -> dict[str, Any]:
    """What the bits of a computation depend on, beside what is computed."""
    return {"Python": platform.python_version(), "backend": repr(backend)}


def check_equal(communicator: Communicator, facts: Mapping[str, Any]) -> None:
    """Raise, on every rank alike, if a fact is not the same on all of them.

    Raises
    ------
    ValueError
        The message names the fact, the ranks and both values.
    """
    told = communicator.gather_objects(dict(facts))
    for name in told[0]:
        for rank, theirs in enumerate(told):
            if theirs.get(name) != told[0][name]:
                raise ValueError(
                    f"{name} is {theirs.get(name)!r} on rank {rank} and {told[0][name]!r} on rank "
                    "0: start all ranks alike"
                )
