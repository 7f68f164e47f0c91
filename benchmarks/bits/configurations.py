"""All trainings by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from .callbacks import CALLBACKS
from .digests import Found
from .large import BLOCKS, LARGE
from .layers import ACTIVATIONS, COSTS, LAYERS
from .optimizers import OPTIMIZERS, SCHEDULES
from .others import OTHERS
from .recipes import INITIALIZERS, RECIPES
from .resumed import RESUMED
from .sequences import SEQUENCES
from .streams import STREAMS
from .ways import WAYS, Way

__all__ = ["CONFIGURATIONS"]


def _named() -> dict[str, Callable[[], Found]]:
    every: list[dict[str, Callable[[Way], Found]]] = [
        *(LAYERS, ACTIVATIONS, COSTS, OPTIMIZERS, SCHEDULES, RECIPES, INITIALIZERS, LARGE),
        *(STREAMS, RESUMED, BLOCKS, CALLBACKS, SEQUENCES, OTHERS),
    ]
    names = [name for group in every for name in group]
    assert len(set(names)) == len(names), "a name stands for one training"
    return {
        f"{name}; {way}": partial(make, way)
        for group in every
        for name, make in group.items()
        for way in WAYS
    }


CONFIGURATIONS = _named()
"""Each training by its name, which also says in which way and type it is computed."""
