"""An estimator's ``parallel``: the processes that fit it together."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..parallel import Communicator, communicator_of
from ..parallel.first_rank import of_first_rank
from .optimizers import trains_by_lbfgs
from .places import chosen_backend
from .scikit_learn import check_random_state

__all__ = ["chosen_ranks", "name_of", "random_state_of"]


def chosen_ranks(estimator: Any, X: Any) -> Communicator | None:
    """The ranks that an estimator is to be fitted by; None for this process alone.

    Raises
    ------
    ValueError
        If it trains by L-BFGS.
    ValueError, ImportError, RuntimeError
        As `communicator_of`.
    """
    if estimator.parallel is None:
        return None
    if trains_by_lbfgs(estimator):
        which = "optimizer" if estimator.optimizer is not None else "solver"
        raise ValueError(
            f"parallel={name_of(estimator.parallel)!r} does not go with L-BFGS, which trains in "
            f"one process: set parallel=None, or {which}='adam'"
        )
    backend = chosen_backend(
        X,
        backend=estimator.backend,
        device=estimator.device,
        dtype=estimator.dtype,
        compute_dtype=estimator.compute_dtype,
    )
    return communicator_of(estimator.parallel, backend)


def random_state_of(given: Any, ranks: Communicator | None) -> Any:
    """What draws parameters and the order of samples: of None, the same on all ranks."""
    if given is None and ranks is not None and ranks.size > 1:
        drawn = check_random_state(None)
        given = of_first_rank(ranks, lambda: int(drawn.randint(np.iinfo(np.int32).max)))
    return check_random_state(given)


def name_of(parallel: Any) -> str | None:
    """What can be pickled for an estimator's ``parallel``."""
    return parallel.name if isinstance(parallel, Communicator) else parallel
