"""A fitted network that goes on with other settings: activations, dropout, loss, library."""

from __future__ import annotations

from typing import NamedTuple

from ..activations import Activation
from ..costs import Cost
from ..network import Network

__all__ = ["Settings", "continued"]


class Settings(NamedTuple):
    """What an estimator's parameters make of a network, beside the sizes of its layers.

    Parameters
    ----------
    activations : tuple of Activation
        Of each layer after the input.
    dropout : list of float
        Of each hidden layer.
    cost : Cost
    """

    activations: tuple[Activation, ...]
    dropout: list[float]
    cost: Cost

    def are_of(self, network: Network) -> bool:
        """Whether a network with as many layers has them."""
        inner = network.model.architecture.layers[1:-1]
        shares = [layer.dropout for layer in inner]
        return self == (network.activations, shares, network.cost)


def continued(before: Network, fresh: Network) -> Network:
    """A network of the settings of ``fresh`` with all that training has changed of ``before``.

    Parameters
    ----------
    before, fresh : Network
        With layers of the same sizes; ``fresh`` is changed, and returned.
    """
    *settings, _ = fresh.__getstate__()
    *_, trained = before.__getstate__()
    fresh.__setstate__((*settings, trained))
    return fresh
