"""Many fits one after another, in this process, with one BLAS thread as a worker has."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..compiler.targets.blas import one_thread
from ..network import Network
from ..training.interrupt import Interrupt
from .one_fit import Outcome, Work, train
from .which import Which

__all__ = ["train_here"]


def train_here(
    work: Work,
    fits: Sequence[Which],
    make: Callable[[int], Network],
    *,
    epochs: int,
    show: Callable[[int], None],
) -> tuple[dict[int, Outcome], bool]:
    """Train all networks; parameters, result and errors as of `train_in_processes`."""
    outcomes: dict[int, Outcome] = {}
    with Interrupt() as interrupted:
        for k, which in enumerate(fits):
            net = make(which.seed)

            def tell(done: int, before: int = k * epochs) -> None:
                show(before + done)

            try:
                with one_thread(), net.backend.one_thread():
                    found = train(work, which, net, tell=tell, stopped=interrupted)
            except Exception as error:
                error.add_note(f"in the fit of {which}")
                raise
            if interrupted():
                break
            assert isinstance(found, Outcome)
            outcomes[k] = found
            show((k + 1) * epochs)
    return outcomes, len(outcomes) < len(fits)
