"""What a step depends on: an optimizer without the settings that it is given per step."""

import pickle

import numpy as np
import pytest

import bpnet
from bpnet.model.layout import Layout
from bpnet.optimizers import BUILT_IN, Optimizer
from bpnet.optimizers.base import FromRates

ALL = [kind() for kind in BUILT_IN.values()]
LAYOUT = Layout([1, 2, 1])


def updated(optimizer, rates):
    rng = np.random.default_rng(0)
    theta, gradient = rng.standard_normal((2, LAYOUT.size))
    memory = tuple(rng.uniform(0.0, 1.0, LAYOUT.size) for _ in optimizer.init(theta, np))
    given = {"layout": LAYOUT} if optimizer.uses_layout else {}
    theta, memory = optimizer.update(theta, gradient, memory, rates, np, **given)
    return np.concatenate([theta, *memory])


@pytest.mark.parametrize("optimizer", ALL, ids=lambda value: type(value).__name__)
def test_it_updates_as_the_optimizer_does(optimizer):
    """So `update` reads none of the fields that are said to be in ``rates``."""
    for t in (0, 20):
        rates = optimizer.rates(t)
        assert np.array_equal(updated(optimizer.update_rule, rates), updated(optimizer, rates))


@pytest.mark.parametrize("optimizer", ALL, ids=lambda value: type(value).__name__)
def test_it_depends_on_every_other_field(optimizer):
    assert optimizer.per_step[0] == "learning_rate"
    for name in optimizer.fields:
        value = 0.25 * getattr(optimizer, name) + 0.01
        other = optimizer.replaced(**{name: value})
        assert other != optimizer
        assert (other.update_rule == optimizer.update_rule) == (name in optimizer.per_step)
        same = hash(other.update_rule) == hash(optimizer.update_rule)
        assert same == (name in optimizer.per_step)


@pytest.mark.parametrize("optimizer", ALL, ids=lambda value: type(value).__name__)
def test_schedules_and_numbers_have_one_rule(optimizer):
    rules = [
        optimizer.replaced(learning_rate=rate).update_rule
        for rate in (0.3, bpnet.schedules.Cosine(0.1, 10), lambda t: 0.1, 0)
    ]
    assert rules.count(rules[0]) == len(rules)
    assert len({*rules}) == 1
    assert rules[0].learning_rate == FromRates()
    assert rules[0].update_rule == rules[0]
    assert pickle.loads(pickle.dumps(rules[0])) == rules[0]
    assert pickle.loads(pickle.dumps(optimizer)) == optimizer


def test_kinds_have_rules_of_their_own():
    assert len({one.update_rule for one in ALL}) == len(ALL)


# ------------------------------------------------------------------ one's own


class Plain(Optimizer):
    learning_rate: float = 0.1
    power: float = 1.0

    def update(self, theta, gradient, memory, rates, xp):
        return theta - rates[0] * xp.sign(gradient) * xp.abs(gradient) ** self.power, memory


class Reading(Plain):
    def update(self, theta, gradient, memory, rates, xp):
        def scaled():
            return self.learning_rate * gradient

        return theta - scaled(), memory


class Hiding(Plain):
    def update(self, theta, gradient, memory, rates, xp):
        return theta - self.step_of(gradient), memory

    def step_of(self, gradient):
        return self.learning_rate * gradient


def test_by_default_the_learning_rate_is_not_part_of_it():
    assert Plain(0.1).update_rule == Plain(0.2).update_rule
    assert Plain(0.1).update_rule != Plain(0.1, 2.0).update_rule


def test_an_update_that_names_the_learning_rate_has_it_in_its_rule():
    assert Reading.per_step == ()
    assert Reading(0.1).update_rule != Reading(0.2).update_rule
    rates = Reading(0.5).rates(0)
    assert np.array_equal(updated(Reading(0.5).update_rule, rates), updated(Plain(0.5), rates))


def test_an_update_that_reads_it_elsewhere_fails_instead_of_keeping_an_old_one():
    with pytest.raises(TypeError, match="FromRates"):
        updated(Hiding(0.5).update_rule, (0.5,))

    class Open(Hiding):
        per_step = ()

    assert Open(0.1).update_rule != Open(0.2).update_rule
    assert np.array_equal(updated(Open(0.5).update_rule, (0.5,)), updated(Plain(0.5), (0.5,)))


def test_a_field_that_is_not_there_is_named():
    with pytest.raises(ValueError, match="unknown field 'decy': did you mean 'decay'"):

        class Misspelled(Plain):
            per_step = ("learning_rate", "decy")
            decay: float = 0.1
