"""Learning rates that fall on a plateau."""

import numpy as np
import pytest
from _backends import parameters
from training._fits import Rates, Stub, classifier, fit, played

import bpnet


def series(seed, n=60):
    rng = np.random.default_rng(seed)
    return (1.0 / np.sqrt(np.arange(1, n + 1)) + rng.normal(0, 0.15, n)).round(2).tolist()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("rises", [False, True])
@pytest.mark.parametrize(
    ("factor", "patience", "min_rate", "cooldown", "min_delta"),
    [
        (0.1, 2, 0.0, 0, 0.0),
        (0.5, 0, 0.0, 0, 1e-4),
        (0.5, 1, 0.03, 3, 0.0),
        (0.3, 3, 1e-3, 1, 0.05),
    ],
)
def test_plateaus_are_pytorchs(torch, seed, rises, factor, patience, min_rate, cooldown, min_delta):
    figures = [-one for one in series(seed)] if rises else series(seed)
    theirs = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.4)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(
        theirs,
        "max" if rises else "min",
        factor,
        patience,
        threshold=min_delta,
        threshold_mode="abs",
        cooldown=cooldown,
        min_lr=min_rate,
        eps=0.0,
    )
    expected = []
    for figure in figures:
        scheduler.step(figure)
        expected.append(theirs.param_groups[0]["lr"])
    stub = Stub(learning_rate=0.4, falls=not rises)
    ours = bpnet.ReduceOnPlateau(
        "validation_cost", factor, patience, min_rate, cooldown, min_delta=min_delta
    )
    ours.on_fit_begin(stub)
    found = [0.4 * share for share in played(ours, stub, figures)]
    assert found == pytest.approx(expected, rel=1e-12)
    assert len(set(found)) > 2, "this series shows nothing"


def test_the_least_rate_of_a_schedule_is_that_of_the_moment():
    stub = Stub(learning_rate=bpnet.schedules.StepDecay(1.0, steps=3, factor=0.1))
    reduce = bpnet.ReduceOnPlateau("validation_cost", 0.5, patience=0, min_rate=0.06)
    reduce.on_fit_begin(stub)
    # after 3 steps the schedule is at 0.1, and 0.25 of it below the least
    assert played(reduce, stub, [1.0, 1.0, 1.0, 1.0]) == [1.0, 0.5, 0.5, 0.5]
    stub = Stub(learning_rate=1.0)
    reduce.on_fit_begin(stub)
    assert played(reduce, stub, [1.0] * 7)[-1] == 0.06


def test_a_reduced_rate_is_that_of_the_steps_to_come(data):
    """Ten times less from the third epoch on is what a schedule of that kind does."""
    net, twin, rates = classifier(), classifier(), Rates()
    reduce = bpnet.ReduceOnPlateau("train_cost", 0.1, patience=0, min_delta=100.0, cooldown=9)
    fit(net, data, epochs=4, callbacks=[reduce, rates])
    falling = bpnet.schedules.Piecewise([0.5, 0.05], [6])
    fit(twin, data, epochs=4, optimizer=bpnet.SGD(falling))
    assert rates.factors == [1.0, 0.1, 0.1, 0.1]
    assert parameters(net) == pytest.approx(parameters(twin), rel=1e-12)


def test_the_books_schedule_halves_and_stops():
    halve, stub = bpnet.HalveOnPlateau("validation_cost", patience=3), Stub()
    halve.on_fit_begin(stub)
    factors = played(halve, stub, [1.0, 0.5, *[0.6] * 50])
    assert factors[:8] == [1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.25]
    assert factors[-1] == 1 / 128
    assert (stub.stopped, len(factors)) == ("plateau", 2 + 3 * 7)


def test_the_books_schedule_in_a_fit(data, unseen):
    rates = Rates()
    callbacks = [bpnet.HalveOnPlateau(patience=2, lowest=0.25), rates]
    history = fit(classifier(), data, epochs=500, validation=unseen, callbacks=callbacks)
    assert history.stopped == "plateau"
    assert sorted(set(rates.factors), reverse=True) == [1.0, 0.5, 0.25]
