"""Digests of what a training leaves."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file

import bpnet
from bpnet import Network

from .samples import Data

__all__ = ["Found", "judged"]

Found = dict[str, str]
"""The digest of each thing that a training leaves."""


def judged(
    net: Network, histories: Iterable[bpnet.History], data: Data, more: dict[str, Any] | None = None
) -> Found:
    """Digests of a network's parameters, of the history of its fits, and of what it computes.

    Parameters
    ----------
    net : Network
    histories : iterable of History
    data : Data
        Of which it is to predict the held samples.
    more : dict of str to array, optional
        What else counts as parameters.
    """
    parameters: dict[str, Any] = dict(more or {})
    parameters |= {f"weights[{l}]": one for l, one in enumerate(net.weights)}
    parameters |= {f"biases[{l}]": one for l, one in enumerate(net.biases)}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.safetensors")
        net.save(path)  # has scales, shifts and running statistics, too
        parameters |= load_file(path)
    x, y = data.held
    outputs = {
        "all": net.feedforward(x),
        "few": net.feedforward(x[:5]),  # which a network may compute in another way
        "predictions": net.predict(x),
        "cost and score": np.array([net.total_cost(x, y), net.score(x, y)]),
    }
    return {
        "parameters": _digest_of_arrays(parameters),
        "history": _digest_of_rows(histories),
        "outputs": _digest_of_arrays(outputs),
    }


def _digest_of_arrays(arrays: dict[str, Any]) -> str:
    found = hashlib.sha256()
    for name, given in arrays.items():
        array = np.asarray(given)
        found.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        found.update(array.tobytes())
    return found.hexdigest()


def _digest_of_rows(histories: Iterable[bpnet.History]) -> str:
    found = [
        {
            "rows": [{name: row[name] for name in row if name != "seconds"} for row in history],
            "stopped": history.stopped,
            "best epoch": history.best_epoch,
        }
        for history in histories
    ]
    return hashlib.sha256(json.dumps(found).encode()).hexdigest()
