"""The peers: one function each, which makes a trainer of a case, its data and its start.

Each is written as somebody who knows the library would, and no library is asked for anything that
the others are not: gather the batch, forward, loss or its gradient, backward, update.
"""

from __future__ import annotations

import functools
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from .cases import SEED, Arrays, Case
from .clock import now, seconds_of
from .reference import BETA_1, BETA_2, EPSILON

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


class AbsentError(ImportError):
    """A peer that cannot be measured here; the message says why."""


@dataclass
class Trainer:
    """A peer, ready to train.

    Parameters
    ----------
    follow : callable
        ``follow(order)`` trains on the mini-batches whose rows ``order`` lists, shape
        (steps, batch), and returns when all is done.
    parameters : callable, optional
        Weights, (n_l, n_{l-1}) each, then biases; None for what trains nothing.
    epochs : callable, optional
        ``epochs(count)`` trains so many epochs in the peer's own order, and returns the seconds of
        each; for a peer that owns its loop.
    whole : bool, optional
        `follow` is at its best with a whole epoch at once.
    holds : object, optional
        What must be there while it trains, as the arrays of a CUDA graph, which holds none.
    """

    follow: Callable[[np.ndarray], None]
    parameters: Callable[[], Arrays] | None = None
    epochs: Callable[[int], list[float]] | None = None
    whole: bool = False
    holds: Any = None


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
        step = _captured(step)
        torch.backends.cuda.matmul.allow_tf32 = before

    def follow(order: np.ndarray) -> None:
        for _ in range(len(order)):
            step()
        _wait(device)

    return Trainer(follow, holds=pairs)


def _captured(step: Callable[[], None]) -> Callable[[], None]:
    """A step of PyTorch's as a CUDA graph."""
    import torch

    aside = torch.cuda.Stream()
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):  # where libraries make what they cannot during a capture
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(aside)
    # With memory of its own for cuBLAS: github.com/pytorch/pytorch/issues/193402.
    torch._C._cuda_clearCublasWorkspaces()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    torch._C._cuda_clearCublasWorkspaces()
    replay: Callable[[], None] = graph.replay
    return replay


def bpnet(
    library: str,
    case: Case,
    x: np.ndarray,
    labels: np.ndarray,
    device: str = "cpu",
    compute_dtype: str | None = None,
) -> Trainer:
    """bpnet through its public ``fit``, with history and without a progress bar."""
    import bpnet

    try:
        net = bpnet.Network(
            case.sizes,
            activations=case.sigma,
            cost="categorical_cross_entropy",
            backend=library,
            device=device,
            dtype="float32",
            compute_dtype=compute_dtype,
            seed=SEED,
        )
    except bpnet.BackendUnavailableError as error:
        raise AbsentError(str(error)) from error
    net.set_parameters(*case.start())
    optimizer = {"sgd": bpnet.SGD, "adam": bpnet.Adam}[case.optimizer](case.learning_rate)
    own_x, own_y = (net.backend.asarray(part) for part in (x, case.one_hot(labels)))

    class Clock(bpnet.Callback):
        def on_fit_begin(self, fit: Any) -> None:
            self.times = [now()]

        def on_epoch_end(self, fit: Any, row: dict[str, Any]) -> None:
            self.times.append(now())

    def epochs(count: int) -> list[float]:
        clock = Clock()
        net.fit(
            own_x,
            own_y,
            epochs=count,
            batch_size=case.batch,
            optimizer=optimizer,
            callbacks=[clock],
            progress=False,
        )
        return [end - start for start, end in pairwise(clock.times)]

    def parameters() -> Arrays:
        return [net.backend.to_numpy(part) for part in (*net.weights, *net.biases)]

    return Trainer(lambda order: epochs(1) and None, parameters, epochs)


def torch_eager(case: Case, x: np.ndarray, labels: np.ndarray, device: str = "cpu") -> Trainer:
    """PyTorch with autograd and its fused optimizers, as its tutorials train."""
    return _torch(case, x, labels, lambda loss: loss, device)


def torch_compiled(case: Case, x: np.ndarray, labels: np.ndarray, device: str = "cpu") -> Trainer:
    """The same with ``torch.compile`` of forward, loss and backward; on a GPU by its graphs."""
    import torch

    if not any(shutil.which(one) for one in (os.environ.get("CXX", "c++"), "g++", "clang++")):
        raise AbsentError("torch.compile needs a C++ compiler, and there is none")
    torch._dynamo.reset()
    mode = "default" if device == "cpu" else "reduce-overhead"
    return _torch(case, x, labels, functools.partial(torch.compile, mode=mode), device)


def torch_graphed(case: Case, x: np.ndarray, labels: np.ndarray, device: str) -> Trainer:
    """The same as one CUDA graph a step, captured by hand: gather, both passes and update."""
    import torch

    model, optimizer = _torch_model(case, device, capturable=True)
    inputs, targets = (torch.from_numpy(one).to(device) for one in (x, labels))
    rows = torch.arange(case.batch, device=device)
    begin = [parameter.detach().clone() for parameter in model.parameters()]

    def step() -> None:
        optimizer.zero_grad(set_to_none=True)
        z = model(inputs.index_select(0, rows))
        torch.nn.functional.cross_entropy(z, targets.index_select(0, rows)).backward()
        optimizer.step()

    replay = _captured(step)
    with torch.no_grad():
        for parameter, value in zip(model.parameters(), begin, strict=True):
            parameter.copy_(value)
            for memory in optimizer.state[parameter].values():
                memory.zero_()

    def follow(order: np.ndarray) -> None:
        for own in torch.from_numpy(order).to(device).unbind():
            rows.copy_(own)
            replay()
        _wait(device)

    return Trainer(
        follow, lambda: _torch_parameters(model), holds=(model, inputs, targets, optimizer)
    )


def _torch_model(case: Case, device: str, **options: Any) -> tuple[Any, Any]:
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


def _torch_parameters(model: Any) -> Arrays:
    both = [layer.weight for layer in model[::2]] + [layer.bias for layer in model[::2]]
    return [part.detach().cpu().numpy() for part in both]


def _torch(
    case: Case,
    x: np.ndarray,
    labels: np.ndarray,
    compiled: Callable[[Any], Any],
    device: str,
) -> Trainer:
    import torch
    from torch import nn

    model, optimizer = _torch_model(case, device)
    inputs, targets = (torch.from_numpy(one).to(device) for one in (x, labels))

    @compiled
    def loss(x: Any, y: Any) -> Any:
        return nn.functional.cross_entropy(model(x), y)

    def follow(order: np.ndarray) -> None:
        for rows in torch.from_numpy(order).to(device).unbind():
            optimizer.zero_grad()
            loss(inputs.index_select(0, rows), targets.index_select(0, rows)).backward()
            optimizer.step()
        _wait(device)

    return Trainer(follow, lambda: _torch_parameters(model))


def _wait(device: str) -> None:
    """Until a GPU has done what it was given."""
    if device != "cpu":
        import torch

        torch.cuda.synchronize(device)


def jax_step(case: Case, x: np.ndarray, labels: np.ndarray) -> Trainer:
    """JAX, a jitted step a call, its state donated."""
    import jax

    step, state, data = _jax(case, x, labels)
    jitted = jax.jit(step, donate_argnums=0)

    def follow(order: np.ndarray) -> None:
        for rows in order.astype(np.int32):
            state[0], loss = jitted(state[0], rows, *data)
        loss.block_until_ready()

    return Trainer(follow, lambda: _jax_parameters(state))


def jax_scan(case: Case, x: np.ndarray, labels: np.ndarray) -> Trainer:
    """JAX, an epoch a call: ``lax.scan`` over its steps, the state donated."""
    import jax

    step, state, data = _jax(case, x, labels)

    @functools.partial(jax.jit, donate_argnums=0)
    def epoch(state: Any, order: Any, x: Any, y: Any) -> Any:
        return jax.lax.scan(lambda state, rows: step(state, rows, x, y), state, order)

    def follow(order: np.ndarray) -> None:
        state[0], losses = epoch(state[0], order.astype(np.int32), *data)
        losses.block_until_ready()

    return Trainer(follow, lambda: _jax_parameters(state), whole=True)


def _jax(case: Case, x: np.ndarray, labels: np.ndarray) -> tuple[Any, list[Any], tuple[Any, Any]]:
    """A step on a tree of one (w, b) a layer, where it starts, and the data."""
    import jax
    import jax.numpy as jnp

    sigma = {"sigmoid": jax.nn.sigmoid, "relu": jax.nn.relu}[case.sigma]

    def loss(params: Any, x: Any, y: Any) -> Any:
        for w, b in params[:-1]:
            x = sigma(x @ w.T + b)
        w, b = params[-1]
        return -jnp.mean(jnp.sum(jax.nn.log_softmax(x @ w.T + b) * y, axis=1))

    def sgd(state: Any, rows: Any, x: Any, y: Any) -> Any:
        value, gradient = jax.value_and_grad(loss)(state, x[rows], y[rows])
        return jax.tree.map(lambda p, g: p - case.learning_rate * g, state, gradient), value

    def adam(state: Any, rows: Any, x: Any, y: Any) -> Any:
        params, m, v, t = state
        value, gradient = jax.value_and_grad(loss)(params, x[rows], y[rows])
        t = t + 1
        m = jax.tree.map(lambda m, g: BETA_1 * m + (1 - BETA_1) * g, m, gradient)
        v = jax.tree.map(lambda v, g: BETA_2 * v + (1 - BETA_2) * g * g, v, gradient)
        eta, unbias = case.learning_rate / (1 - BETA_1**t), 1 / (1 - BETA_2**t)
        params = jax.tree.map(
            lambda p, m, v: p - eta * m / (jnp.sqrt(v * unbias) + EPSILON), params, m, v
        )
        return (params, m, v, t), value

    params = [(jnp.asarray(w), jnp.asarray(b)) for w, b in zip(*case.start(), strict=True)]
    data = jnp.asarray(x), jnp.asarray(case.one_hot(labels))
    if case.optimizer == "sgd":
        return sgd, [params], data
    m, v = (jax.tree.map(jnp.zeros_like, params) for _ in range(2))
    return adam, [(params, m, v, jnp.zeros((), jnp.float32))], data


def _jax_parameters(state: list[Any]) -> Arrays:
    params = state[0] if isinstance(state[0], list) else state[0][0]
    return [np.asarray(w) for w, _ in params] + [np.asarray(b) for _, b in params]


def scikit_learn(case: Case, x: np.ndarray, labels: np.ndarray) -> Trainer:
    """scikit-learn's MLPClassifier; an epoch is a ``partial_fit``, its checks of x included."""
    from sklearn.neural_network import MLPClassifier

    model = MLPClassifier(
        case.sizes[1:-1],
        activation={"sigmoid": "logistic", "relu": "relu"}[case.sigma],
        solver=case.optimizer,
        alpha=0.0,
        batch_size=case.batch,
        learning_rate_init=case.learning_rate,
        momentum=0.0,
        random_state=SEED,
    )
    batch = slice(0, case.batch)
    model.partial_fit(x[batch], labels[batch], classes=np.arange(case.sizes[-1]))
    for l, (w, b) in enumerate(zip(*case.start(), strict=True)):
        model.coefs_[l][...] = w.T
        model.intercepts_[l][...] = b
    del model._optimizer  # it begins anew, and so does Adam's memory

    def follow(order: np.ndarray) -> None:
        for rows in order:
            model.partial_fit(x[rows], labels[rows])

    def epochs(count: int) -> list[float]:
        return [seconds_of(lambda: model.partial_fit(x, labels)) for _ in range(count)]

    def parameters() -> Arrays:
        return [w.T for w in model.coefs_] + model.intercepts_

    return Trainer(follow, parameters, epochs)


def thinc(case: Case, x: np.ndarray, labels: np.ndarray) -> Trainer:
    """Thinc, its layers and optimizers."""
    from thinc import api

    hidden = {"sigmoid": api.Sigmoid, "relu": api.Relu}[case.sigma]
    layers = [
        *(hidden(n_out, n_in) for n_in, n_out in pairwise(case.sizes[:-1])),
        api.Softmax(case.sizes[-1], case.sizes[-2]),
    ]
    model = api.chain(*layers)
    y = case.one_hot(labels)
    model.initialize(x[:1], y[:1])
    for layer, w, b in zip(layers, *case.start(), strict=True):
        layer.set_param("W", w)
        layer.set_param("b", b)
    make = {"sgd": api.SGD, "adam": api.Adam}[case.optimizer]
    optimizer = make(case.learning_rate, grad_clip=0.0, use_averages=False)

    def follow(order: np.ndarray) -> None:
        for rows in order:
            a, backprop = model.begin_update(x[rows])
            backprop((a - y[rows]) / np.float32(case.batch))
            model.finish_update(optimizer)

    def parameters() -> Arrays:
        return [layer.get_param(name) for name in ("W", "b") for layer in layers]

    return Trainer(follow, parameters)


def book(case: Case, x: np.ndarray, labels: np.ndarray) -> Trainer:
    """The book's algorithm: one sample at a time, in column vectors."""
    if case.optimizer != "sgd" or case.sigma != "sigmoid":
        raise AbsentError("the book has neither relu nor Adam")
    if case.batch * case.parameters > 2e8:
        raise AbsentError("a step would take half a minute")
    w, b = case.start()
    b = [part[:, None] for part in b]
    y = case.one_hot(labels)
    eta, depth = np.float32(case.learning_rate / case.batch), len(w)

    def sigmoid(z: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-z))

    def softmax(z: np.ndarray) -> np.ndarray:
        e = np.exp(z - z.max())
        return e / e.sum()

    def backprop(x: np.ndarray, y: np.ndarray) -> tuple[Arrays, Arrays]:
        nabla_w, nabla_b, a = list(w), list(b), [x]
        for l in range(depth):
            z = w[l] @ a[-1] + b[l]
            a.append(softmax(z) if l == depth - 1 else sigmoid(z))
        delta = a[-1] - y
        for l in reversed(range(depth)):
            nabla_b[l] = delta
            nabla_w[l] = delta @ a[l].T
            if l:
                delta = (w[l].T @ delta) * (a[l] * (1 - a[l]))
        return nabla_w, nabla_b

    def follow(order: np.ndarray) -> None:
        for rows in order:
            sum_w = [np.zeros_like(part) for part in w]
            sum_b = [np.zeros_like(part) for part in b]
            for row in rows:
                nabla_w, nabla_b = backprop(x[row][:, None], y[row][:, None])
                sum_w = [total + one for total, one in zip(sum_w, nabla_w, strict=True)]
                sum_b = [total + one for total, one in zip(sum_b, nabla_b, strict=True)]
            w[:] = [part - eta * total for part, total in zip(w, sum_w, strict=True)]
            b[:] = [part - eta * total for part, total in zip(b, sum_b, strict=True)]

    return Trainer(follow, lambda: [*w, *(part[:, 0] for part in b)])


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
