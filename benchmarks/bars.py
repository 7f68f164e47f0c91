"""What bpnet is to reach on a CPU, and whether it does: ratios within one run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from .rounds import Measured

__all__ = ["Bar", "of_peers"]


@dataclass(frozen=True)
class Bar:
    """A limit.

    Parameters
    ----------
    what : str
    measured, limit : float
        It holds where the first is at most the second.
    unit : str, optional
    """

    what: str
    measured: float
    limit: float
    unit: str = ""

    @property
    def holds(self) -> bool:
        return self.measured <= self.limit

    def record(self) -> dict[str, Any]:
        return asdict(self) | {"holds": self.holds}

    def row(self) -> list[str]:
        """For a table."""
        verdict = "holds" if self.holds else "FAILS"
        return [
            self.what,
            f"{self.measured:.3g}{self.unit}",
            f"{self.limit:.3g}{self.unit}",
            verdict,
        ]


# case, peer of bpnet, what it is compared with, at most so many times its time
_LIMITS = [
    ("small-sgd", "bpnet-numpy", "floor", 2.2),
    ("middle-sgd", "bpnet-numpy", "floor", 1.15),
    ("large-sgd", "bpnet-numpy", "floor", 1.06),
    ("small-sgd", "bpnet-numpy", "jax-scan", 1.1),
    ("small-sgd", "bpnet-numpy", "torch-eager", 1 / 7),
    ("small-sgd", "bpnet-numpy", "book", 1 / 15),
    *(
        (f"{net}-{way}", mine, other, limit)
        for mine, other, limit in (
            ("bpnet-jax", "jax-scan", 1.1),
            ("bpnet-torch", "torch-eager", 1.0),
        )
        for net in ("small", "middle", "large")
        for way in ("sgd", "adam")
    ),
]


def of_peers(found: Sequence[Measured]) -> list[Bar]:
    """The bars whose peers were all measured."""
    return list(_of_peers({(one.case, one.peer): one for one in found if one.rounds}))


def _of_peers(found: dict[tuple[str, str], Measured]) -> Iterator[Bar]:
    for case, mine, other, limit in _LIMITS:
        if (case, mine) in found and (case, other) in found:
            ratio = found[case, mine].over(found[case, other])
            yield Bar(f"{case}: {mine} over {other}", ratio, limit)
    sgd, adam = (found.get((f"large-{way}", "bpnet-numpy")) for way in ("sgd", "adam"))
    if sgd and adam:
        yield Bar("large: bpnet-numpy, Adam's step over SGD's", adam.median / sgd.median, 1.3)
