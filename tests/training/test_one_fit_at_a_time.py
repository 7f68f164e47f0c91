"""One fit at a time trains a network; afterwards, however it ended, the next one may."""

import threading

import pytest
from _backends import parameters
from training._fits import SIZE, classifier, fit

import bpnet

BUSY = r"trained already: wait for the end of that fit, or train a copy \(net\.copy\(\)\)"


def step(net, data):
    net.step(*data)


def fitting(net, data):
    net.fitting(*data, epochs=1, batch_size=SIZE)


def epoch(net, data):
    net.fitting(*data, epochs=1, batch_size=SIZE).epoch()


def lbfgs(net, data):
    pytest.importorskip("scipy", reason="scipy is not installed")
    net.fit(*data, epochs=2, optimizer=bpnet.LBFGS())


WAYS = [fit, fitting, epoch, step, lbfgs]


class At(bpnet.Callback):
    """Calls a function once, at the end of the first epoch or wherever else."""

    def __init__(self, function, moment="on_epoch_end"):
        setattr(self, moment, lambda *_: self._once(function))
        self.called = False

    def _once(self, function):
        if not self.called:
            self.called = True
            function()


def in_a_thread(function):
    """What a function raised in another thread, or None."""
    raised = [None]

    def run():
        try:
            function()
        except Exception as error:
            raised[0] = error

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return raised[0]


def assert_trains(net, data):
    """As a copy of it does."""
    twin = net.copy()
    for one in (net, twin):
        fit(one, data)
        step(one, data)
    assert parameters(net).tobytes() == parameters(twin).tobytes()


# ------------------------------------------------------------------ refusals


@pytest.mark.parametrize("moment", ["on_steps", "on_epoch_end", "on_fit_end"])
@pytest.mark.parametrize("way", WAYS)
def test_a_second_fit_within_a_callback_is_refused(data, way, moment):
    net, twin, refused = classifier(), classifier(), []

    def second():
        with pytest.raises(RuntimeError, match=BUSY):
            way(net, data)
        refused.append(net.steps)

    history = fit(net, data, callbacks=[At(second, moment)])
    expected = fit(twin, data)
    assert refused == [{"on_steps": 0, "on_epoch_end": 3, "on_fit_end": 9}[moment]]
    assert history["train_cost"] == expected["train_cost"]
    assert history.stopped == "completed"
    assert parameters(net).tobytes() == parameters(twin).tobytes()
    assert_trains(net, data)


@pytest.mark.parametrize("way", WAYS)
def test_a_second_fit_in_another_thread_is_refused(data, way):
    net, twin, raised = classifier(), classifier(), []
    history = fit(
        net, data, callbacks=[At(lambda: raised.append(in_a_thread(lambda: way(net, data))))]
    )
    fit(twin, data)
    assert type(raised[0]) is RuntimeError
    assert "net.copy()" in str(raised[0])
    assert len(history) == 3
    assert parameters(net).tobytes() == parameters(twin).tobytes()


@pytest.mark.parametrize("way", WAYS)
def test_a_fit_during_one_by_lbfgs_is_refused(data, way):
    pytest.importorskip("scipy", reason="scipy is not installed")
    net, raised = classifier(), []

    def second():
        raised.append(in_a_thread(lambda: way(net, data)))

    history = fit(net, data, epochs=4, optimizer=bpnet.LBFGS(), callbacks=[At(second)])
    assert type(raised[0]) is RuntimeError
    assert len(history) == 4
    assert_trains(net, data)


def test_a_second_fit_between_epochs_is_refused(data):
    net = classifier()
    with net.fitting(*data, epochs=3, batch_size=SIZE) as first:
        for _ in first:
            for way in WAYS:
                with pytest.raises(RuntimeError, match=BUSY):
                    way(net, data)
    assert len(first.history) == 3
    assert_trains(net, data)


def test_copies_may_be_trained_meanwhile(data):
    net, twin, copies = classifier(), classifier(), []

    def train_a_copy():
        copies.append(net.copy())
        fit(copies[0], data)

    fit(net, data, callbacks=[At(train_a_copy)])
    fit(twin, data, epochs=1)
    fit(twin, data)
    assert parameters(copies[0]).tobytes() == parameters(twin).tobytes()


# ------------------------------------------------------------------ afterwards


class MyError(Exception):
    """One that a user's callback raises."""


def raising(*_):
    raise MyError


@pytest.mark.parametrize("optimizer", [bpnet.SGD(0.1), bpnet.Momentum(0.1), None], ids=str)
@pytest.mark.parametrize("moment", ["on_fit_begin", "on_steps", "on_epoch_end", "on_fit_end"])
def test_after_an_error_of_a_callback_it_trains_again(data, moment, optimizer):
    if optimizer is None:
        pytest.importorskip("scipy", reason="scipy is not installed")
        optimizer = bpnet.LBFGS()
    net = classifier()
    with pytest.raises(MyError):
        fit(net, data, optimizer=optimizer, callbacks=[At(raising, moment)])
    assert_trains(net, data)


def test_after_a_block_left_early_it_trains_again(data):
    net = classifier()
    with net.fitting(*data, epochs=9, batch_size=SIZE) as first:
        next(iter(first))
    assert_trains(net, data)
    with pytest.raises(MyError), net.fitting(*data, epochs=9, batch_size=SIZE) as first:
        raise MyError
    assert_trains(net, data)


@pytest.mark.parametrize(
    ("error", "options"),
    [
        (ValueError, {"callbacks": [bpnet.EarlyStopping("no_such_column")]}),
        (ValueError, {"resume": bpnet.training.Snapshot({}, {"run": {}, "callbacks": []})}),
        (ValueError, {"l2": -1.0}),
        (bpnet.DivergenceError, {"optimizer": bpnet.SGD(1e300), "l2": 1e300}),
    ],
    ids=["callback", "snapshot", "setting", "divergence"],
)
def test_after_a_refusal_or_a_divergence_it_trains_again(data, error, options):
    net = classifier()
    with pytest.raises((error, KeyError)):
        fit(net, data, **options)
    assert_trains(net, data)


def test_after_ctrl_c_twice_it_trains_again(data, ctrl_c):
    net = classifier()
    with pytest.raises(KeyboardInterrupt):
        fit(net, data, callbacks=[At(lambda: (ctrl_c(), ctrl_c()), "on_steps")])
    assert_trains(net, data)


def test_a_fit_that_is_never_entered_does_not_block(data):
    net = classifier()
    waiting = [net.fitting(*data, epochs=2, batch_size=SIZE) for _ in range(3)]
    assert_trains(net, data)
    with waiting[1] as first:
        assert len(list(first)) == 2
    assert waiting[2].epoch()["epoch"] == net.epochs
    assert_trains(net, data)


def test_a_fit_may_be_entered_where_it_was_not_made(data):
    net, twin = classifier(), classifier()
    made = net.fitting(*data, epochs=2, batch_size=SIZE)
    assert in_a_thread(made.run) is None
    fit(twin, data, epochs=2, optimizer=bpnet.SGD(0.1))
    assert parameters(net).tobytes() == parameters(twin).tobytes()
