"""PyTorch's plans on a CPU: each call is told where its result goes, and sums lose no digit."""

from collections import Counter

import numpy as np
from _backends import relative
from compiler._trials import digits

import bpnet
from bpnet.compiler.ir import BINARY, UNARY

_TOLD = ("out", "grad_input", "copy_", "fill_.Scalar")


def test_pytorch_is_told_where_to_put_each_result(torch):
    from torch.utils._python_dispatch import TorchDispatchMode

    class Calls(TorchDispatchMode):
        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            seen[function.name()] += 1
            return function(*args, **(kwargs or {}))

    trial = digits(bpnet.get_backend("torch", dtype="float64"), "relu", "adam", 0.01)
    counts = []
    with trial.backend.scope():
        state, _ = trial.run(trial.planned, trial.state)
        for steps in (2, 5):
            seen = Counter()
            with Calls():
                state, _ = trial.run(trial.planned, state, last=steps)
            counts.append(seen)
    per_step = counts[1] - counts[0]
    assert sum(per_step.values()) == 3 * 23
    silent = [name for name in per_step if not name.endswith(_TOLD)]
    assert silent == []  # no array is made, and none is asked for its value


def test_sums_over_many_samples_lose_no_digit_on_pytorch(torch):
    """As they would by BLAS, which adds up one by one, and rounds each time."""
    rng = np.random.default_rng(0)
    x, y = rng.random((512, 600)), rng.random((512, 64)) + 1.0
    found = []
    for dtype in ("float32", "float64"):
        net = bpnet.Network(
            [600, 64, 64],
            activations=["tanh", "identity"],
            initializer="zeros",
            backend="torch",
            dtype=dtype,
        )
        net.fit(x, y, epochs=1, batch_size=512, optimizer=bpnet.SGD(1.0))
        found.append(net.backend.to_numpy(net.biases[1]))
    assert relative(*found) < 2 * np.finfo("float32").eps


def test_every_function_of_a_plan_is_elementwise(torch):
    """As NumPy's of the same name: PyTorch's own ``equal`` compares whole arrays."""
    from bpnet.compiler.targets.torch import TorchEmitter

    x, y = np.asarray([[0.5, 1.0], [2.0, 0.25]]), np.asarray([[0.5, 2.0], [1.0, 0.25]])
    for name in (*UNARY, *BINARY):
        given = (x, y) if name in BINARY else (x,)
        expected = getattr(np, name)(*given)
        out = torch.empty((2, 2), dtype=torch.from_numpy(expected).dtype)
        TorchEmitter.functions[name](*map(torch.from_numpy, given), out=out)
        np.testing.assert_allclose(out.numpy(), expected, err_msg=name)
