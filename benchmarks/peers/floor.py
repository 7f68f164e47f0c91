"""The matrix products of a step alone: what no step can do without."""

from __future__ import annotations

import functools
from itertools import pairwise

import numpy as np

from ..cases import SEED, Case
from .cuda import captured, wait
from .trainer import Trainer

__all__ = ["floor", "products"]


def floor(case: Case, x: np.ndarray, labels: np.ndarray) -> Trainer:
    """The matrix products of a step by NumPy, into buffers: what no step can do without."""
    rng, m = np.random.default_rng(SEED), case.batch
    weights, _ = case.start()
    a = [rng.random((m, n), dtype=np.float32) for n in case.sizes]
    delta = [rng.random((m, n), dtype=np.float32) for n in case.sizes[1:]]
    products = [(a[l], w.T, np.empty_like(delta[l])) for l, w in enumerate(weights)]
    for l in reversed(range(len(weights))):
        products.append((delta[l].T, a[l], np.empty_like(weights[l])))
        if l:
            products.append((delta[l], weights[l], np.empty_like(a[l])))

    def follow(order: np.ndarray) -> None:
        dot = np.dot
        for _ in range(len(order)):
            for left, right, out in products:
                dot(left, right, out)

    return Trainer(follow)


def products(
    case: Case, x: np.ndarray, labels: np.ndarray, device: str, precision: str = "float32"
) -> Trainer:
    """The matrix products of a step by PyTorch, into buffers; on a GPU as one graph."""
    import torch

    torch.manual_seed(SEED)
    kind = torch.bfloat16 if precision == "bfloat16" else torch.float32
    sizes, m = case.sizes, case.batch
    made = functools.partial(torch.rand, dtype=kind, device=device)
    a, delta = [made(m, n) for n in sizes], [made(m, n) for n in sizes]
    weights = [made(n_out, n_in) for n_in, n_out in pairwise(sizes)]
    pairs = [(a[l], w.T, torch.empty_like(a[l + 1])) for l, w in enumerate(weights)]
    for l in reversed(range(len(weights))):
        pairs.append((delta[l + 1].T, a[l], torch.empty_like(weights[l])))
        if l:
            pairs.append((delta[l + 1], weights[l], torch.empty_like(a[l])))

    def step() -> None:
        for left, right, out in pairs:
            torch.mm(left, right, out=out)

    if device != "cpu":
        before = torch.backends.cuda.matmul.allow_tf32
        torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
        step = captured(step)
        torch.backends.cuda.matmul.allow_tf32 = before

    def follow(order: np.ndarray) -> None:
        for _ in range(len(order)):
            step()
        wait(device)

    return Trainer(follow, holds=pairs)
