"""Fits that go on from checkpoints."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

import bpnet
from bpnet import Network
from bpnet.data import ArraySource

from .digests import Found, judged
from .samples import ROWS, SAMPLES, data_of
from .training import ALL, averaged
from .ways import Way

__all__ = ["RESUMED"]


def _resumed(way: Way, at: str, stream: bool = False) -> Found:
    """A fit that goes on from a checkpoint of another, which went to its end."""
    data = data_of(samples=ROWS if stream else SAMPLES)
    given = (ArraySource(data.x, data.y),) if stream else (data.x, data.y)
    changes = {"epochs": 2, "batch_size": 100} if stream else {}

    def fit(net: Network, folder: str, resume: Path | None = None) -> bpnet.History:
        callbacks = [
            bpnet.EarlyStopping(patience=3),
            bpnet.ReduceOnPlateau(patience=0, min_delta=9.0),
            bpnet.Checkpoint(folder, every_steps=5, keep=99),
        ]
        settings = ALL.settings(data, callbacks=callbacks, **changes)
        return net.fit(*given, **settings, resume=resume)

    first, second = ALL.network(way), ALL.network(way)
    with tempfile.TemporaryDirectory() as folder:
        before = fit(first, folder)
        (path,) = Path(folder).glob(at)
        kept = bpnet.read_checkpoint(path).arrays.values()  # by what they hold, not by name
        with tempfile.TemporaryDirectory() as other:
            after = fit(second, other, resume=path)
    arrays = sorted(kept, key=lambda array: (array.shape, array.tobytes()))
    more = {f"checkpoint {k}": array for k, array in enumerate(arrays)} | averaged(second)
    return judged(second, [before, after], data, more)


RESUMED = {
    "resumed within an epoch": partial(_resumed, at="epoch-0001-step-00000018.safetensors"),
    "resumed after an epoch": partial(_resumed, at="epoch-0001-step-00000013.safetensors"),
    "resumed within an epoch, stream": partial(
        _resumed, at="epoch-0001-step-00000095.safetensors", stream=True
    ),
}
