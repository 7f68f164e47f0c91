"""What is trained: three nets, each in two ways, on seeded data of MNIST's shape."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

__all__ = ["CASES", "HIDDEN_CASES", "SEED", "Case", "from_record", "named"]

SEED = 1
Arrays = list[np.ndarray]


@dataclass(frozen=True)
class Case:
    """A net, and how it is trained: softmax outputs, categorical cross-entropy, float32.

    Parameters
    ----------
    net : str
        Short name of the net.
    sizes : tuple of int
    batch : int
    sigma : {"sigmoid", "relu"}
        Of the hidden layers.
    optimizer : {"sgd", "adam"}
    learning_rate : float
    samples : int
        Of an epoch, which has whole batches only.
    """

    net: str
    sizes: tuple[int, ...]
    batch: int
    sigma: str = "sigmoid"
    optimizer: str = "sgd"
    learning_rate: float = 0.05
    samples: int = 60_000

    @property
    def name(self) -> str:
        """As ``--only`` takes it."""
        return f"{self.net}-{self.optimizer}"

    @property
    def shape(self) -> str:
        """Such as ``784-30-10, batch 10``."""
        return f"{'-'.join(map(str, self.sizes))}, batch {self.batch}"

    @property
    def way(self) -> str:
        """Such as ``sigmoid + SGD``."""
        return f"{self.sigma} + {'SGD' if self.optimizer == 'sgd' else 'Adam'}"

    @property
    def steps(self) -> int:
        """Steps of an epoch."""
        return max(1, self.samples // self.batch)

    @property
    def parameters(self) -> int:
        """How many."""
        return sum((n_in + 1) * n_out for n_in, n_out in pairwise(self.sizes))

    def record(self) -> dict[str, Any]:
        """For JSON; `from_record` reads it."""
        return asdict(self)

    def with_steps(self, steps: int) -> Case:
        """The same case with so many steps an epoch."""
        return replace(self, samples=steps * self.batch)

    def for_check(self, optimizer: str) -> Case:
        """Two steps, so long that what they change stands out from rounding."""
        rate = 1.0 if optimizer == "sgd" else 0.01
        return replace(self, optimizer=optimizer, learning_rate=rate).with_steps(2)

    def data(self) -> tuple[np.ndarray, np.ndarray]:
        """Samples, float32 and four fifths of them zero as MNIST's pixels are, and labels."""
        rng, n = np.random.default_rng(SEED), self.steps * self.batch
        x = rng.random((n, self.sizes[0]), dtype=np.float32)
        x -= np.float32(0.8)
        np.maximum(x, np.float32(0.0), out=x)
        x *= np.float32(5.0)
        return x, (x[:, : self.sizes[-1]]).argmax(axis=1)

    def start(self) -> tuple[Arrays, Arrays]:
        """Weights, (n_l, n_{l-1}) each, and biases, (n_l,) each, float32."""
        rng = np.random.default_rng(SEED + 1)
        gain = 2.0 if self.sigma == "relu" else 1.0
        weights, biases = [], []
        for n_in, n_out in pairwise(self.sizes):
            w = rng.standard_normal((n_out, n_in), dtype=np.float32)
            weights.append(w * np.float32((gain / n_in) ** 0.5))
            biases.append(0.1 * rng.standard_normal(n_out, dtype=np.float32))
        return weights, biases

    def one_hot(self, labels: np.ndarray) -> np.ndarray:
        """Rows of targets, float32."""
        return np.eye(self.sizes[-1], dtype=np.float32)[labels]


def _both(net: str, sizes: tuple[int, ...], batch: int, samples: int) -> list[Case]:
    sgd = Case(net, sizes, batch, samples=samples)
    return [sgd, replace(sgd, sigma="relu", optimizer="adam", learning_rate=1e-4)]


# As many samples as MNIST has, or fewer where an epoch would take long.
CASES = [
    *_both("small", (784, 30, 10), 10, 60_000),
    *_both("middle", (784, 512, 512, 10), 128, 25_600),
    *_both("large", (784, 2048, 2048, 10), 1024, 16_384),
]
# Only where it is asked for by name: the machinery at work in no time.
HIDDEN_CASES = _both("tiny", (20, 8, 4), 5, 40)


def named(pattern: str) -> list[Case]:
    """Cases of a net or way, as ``small``, ``adam`` or ``middle-sgd``.

    Raises
    ------
    ValueError
        If there is none.
    """
    everything = [*CASES, *HIDDEN_CASES]
    found = [case for case in everything if pattern in (case.net, case.optimizer, case.name)]
    found = [case for case in found if case in CASES] or found
    if not found:
        raise ValueError(f"there is no case {pattern!r}: {', '.join(c.name for c in everything)}")
    return found


def from_record(record: dict[str, Any]) -> Case:
    """What `Case.record` wrote."""
    return Case(**{**record, "sizes": tuple(record["sizes"])})
