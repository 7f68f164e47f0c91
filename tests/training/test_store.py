"""StateStore: one fit at a time changes it; what is published is the network of one moment."""

import threading

import numpy as np
import pytest
from _backends import Target

import bpnet
from bpnet.training import Counters, StepConfig, TrainingState
from bpnet.training.state import Trained, map_arrays
from bpnet.training.store import StateStore, from_host

ADAM = StepConfig(bpnet.Adam(0.1))


@pytest.fixture
def backend(target):
    chosen = target.backend()
    with chosen.scope():
        yield chosen


@pytest.fixture
def store(backend):
    host = Trained(TrainingState(np.arange(3.0)), Counters(2, 7))
    return StateStore(backend, from_host(host, backend))


def values(backend, state):
    return map_arrays(lambda one: backend.to_numpy(one).tolist(), state)


@pytest.fixture
def numpy_store():
    backend = Target("numpy").backend()
    return StateStore(backend, Trained(TrainingState(np.arange(3.0)), Counters(2, 7)))


def test_it_is_claimed_once(numpy_store):
    numpy_store.claim()
    with pytest.raises(RuntimeError, match=r"trained already.*net\.copy\(\)"):
        numpy_store.claim()
    refused = []

    def other():
        with pytest.raises(RuntimeError, match="trained already"):
            numpy_store.claim()
        refused.append(True)

    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    assert refused
    numpy_store.release()
    numpy_store.claim()


def test_what_a_way_of_stepping_keeps_is_made_once(store, backend):
    config = StepConfig(bpnet.Adam(0.1), average=0.9)
    store.init_optimizer(config)
    state = store.state
    zeros, theta = [0.0] * 3, [0.0, 1.0, 2.0]
    assert values(backend, state) == (theta, (zeros, zeros), (), (theta,), (), ())
    assert store.counters == Counters(2, 7, optimizer_began=7)
    assert store.current.optimizer == config.optimizer
    assert state.average[0] is not state.theta
    store.init_optimizer(StepConfig(bpnet.Adam(0.2), average=0.9))
    assert all(one is other for one, other in zip(store.state, state, strict=True))


def test_another_optimizer_and_no_average_forget_the_old(store, backend):
    store.init_optimizer(StepConfig(bpnet.Adam(0.1), average=0.9))
    store.commit(store.lend(), Counters(3, 9, 7), ADAM.optimizer)
    store.init_optimizer(StepConfig(bpnet.Momentum(0.1)))
    assert values(backend, store.state) == ([0.0, 1.0, 2.0], ([0.0] * 3,), (), (), (), ())
    assert store.counters == Counters(3, 9, optimizer_began=9)


def test_a_scale_of_the_loss_is_kept_in_float16_only(store, backend):
    store.init_optimizer(StepConfig(bpnet.SGD(0.1), compute="float16"))
    assert values(backend, store.state.loss_scale) == ([2.0**15, 0.0],)
    store.init_optimizer(StepConfig(bpnet.SGD(0.1)))
    assert store.state.loss_scale == ()


def test_what_is_lent_is_not_published(store, backend):
    store.init_optimizer(ADAM)
    lent = store.lend()
    assert len(lent.memory) == 2
    assert store.state.memory == ()
    assert store.state.theta is lent.theta
    assert store.current.optimizer is None
    assert store.counters == Counters(2, 7, 7)


def test_without_memory_nothing_changes_by_lending(numpy_store):
    before = numpy_store.current
    numpy_store.lend()
    assert numpy_store.current is before


def test_what_is_committed_are_copies_but_for_the_memory(store, backend):
    store.init_optimizer(StepConfig(bpnet.Adam(0.1), average=0.5))
    lent = store.lend()
    store.commit(lent, Counters(3, 10, 7), ADAM.optimizer)
    assert values(backend, store.state) == values(backend, lent)
    assert store.state.theta is not lent.theta
    assert store.state.average[0] is not lent.average[0]
    assert store.state.memory is lent.memory
    assert store.current[1:] == (Counters(3, 10, 7), ADAM.optimizer)


def test_an_array_that_was_published_is_not_written_to(numpy_store):
    numpy_store.init_optimizer(ADAM)
    lent, seen = numpy_store.lend(), numpy_store.state.theta
    numpy_store.commit(lent, Counters(3, 8, 7), ADAM.optimizer)
    assert not np.shares_memory(numpy_store.state.theta, lent.theta)
    lent.theta[:] = 9.0  # by whoever runs steps
    assert numpy_store.state.theta.tolist() == [0.0, 1.0, 2.0]
    numpy_store.replace(theta=np.ones(3))
    assert seen is not numpy_store.state.theta


def test_parts_are_replaced_by_name(numpy_store):
    numpy_store.init_optimizer(ADAM)
    before = numpy_store.current
    numpy_store.replace(running=(np.ones(2),))
    assert numpy_store.state.theta is before.state.theta
    assert numpy_store.state.running[0].tolist() == [1.0, 1.0]
    assert numpy_store.current[1:] == before[1:]
    with pytest.raises((TypeError, ValueError), match="thta"):  # TypeError from Python 3.13 on
        numpy_store.replace(thta=0)


def test_it_is_copied_to_the_host_and_back(store, backend):
    store.init_optimizer(ADAM)
    host = store.on_host()
    assert all(type(one) is np.ndarray for one in (host.state.theta, *host.state.memory))
    assert host[1:] == store.current[1:]
    again = from_host(host, backend)
    assert values(backend, again.state) == values(backend, store.state)
    host.state.theta[:] = 5.0
    assert values(backend, again.state.theta) == values(backend, store.state.theta)


def test_a_copy_that_a_run_overtakes_is_made_again(numpy_store, monkeypatch):
    """Its memory would be that of a moment in the middle of a step."""
    numpy_store.init_optimizer(ADAM)
    backend, taken = Target("numpy").backend(), []
    original = backend.to_numpy

    def overtaken(self, array):
        if not taken:
            taken.append(numpy_store.lend())
            for one in taken[0].memory:
                one[:] = 7.0
        return original(array)

    monkeypatch.setattr(type(backend), "to_numpy", overtaken)
    host = numpy_store.on_host()
    assert host.state.memory == ()
    assert host.optimizer is None


def test_a_forgotten_memory_begins_anew(numpy_store):
    numpy_store.init_optimizer(ADAM)
    theta = numpy_store.state.theta
    numpy_store.reset_optimizer()
    assert numpy_store.state == TrainingState(theta)
    assert numpy_store.current.optimizer is None
    numpy_store.init_optimizer(ADAM)
    assert len(numpy_store.state.memory) == 2
