"""TrainingState, counters, and functions mapped over them."""

import numpy as np
import pytest

import bpnet
from bpnet.training import Counters, TrainingState
from bpnet.training.state import Trained, map_arrays


def test_a_state_has_its_parts_by_name_and_in_order():
    state = TrainingState(1)
    assert state._fields == ("theta", "memory", "running", "average", "loss_scale", "penalty")
    assert state == (1, (), (), (), (), ())


def test_a_function_is_mapped_over_all_arrays_and_types_stay():
    state = TrainingState(1.0, (2.0, (3.0, ())), (4.0,))
    doubled = map_arrays(lambda one: 2 * one, state)
    assert doubled == TrainingState(2.0, (4.0, (6.0, ())), (8.0,))
    assert type(doubled) is TrainingState
    assert type(doubled.memory) is tuple
    assert map_arrays(lambda one: one + 1, 1.0) == 2.0


def test_counters_are_not_changed_but_replaced():
    counters = Counters(1, 2)
    assert counters.replaced(steps=3) == Counters(1, 3, 0)
    assert counters == Counters(epochs=1, steps=2, optimizer_began=0)
    with pytest.raises(AttributeError):
        counters.steps = 5


def test_what_is_trained_begins_at_nothing():
    assert Trained(TrainingState(np.ones(1)))[1:] == (Counters(), None)
    net = bpnet.Network([2, 1], seed=0)
    assert (net.epochs, net.steps) == (0, 0)
    assert net.state[1:] == ((), (), (), (), ())
