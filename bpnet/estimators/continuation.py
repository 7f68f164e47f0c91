"""A fitted network that goes on with other settings: activations, dropout, loss, library."""

from __future__ import annotations

from ..network import Network

__all__ = ["continued"]


def continued(before: Network, fresh: Network) -> Network:
    """A network of the settings of ``fresh`` with all that training has changed of ``before``.

    Parameters
    ----------
    before, fresh : Network
        With layers of the same sizes.

    Returns
    -------
    Network
        ``before`` itself where the settings are the same: what it compiled remains of use.
    """
    same = (
        before.model.architecture.layers == fresh.model.architecture.layers
        and before.cost == fresh.cost
        and before.task == fresh.task
        and before.backend == fresh.backend
    )
    if same:
        return before
    *settings, _ = fresh.__getstate__()
    *_, trained = before.__getstate__()
    fresh.__setstate__((*settings, trained))
    return fresh
