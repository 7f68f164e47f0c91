"""Callbacks of a resumed fit go on where they were."""

import pytest
from training.callbacks._resumed import resumed

import bpnet


@pytest.mark.parametrize(
    "make",
    [
        lambda: bpnet.EarlyStopping(patience=9),
        lambda: bpnet.KeepBest("validation_accuracy"),
        lambda: bpnet.ReduceOnPlateau(patience=2, factor=0.5, cooldown=2, min_delta=0.05),
        lambda: bpnet.HalveOnPlateau(patience=3),
        lambda: bpnet.Budget(steps=31),
    ],
    ids=["EarlyStopping", "KeepBest", "ReduceOnPlateau", "HalveOnPlateau", "Budget"],
)
def test_a_resumed_fit_ends_as_if_it_had_not_been_broken_off(data, unseen, make):
    (whole, again), _ = resumed(make, data, unseen, optimizer=bpnet.SGD(1.0))
    assert again == whole
