"""What is wrong with a network, in words."""

from __future__ import annotations

from typing import Any

from ..._lib.frozen import Frozen

__all__ = ["PREVENTS", "SLOWS", "Finding"]

PREVENTS, SLOWS = 2, 1


class Finding(Frozen):
    """One reason why a network does not learn.

    Parameters
    ----------
    kind : str
        As ``"vanishing_gradient"``, for programs.
    verdict : str
        What is wrong, with the figures.
    equation : str
        Why that matters: the equation behind it.
    advice : str
        What to try.
    severity : int
        2 if it prevents learning, 1 if it slows it down.
    layer : int, optional
        Which layer, the first after the input being 1.
    """

    kind: str
    verdict: str
    equation: str
    advice: str
    severity: int
    layer: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """The fields, by name."""
        return {name: getattr(self, name) for name in self.fields}
