"""PyTorch."""

from __future__ import annotations

import functools
import os
import shutil
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from ..cases import Arrays, Case
from .cuda import captured, wait
from .trainer import AbsentError, Trainer

__all__ = ["torch_compiled", "torch_eager", "torch_graphed"]


def torch_eager(case: Case, x: np.ndarray, labels: np.ndarray, device: str = "cpu") -> Trainer:
    """PyTorch with autograd and its fused optimizers, as its tutorials train."""
    return _trainer(case, x, labels, lambda loss: loss, device)


def torch_compiled(case: Case, x: np.ndarray, labels: np.ndarray, device: str = "cpu") -> Trainer:
    """The same with ``torch.compile`` of forward, loss and backward; on a GPU by its graphs."""
    import torch

    if not any(shutil.which(one) for one in (os.environ.get("CXX", "c++"), "g++", "clang++")):
        raise AbsentError("torch.compile needs a C++ compiler, and there is none")
    torch.compiler.reset()
    mode = "default" if device == "cpu" else "reduce-overhead"
    return _trainer(case, x, labels, functools.partial(torch.compile, mode=mode), device)


def torch_graphed(case: Case, x: np.ndarray, labels: np.ndarray, device: str) -> Trainer:
    """The same as one CUDA graph a step, captured by hand: gather, both passes and update."""
    import torch

    model, optimizer = _model(case, device, capturable=True)
    inputs, targets = (torch.from_numpy(one).to(device) for one in (x, labels))
    rows = torch.arange(case.batch, device=device)
    begin = [parameter.detach().clone() for parameter in model.parameters()]

    def step() -> None:
        optimizer.zero_grad(set_to_none=True)
        z = model(inputs.index_select(0, rows))
        torch.nn.functional.cross_entropy(z, targets.index_select(0, rows)).backward()
        optimizer.step()

    replay = captured(step)
    with torch.no_grad():
        for parameter, value in zip(model.parameters(), begin, strict=True):
            parameter.copy_(value)
            for memory in optimizer.state[parameter].values():
                memory.zero_()

    def follow(order: np.ndarray) -> None:
        for own in torch.from_numpy(order).to(device).unbind():
            rows.copy_(own)
            replay()
        wait(device)

    return Trainer(follow, lambda: _parameters(model), holds=(model, inputs, targets, optimizer))


def _model(case: Case, device: str, **options: Any) -> tuple[Any, Any]:
    """The case's net and its fused optimizer."""
    import torch
    from torch import nn

    layers: list[nn.Module] = []
    for n_in, n_out in pairwise(case.sizes):
        layers += [nn.Linear(n_in, n_out), nn.Sigmoid() if case.sigma == "sigmoid" else nn.ReLU()]
    model = nn.Sequential(*layers[:-1]).to(device)
    with torch.no_grad():
        for layer, w, b in zip(model[::2], *case.start(), strict=True):
            layer.weight.copy_(torch.from_numpy(w))
            layer.bias.copy_(torch.from_numpy(b))
    if case.optimizer == "sgd":
        return model, torch.optim.SGD(model.parameters(), case.learning_rate, fused=True)
    make = functools.partial(torch.optim.Adam, fused=True, **options)
    return model, make(model.parameters(), case.learning_rate)


def _parameters(model: Any) -> Arrays:
    both = [layer.weight for layer in model[::2]] + [layer.bias for layer in model[::2]]
    return [part.detach().cpu().numpy() for part in both]


def _trainer(
    case: Case,
    x: np.ndarray,
    labels: np.ndarray,
    compiled: Callable[[Any], Any],
    device: str,
) -> Trainer:
    import torch
    from torch import nn

    model, optimizer = _model(case, device)
    inputs, targets = (torch.from_numpy(one).to(device) for one in (x, labels))

    @compiled
    def loss(x: Any, y: Any) -> Any:
        return nn.functional.cross_entropy(model(x), y)

    def follow(order: np.ndarray) -> None:
        for rows in torch.from_numpy(order).to(device).unbind():
            optimizer.zero_grad()
            loss(inputs.index_select(0, rows), targets.index_select(0, rows)).backward()
            optimizer.step()
        wait(device)

    return Trainer(follow, lambda: _parameters(model))
