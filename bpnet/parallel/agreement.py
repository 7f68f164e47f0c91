"""What ranks must have in common for the same bits, checked before they train."""

from __future__ import annotations

import os
import platform
import sys
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .._lib.wording import count, shown
from ..backends import Backend
from ..compiler.targets.blas import core, threads
from .communicator import Communicator
from .heartbeat import host_identity
from .printed_once import printed_once

__all__ = ["check_equal", "environment", "warn_of_threads"]

_ABSENT = object()


def environment(backend: Backend) -> dict[str, Any]:
    """What the bits of a computation depend on, beside what is computed.

    Versions of Python, bpnet, NumPy and the backend's library; the threads of BLAS, and the kind of
    core that OpenBLAS computes for.
    """
    facts = {
        "Python": platform.python_version(),
        "bpnet": sys.modules[__name__.partition(".")[0]].__version__,
        "NumPy": np.__version__,
        "backend": repr(backend),
        backend.name: backend.probe().version,
        "the number of BLAS threads": threads(),
        "OpenBLAS's kind of core": core(),
    }
    torch = sys.modules.get("torch")
    if torch is not None and backend.owns(torch.empty(0)):
        facts["the number of PyTorch's threads"] = torch.get_num_threads()
    return facts


def check_equal(communicator: Communicator, facts: Mapping[str, Any]) -> None:
    """Raise, on every rank alike, if a fact is not the same on all of them.

    Parameters
    ----------
    communicator : Communicator
    facts : mapping
        By what messages call them: values that can be pickled, compared and shown.

    Raises
    ------
    ValueError
        The message names the first such fact, the ranks and both values. Uncaught, rank 0 alone
        prints it.
    """
    told = communicator.gather_objects(dict(facts))
    names = dict.fromkeys(name for theirs in told for name in theirs)
    for name in names:
        values = [theirs.get(name, _ABSENT) for theirs in told]
        if not all(_same(value, values[0]) for value in values):
            with printed_once(communicator.rank):
                raise ValueError(f"ranks must agree on {name}: {_by_value(values)}")


def warn_of_threads(communicator: Communicator) -> None:
    """Rank 0 warns if the ranks of one host have more BLAS threads than it has cores."""
    places = communicator.gather_objects(_place())
    if communicator.rank == 0:
        _warn_of_threads(places)


def _same(one: Any, other: Any) -> bool:
    if one is _ABSENT or other is _ABSENT:
        return one is other
    if isinstance(one, float) and isinstance(other, float) and one != one:
        return other != other
    return bool(np.all(one == other)) if type(one) is type(other) else False


def _by_value(values: Sequence[Any]) -> str:
    """``"1 on rank 0, 2 on ranks 1 and 3"``."""
    groups: list[tuple[Any, list[int]]] = []
    for rank, value in enumerate(values):
        found = next((ranks for other, ranks in groups if _same(value, other)), None)
        if found is None:
            groups.append((value, [rank]))
        else:
            found.append(rank)
    return ", ".join(
        f"{'absent' if value is _ABSENT else shown(value)} on {_ranks(ranks)}"
        for value, ranks in groups
    )


def _ranks(ranks: Sequence[int]) -> str:
    *most, last = map(str, ranks)
    return f"ranks {', '.join(most)} and {last}" if most else f"rank {last}"


def _place() -> tuple[str, frozenset[int], int]:
    """This rank's host, the cores that it may use, and its BLAS threads."""
    if hasattr(os, "sched_getaffinity"):
        cores = frozenset(os.sched_getaffinity(0))
    else:
        cores = frozenset(range(os.cpu_count() or 1))
    return host_identity(), cores, threads()


def _warn_of_threads(places: Sequence[tuple[str, frozenset[int], int]]) -> None:
    for host in dict.fromkeys(host for host, _, _ in places):
        here = [(cores, each) for one, cores, each in places if one == host]
        cores = len(frozenset().union(*(mine for mine, _ in here)))
        each = max(each for _, each in here)
        if len(here) > 1 and sum(each for _, each in here) > cores:
            way = f"OPENBLAS_NUM_THREADS={max(1, cores // len(here))} in the environment"
            warnings.warn(
                f"{count(len(here), 'rank')} with {count(each, 'BLAS thread')} each share "
                f"{count(cores, 'core')} of host {host.split()[0]}, and slow each other down: "
                + (f"set {way}" if each > 1 else f"start {count(cores, 'rank')} at most"),
                stacklevel=3,
            )
            return
