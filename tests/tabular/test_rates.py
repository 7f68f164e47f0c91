"""The learning rate of a run, step by step."""

import pytest

import bpnet
from bpnet.tabular.rates import make_optimizer
from bpnet.tabular.setting_error import SettingError

BASE = {"optimizer": "sgd", "learning_rate": 1.0, "batch_size": 10, "epochs": 8}


def rates(rows=40, **settings):
    """The rates at the first step of each epoch; four steps make one, if there are 40 rows."""
    optimizer = make_optimizer({**BASE, **settings}, rows)
    per_epoch = -(-rows // 10)
    return [round(optimizer.learning_rate_at(per_epoch * epoch), 4) for epoch in range(9)]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, [1.0] * 9),
        ({"schedule": "constant", "warmup": 2}, [0.0, 0.5, *[1.0] * 7]),
        ({"schedule": "polynomial"}, [1, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125, 0]),
        (
            {"schedule": "polynomial", "warmup": 4},
            [0.0, 0.25, 0.5, 0.75, 1.0, 0.75, 0.5, 0.25, 0.0],
        ),
        ({"schedule": "polynomial", "schedule_epochs": 4}, [1, 0.75, 0.5, 0.25, 0, 0, 0, 0, 0]),
        ({"schedule": "cosine", "schedule_epochs": 2}, [1.0, 0.5, *[0.0] * 7]),
        ({"schedule": "cosine_restarts", "schedule_epochs": 2}, [1.0, 0.5] * 4 + [1.0]),
        (
            {"schedule": "step_decay", "schedule_epochs": 3},
            [1, 1, 1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.01],
        ),
        (
            {"schedule": "exponential", "schedule_epochs": 2, "schedule_factor": 0.25},
            [1.0, 0.5, 0.25, 0.125, 0.0625, 0.0312, 0.0156, 0.0078, 0.0039],
        ),
        (
            {"schedule": "inverse_time", "schedule_epochs": 1},
            [1, 0.5, 0.3333, 0.25, 0.2, 0.1667, 0.1429, 0.125, 0.1111],
        ),
    ],
)
def test_schedules_are_counted_in_epochs(settings, expected):
    assert rates(**settings) == expected
    assert rates(31, **settings) == expected  # the last mini-batch of an epoch may be smaller


def test_one_cycle_goes_up_and_down_within_the_epochs():
    found = rates(schedule="one_cycle")
    assert found[0] == 0.04
    assert max(found) > 0.9
    assert found[8] == 0.0


def test_a_schedule_of_ones_own_from_python():
    assert rates(schedule=lambda step: 0.5**step)[:2] == [1.0, 0.0625]
    assert rates(schedule=bpnet.schedules.Polynomial(2.0, 8))[:3] == [2.0, 1.0, 0.0]


def test_an_optimizer_keeps_what_it_has():
    optimizer = make_optimizer({**BASE, "optimizer": bpnet.Adam(0.1, beta1=0.5)}, 40)
    assert optimizer == bpnet.Adam(1.0, beta1=0.5)
    momentum = make_optimizer({**BASE, "optimizer": "momentum", "momentum": 0.3}, 40)
    assert momentum == bpnet.Momentum(1.0, 0.3)


def test_a_message_names_arguments_or_flags():
    with pytest.raises(SettingError, match=r"^momentum is for momentum and nesterov, not sgd") as e:
        make_optimizer({**BASE, "momentum": 0.5}, 40)
    assert e.value.with_flags == "--momentum is for momentum and nesterov, not sgd"
