"""bpnet."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from ..cases import SEED, Arrays, Case
from ..clock import now
from .trainer import AbsentError, Trainer

__all__ = ["bpnet"]


def bpnet(
    library: str,
    case: Case,
    x: np.ndarray,
    labels: np.ndarray,
    device: str = "cpu",
    compute_dtype: str | None = None,
) -> Trainer:
    """bpnet through its public ``fit``, with history and without a progress bar."""
    import bpnet

    try:
        net = bpnet.Network(
            case.sizes,
            activations=case.sigma,
            cost="categorical_cross_entropy",
            backend=library,
            device=device,
            dtype="float32",
            compute_dtype=compute_dtype,
            seed=SEED,
        )
    except bpnet.BackendUnavailableError as error:
        raise AbsentError(str(error)) from error
    net.set_parameters(*case.start())
    optimizer = {"sgd": bpnet.SGD, "adam": bpnet.Adam}[case.optimizer](case.learning_rate)
    own_x, own_y = (net.backend.asarray(part) for part in (x, case.one_hot(labels)))

    class Clock(bpnet.Callback):
        def on_fit_begin(self, fit: Any) -> None:
            self.times = [now()]

        def on_epoch_end(self, fit: Any, row: dict[str, Any]) -> None:
            self.times.append(now())

    def epochs(count: int) -> list[float]:
        clock = Clock()
        net.fit(
            own_x,
            own_y,
            epochs=count,
            batch_size=case.batch,
            optimizer=optimizer,
            callbacks=[clock],
            progress=False,
        )
        return [end - start for start, end in pairwise(clock.times)]

    def parameters() -> Arrays:
        return [net.backend.to_numpy(part) for part in (*net.weights, *net.biases)]

    return Trainer(lambda order: epochs(1) and None, parameters, epochs)
