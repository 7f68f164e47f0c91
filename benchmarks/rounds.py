"""All peers through all cases, in interleaved rounds."""

from __future__ import annotations

import math
import statistics
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import Any

from tqdm import tqdm

from . import timing
from .cases import Case
from .children import Child, ChildError, call
from .peers import AbsentError

__all__ = ["Measured", "run"]

# Threads of the child that was measured before may still spin, waiting for more work.
_PAUSE = 0.1


@dataclass
class Measured:
    """What is known of a peer in a case.

    Parameters
    ----------
    case, peer : str
    rounds : list of list of float
        Microseconds a step, of each piece of training of each round.
    differences : dict
        From the reference, by optimizer.
    skipped : str
        Why there are no figures; empty where there are.
    """

    case: str
    peer: str
    rounds: list[list[float]] = field(default_factory=list)
    differences: dict[str, float] = field(default_factory=dict)
    skipped: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.pieces)

    @property
    def quartiles(self) -> tuple[float, float]:
        """The middle half of all pieces lies between them."""
        if len(self.pieces) < 2:
            return self.median, self.median
        low, _, high = statistics.quantiles(self.pieces, n=4, method="inclusive")
        return low, high

    @property
    def best(self) -> float:
        """The quickest piece: what is left where others use the machine too."""
        return min(self.pieces)

    @property
    def pieces(self) -> list[float]:
        return [one for pieces in self.rounds for one in pieces]

    def over(self, other: Measured) -> float:
        """How many times as long as another takes: the median of the rounds' ratios."""
        pairs = zip(self.rounds, other.rounds, strict=True)
        return statistics.median(statistics.median(a) / statistics.median(b) for a, b in pairs)


def run(
    cases: Sequence[Case],
    peers: Sequence[str],
    *,
    rounds: int,
    seconds: float,
    threads: int,
    without: dict[str, str] | None = None,
    limit: float = math.inf,
) -> list[Measured]:
    """Measure every peer in every case, as A B C A B C ...

    Parameters
    ----------
    cases : sequence of Case
    peers : sequence of str
        Keys of `peers.PEERS`.
    rounds : int
    seconds : float
        Of training for a peer in a round; more where an epoch takes longer.
    threads : int
        Of each child.
    without : dict, optional
        Peers to leave out, each with the reason.
    limit : float, optional
        Seconds after which no peer is begun with, and no round but a case's first.
    """
    end = time.monotonic() + limit
    found, without = [], without or {}
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        total = len(cases) * len(peers) * (1 + rounds)
        bar = stack.enter_context(tqdm(total=total, unit="run", dynamic_ncols=True))
        children = {
            peer: stack.enter_context(Child(threads)) for peer in peers if peer not in without
        }
        for case in cases:
            rows = [Measured(case.name, peer, skipped=without.get(peer, "")) for peer in peers]
            bar.set_description(f"{case.name}: agreement")
            if time.monotonic() < end:
                call(threads, timing.write_expected, case.record(), folder)
            _prepare_all(rows, children, case, folder, threads, end, bar)
            for k in range(rounds):
                for row in rows if k == 0 or time.monotonic() < end else []:
                    bar.set_description(f"{case.name}: {row.peer}")
                    if not row.skipped:
                        _measure(row, children[row.peer], seconds)
                    bar.update()
            for child in children.values():
                with suppress(ChildError):  # of a peer that failed already
                    child.call(timing.release)
            found += rows
    return found


def _prepare_all(
    rows: Sequence[Measured],
    children: dict[str, Child],
    case: Case,
    folder: str,
    threads: int,
    end: float,
    bar: tqdm,
) -> None:
    """Some at once, as nothing is timed yet."""

    def prepare(row: Measured) -> None:
        if time.monotonic() > end:
            row.skipped = row.skipped or "the time was up"
        if not row.skipped:
            _prepare(row, children[row.peer], case, folder)

    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(prepare, rows):
            bar.update()


def _prepare(row: Measured, child: Child, case: Case, folder: str) -> None:
    try:
        row.differences = child.call(timing.prepare, row.peer, case.record(), folder)
    except AbsentError as error:
        row.skipped = str(error)
    except ChildError as error:
        row.skipped = f"failed: {_last_line(error)}"
    for optimizer, value in row.differences.items():
        if not value <= timing.LIMITS[optimizer]:
            row.skipped = f"refused: parameters off by {value:.1e} after two steps of {optimizer}"


def _measure(row: Measured, child: Child, seconds: float) -> None:
    time.sleep(_PAUSE)
    try:
        row.rounds.append(child.call(timing.measure, seconds))
    except ChildError as error:
        row.rounds.clear()
        row.skipped = f"failed: {_last_line(error)}"


def _last_line(error: Any) -> str:
    return str(error).strip().splitlines()[-1]
