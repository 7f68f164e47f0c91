"""Learning rates against PyTorch's and optax's."""

import math

import numpy as np
import pytest

import bpnet
from bpnet import schedules

S = schedules

STEPS = 130
# (ours, PyTorch's scheduler of torch.optim.lr_scheduler, its settings)
TABLE = [
    (S.Constant(0.3), "ConstantLR", {"factor": 1.0}),
    (S.StepDecay(0.3, 20), "StepLR", {"step_size": 20}),
    (S.StepDecay(0.3, 7, 0.5), "StepLR", {"step_size": 7, "gamma": 0.5}),
    (S.Exponential(0.3, factor=0.97), "ExponentialLR", {"gamma": 0.97}),
    (S.Exponential(0.3, 10, 0.5), "ExponentialLR", {"gamma": 0.5**0.1}),
    (S.Polynomial(0.3, 100), "PolynomialLR", {"total_iters": 100}),
    (S.Polynomial(0.3, 100, 2.0), "PolynomialLR", {"total_iters": 100, "power": 2.0}),
    (S.Cosine(0.3, STEPS), "CosineAnnealingLR", {"T_max": STEPS}),
    (S.Cosine(0.3, STEPS, 0.1), "CosineAnnealingLR", {"T_max": STEPS, "eta_min": 0.1}),
    (S.CosineRestarts(0.3, 20), "CosineAnnealingWarmRestarts", {"T_0": 20}),
    (S.CosineRestarts(0.3, 7, 2, 0.05), "CosineAnnealingWarmRestarts",
     {"T_0": 7, "T_mult": 2, "eta_min": 0.05}),
    (S.CosineRestarts(0.3, 1, 3), "CosineAnnealingWarmRestarts", {"T_0": 1, "T_mult": 3}),
    (S.OneCycle(0.3, STEPS), "OneCycleLR", {"max_lr": 0.3, "total_steps": STEPS}),
    (S.OneCycle(0.3, STEPS, 0.11, 5.0, 10.0), "OneCycleLR",
     {"max_lr": 0.3, "total_steps": STEPS, "pct_start": 0.11, "div_factor": 5.0,
      "final_div_factor": 10.0}),
    (S.Warmup(0.3, 40, 0.2), "LinearLR", {"start_factor": 0.2, "total_iters": 40}),
    (S.Piecewise([0.3, 0.03, 0.003], [30, 70]), "MultiStepLR", {"milestones": [30, 70]}),
]  # fmt: skip
# (ours, optax's schedule, its settings)
OPTAX = [
    (S.Constant(0.3), "constant_schedule", {"value": 0.3}),
    (S.Exponential(0.3, 10, 0.5), "exponential_decay",
     {"init_value": 0.3, "transition_steps": 10, "decay_rate": 0.5}),
    (S.StepDecay(0.3, 10, 0.5), "exponential_decay",
     {"init_value": 0.3, "transition_steps": 10, "decay_rate": 0.5, "staircase": True}),
    (S.Polynomial(0.3, 100, 3.0, 0.1), "polynomial_schedule",
     {"init_value": 0.3, "end_value": 0.1, "power": 3.0, "transition_steps": 100}),
    (S.Cosine(0.3, 100, 0.03), "cosine_decay_schedule",
     {"init_value": 0.3, "decay_steps": 100, "alpha": 0.1}),
    (S.Warmup(S.Cosine(0.3, 80, 0.03), 20, 0.1), "warmup_cosine_decay_schedule",
     {"init_value": 0.03, "peak_value": 0.3, "warmup_steps": 20, "decay_steps": 100,
      "end_value": 0.03}),
]  # fmt: skip


def of_torch(torch, kind, settings):
    """The rates of PyTorch's scheduler, step by step."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.3)
    scheduler = getattr(torch.optim.lr_scheduler, kind)(optimizer, **settings)
    found = []
    for _ in range(STEPS - 1):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return [*found, optimizer.param_groups[0]["lr"]]


@pytest.mark.parametrize(("schedule", "kind", "settings"), TABLE, ids=lambda value: str(value))
def test_rates_are_pytorchs(torch, schedule, kind, settings):
    expected = of_torch(torch, kind, settings)
    assert [schedule(step) for step in range(STEPS)] == pytest.approx(
        expected, rel=1e-11, abs=1e-15
    )


@pytest.mark.parametrize(("schedule", "kind", "settings"), OPTAX, ids=lambda value: str(value))
def test_rates_are_optaxs(schedule, kind, settings):
    optax = pytest.importorskip("optax", reason="optax is not installed")
    with bpnet.get_backend("jax", dtype="float64").scope():
        theirs = getattr(optax, kind)(**settings)
        expected = [float(theirs(np.float64(step))) for step in range(STEPS)]
    assert [schedule(step) for step in range(STEPS)] == pytest.approx(expected, rel=1e-6, abs=1e-8)


def test_joined_schedules_are_pytorchs(torch):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.3)
    kinds = torch.optim.lr_scheduler
    parts = [
        kinds.LinearLR(optimizer, start_factor=0.1, total_iters=20),
        kinds.CosineAnnealingLR(optimizer, T_max=50),
    ]
    expected = kinds.SequentialLR(optimizer, parts, milestones=[20])
    found = S.Warmup(S.Cosine(0.3, 50), 20, 0.1)
    same = S.Piecewise([S.Polynomial(0.03, 20, minimum=0.3), S.Cosine(0.3, 50)], [20])
    for step in range(70):
        rate = optimizer.param_groups[0]["lr"]
        assert found(step) == pytest.approx(rate, rel=1e-12)
        assert same(step) == pytest.approx(rate, rel=1e-12)
        optimizer.step()
        expected.step()


def test_inverse_time():
    assert [S.InverseTime(0.8, 10)(step) for step in (0, 10, 30, 70)] == [0.8, 0.4, 0.2, 0.1]
    root = S.InverseTime(0.8, 10, 0.5)
    assert root(30) == pytest.approx(0.4)
    rates = np.asarray([S.InverseTime(1.0, 1)(step) for step in range(10**5)])
    assert rates.sum() > 12  # as the logarithm
    assert (rates**2).sum() < math.pi**2 / 6


EXAMPLES = [ours for ours, _, _ in TABLE] + [S.InverseTime(0.3, 10)]


def test_every_schedule_is_compared():
    assert {type(one) for one in EXAMPLES} == set(S.BUILT_IN.values())


@pytest.mark.parametrize("schedule", EXAMPLES, ids=lambda value: str(value))
def test_schedules_are_values(schedule):
    settings = {name: getattr(schedule, name) for name in schedule.fields}
    again = type(schedule)(**settings)
    assert schedule == again
    assert hash(schedule) == hash(again)
    assert schedule != S.Constant(0.7)
    assert eval(repr(schedule), vars(S)) == schedule
    rates = [schedule(step) for step in (0, 1, 50, 10**6, 10**9)]
    assert all(type(rate) is float and 0.0 <= rate < 1.0 for rate in rates)


def test_pictures(tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    S.plot(EXAMPLES, 100, tmp_path / "all.png", title="all")
    S.plot(S.Cosine(0.1, 50), 100, tmp_path / "one.svg")
    assert (tmp_path / "all.png").stat().st_size > 10_000
    assert "<!-- Cosine -->" in (tmp_path / "one.svg").read_text()
