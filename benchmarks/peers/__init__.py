"""The peers: one function each, which makes a trainer of a case, its data and its start.

Each is written as somebody who knows the library would, and no library is asked for anything that
the others are not: gather the batch, forward, loss or its gradient, backward, update.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

from .book import book
from .floor import floor, products
from .jax import jax_scan, jax_step
from .own import bpnet
from .pytorch import torch_compiled, torch_eager, torch_graphed
from .scikit_learn import scikit_learn
from .thinc import thinc
from .trainer import AbsentError, Trainer

__all__ = [
    "PEERS",
    "AbsentError",
    "Trainer",
    "bpnet",
    "products",
    "torch_compiled",
    "torch_eager",
    "torch_graphed",
]

PEERS: dict[str, Callable[..., Trainer]] = {
    "floor": floor,
    "bpnet-numpy": functools.partial(bpnet, "numpy"),
    "bpnet-torch": functools.partial(bpnet, "torch"),
    "bpnet-jax": functools.partial(bpnet, "jax"),
    "jax-scan": jax_scan,
    "jax-step": jax_step,
    "torch-eager": torch_eager,
    "torch-compile": torch_compiled,
    "sklearn": scikit_learn,
    "thinc": thinc,
    "book": book,
}
