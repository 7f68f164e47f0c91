"""Ctrl-C ends a fit in order."""

import os
import signal
import threading

import numpy as np
import pytest
from _backends import parameters, relative
from training._fits import SIZE, N, Recorder, batches, classifier, fit, step

import bpnet


class Press(bpnet.Callback):
    """Presses Ctrl-C some times when a number of blocks of steps were done."""

    def __init__(self, ctrl_c, after_blocks, times=1):
        self.ctrl_c, self.left, self.times = ctrl_c, after_blocks, times

    def on_steps(self, fit, steps):
        self.left -= 1
        if self.left == 0:
            for _ in range(self.times):
                self.ctrl_c()


def test_ctrl_c_ends_the_fit_at_the_next_step(target, data, ctrl_c, single_steps):
    """After the first epoch and two more steps: those steps count, their epoch does not."""
    x, y = data
    net, twin = classifier(target.backend()), classifier()
    history = fit(net, data, callbacks=[Press(ctrl_c, 5)])
    fit(twin, data, epochs=1)
    for rows in batches(twin)[:2]:
        step(twin, x[rows], y[rows])
    assert history.stopped == "interrupted"
    assert history["epoch"] == [1]
    assert (net.epochs, net.steps) == (1, 5)
    assert relative(parameters(net), parameters(twin)) < 1e-12
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_training_goes_on_after_ctrl_c(target, data, ctrl_c, single_steps):
    net = classifier(target.backend())
    fit(net, data, callbacks=[Press(ctrl_c, 4)])
    again = fit(net, data, epochs=2)
    assert (again.stopped, again["epoch"]) == ("completed", [2, 3])


def test_ctrl_c_at_the_end_of_an_epoch_keeps_the_epoch(data, ctrl_c, single_steps):
    net, twin = classifier(), classifier()
    history = fit(net, data, callbacks=[Press(ctrl_c, 3)])
    fit(twin, data, epochs=1)
    assert (history.stopped, history["epoch"], net.epochs) == ("interrupted", [1], 1)
    assert np.array_equal(parameters(net), parameters(twin))


def test_ctrl_c_between_two_epochs(data, ctrl_c):
    class AfterTheFirst(bpnet.Callback):
        def on_epoch_end(self, fit, row):
            ctrl_c()

    net, twin = classifier(), classifier()
    history = fit(net, data, callbacks=[AfterTheFirst()])
    fit(twin, data, epochs=1)
    assert (history.stopped, history["epoch"], net.epochs) == ("interrupted", [1], 1)
    assert np.array_equal(parameters(net), parameters(twin))


def test_ctrl_c_during_the_last_epochs_callbacks_is_told(data, ctrl_c):
    class AfterTheLast(bpnet.Callback):
        def on_epoch_end(self, fit, row):
            if row["epoch"] == 3:
                ctrl_c()

    history = fit(classifier(), data, callbacks=[AfterTheLast()])
    assert (history.stopped, len(history)) == ("interrupted", 3)


def test_ctrl_c_is_told_where_early_stopping_stops_as_well(data, unseen, ctrl_c):
    net, recorder = classifier(), Recorder()
    callbacks = [
        recorder,
        Press(ctrl_c, 4),  # the end of the second epoch
        bpnet.EarlyStopping("train_cost", patience=1, min_delta=100.0),
    ]
    history = fit(net, data, callbacks=callbacks)
    assert (history.stopped, len(history)) == ("interrupted", 2)
    assert np.array_equal(parameters(net), recorder.after[2]), "the parameters of that moment"


def test_ctrl_c_before_the_first_step(data, ctrl_c):
    class AtOnce(bpnet.Callback):
        def on_steps(self, fit, steps):
            raise AssertionError("no step should have been done")

    net = classifier()
    before = parameters(net)
    x, y = data

    class Early(bpnet.SGD):
        def rates(self, t):
            ctrl_c()
            return super().rates(t)

    history = net.fit(x, y, epochs=1, batch_size=N, optimizer=Early(0.1), callbacks=[AtOnce()])
    assert (history.stopped, len(history), net.steps) == ("interrupted", 0, 0)
    assert np.array_equal(parameters(net), before)


def test_a_second_ctrl_c_raises_at_once(target, data, ctrl_c, single_steps):
    net, twin = classifier(target.backend()), classifier(target.backend())
    recorder = Recorder()
    optimizer = bpnet.Momentum(0.1)
    with pytest.raises(KeyboardInterrupt):
        fit(net, data, callbacks=[Press(ctrl_c, 5, times=2), recorder], optimizer=optimizer)
    fit(twin, data, epochs=1, optimizer=optimizer)
    assert (net.epochs, net.steps) == (1, 3)
    assert np.array_equal(parameters(net), parameters(twin)), "not those of the last full epoch"
    twin.reset_optimizer()
    assert recorder.log[-1] == "end"
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    for one in (net, twin):
        fit(one, data, epochs=1, optimizer=optimizer)
    assert relative(parameters(net), parameters(twin)) < 1e-14, "the optimizer's memory is not new"


def test_a_real_signal_ends_a_long_epoch(ctrl_c):
    """From another thread, into a run of very many steps, which is no run through to the end."""
    steps = 400_000
    x = np.zeros((steps, 1), dtype=np.float32)
    net = bpnet.Network([1, 2, 1], cost="huber", seed=0)
    later = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))

    class Pressed(bpnet.SGD):
        def rates(self, t):
            if t == 0:
                later.start()
            return super().rates(t)

    try:
        history = net.fit(x, x, epochs=50, batch_size=1, optimizer=Pressed(0.1))
    finally:
        later.cancel()
        later.join()
    assert history.stopped == "interrupted"
    assert len(history) < 50
    assert net.steps < 50 * steps


def test_a_handler_of_ones_own_is_left_in_place(data):
    heard = []

    def handler(number, frame):
        heard.append(number)

    previous = signal.signal(signal.SIGINT, handler)
    try:
        press = Press(lambda: signal.raise_signal(signal.SIGINT), 1)
        history = fit(classifier(), data, callbacks=[press])
        assert signal.getsignal(signal.SIGINT) is handler
    finally:
        signal.signal(signal.SIGINT, previous)
    assert heard == [signal.SIGINT]
    assert (history.stopped, len(history)) == ("completed", 3)


def test_a_fit_in_another_thread_leaves_signals_alone(data, ctrl_c):
    net, found = classifier(), []
    handlers = []

    class Look(bpnet.Callback):
        def on_epoch_end(self, fit, row):
            handlers.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=lambda: found.append(fit(net, data, callbacks=[Look()])))
    thread.start()
    thread.join()
    assert found[0].stopped == "completed"
    assert handlers == [signal.default_int_handler] * 3
    expected = classifier()
    fit(expected, data)
    assert np.array_equal(parameters(net), parameters(expected))


def test_ctrl_c_between_two_epochs_ends_them_in_order(data, ctrl_c):
    net = classifier()
    with net.fitting(*data, epochs=9, batch_size=SIZE) as fit:
        for row in fit:
            if row["epoch"] == 3:
                ctrl_c()
    assert net.epochs == 3
    assert fit.history.stopped == "interrupted"


def test_a_fit_entered_again_restores_the_handler_that_it_found_then(data):
    net = classifier()
    fit = net.fitting(*data, epochs=3, batch_size=SIZE)
    with fit:
        fit.epoch()

    def mine(number, frame):
        raise AssertionError

    before = signal.signal(signal.SIGINT, mine)
    try:
        with fit:
            fit.epoch()
        assert signal.getsignal(signal.SIGINT) is mine
    finally:
        signal.signal(signal.SIGINT, before)
    thread = threading.Thread(target=fit.run)  # where a handler cannot be set
    thread.start()
    thread.join()
    assert net.epochs == 3
