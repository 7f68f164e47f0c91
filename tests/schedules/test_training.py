"""Trainings that follow a schedule."""

import numpy as np
import pytest
from _backends import parameters, relative

import bpnet
from bpnet import schedules
from bpnet.randomness import epoch_order

S = schedules


@pytest.mark.parametrize("kind", ["SGD", "AdamW"])
def test_a_fit_follows_its_schedule_as_pytorch_does(torch, kind):
    """Over a whole cycle, a new rate at each step, in two calls of fit."""
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((23, 4)), rng.integers(0, 3, 23)
    net = bpnet.Network([4, 3], cost="log_likelihood", dtype="float64", seed=0)
    layer = torch.nn.Linear(4, 3).double()
    with torch.no_grad():
        layer.weight.copy_(torch.tensor(net.weights[0]))
        layer.bias.copy_(torch.tensor(net.biases[0]))
    decay = {"weight_decay": 0.1} if kind == "AdamW" else {}
    groups = [{"params": [layer.weight], **decay}, {"params": [layer.bias], "weight_decay": 0.0}]
    theirs = getattr(torch.optim, kind)(groups, lr=0.1)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        theirs, max_lr=0.1, total_steps=18, cycle_momentum=False
    )
    for epoch in range(6):
        order = epoch_order(net.seed, epoch, 23)
        for first in range(0, 23, 8):
            rows = order[first : first + 8]
            theirs.zero_grad()
            loss = torch.nn.functional.cross_entropy(
                layer(torch.tensor(x[rows])), torch.tensor(y[rows])
            )
            loss.backward()
            theirs.step()
            if scheduler.last_epoch < 17:
                scheduler.step()
    ours = getattr(bpnet, kind)(S.OneCycle(0.1, 18), **decay)
    for _ in range(2):
        net.fit(x, y, epochs=3, batch_size=8, optimizer=ours)
    expected = np.concatenate([part.detach().numpy().ravel() for part in layer.parameters()])
    assert relative(parameters(net), expected) < 1e-12


def test_a_schedule_does_not_widen_the_type():
    net = bpnet.Network([2, 3, 1], seed=0)
    rate = lambda t: np.float64(0.1)  # noqa: E731
    net.fit([[0.0, 1.0]], [1], epochs=2, batch_size=1, optimizer=bpnet.Adam(rate))
    assert {one.dtype.name for one in (net.state.theta, *net.state.memory)} == {"float32"}


def test_a_bad_rate_stops_a_fit():
    net = bpnet.Network([2, 3, 1], seed=0)
    falling = bpnet.SGD(lambda t: 1.0 - 0.25 * t)
    with pytest.raises(ValueError, match=r"learning_rate is -0\.25 at step 5"):
        net.fit([[0.0, 1.0]] * 10, [1] * 10, epochs=2, batch_size=2, optimizer=falling)
