"""A fit in a with block: epochs one by one."""

import pytest
from _backends import parameters
from training._fits import SETTINGS, SIZE, classifier

import bpnet


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_epochs_one_by_one_are_a_fit(target, data, settings):
    whole, parts = classifier(target.backend()), classifier(target.backend())
    history = whole.fit(*data, epochs=3, batch_size=SIZE, validation=data, **settings)
    with parts.fitting(*data, epochs=3, batch_size=SIZE, validation=data, **settings) as fit:
        rows = list(fit)
    assert (parameters(parts) == parameters(whole)).all()
    for one in (rows, fit.history.rows):
        assert [{**row, "seconds": 0} for row in one] == [
            {**row, "seconds": 0} for row in history.rows
        ]
    assert fit.history.stopped == "completed"


def test_between_epochs_the_network_can_be_used_and_the_fit_be_left(data):
    class Ends(bpnet.Callback):
        ended = 0

        def on_fit_end(self, fit):
            self.ended += 1

    ends, net, twin = Ends(), classifier(), classifier()
    with net.fitting(*data, epochs=9, batch_size=SIZE, callbacks=[ends]) as fit:
        for row in fit:
            assert row["epoch"] == net.epochs
            assert not ends.ended
            if net.epochs == 2:
                break
    assert ends.ended == 1
    assert len(fit.history) == 2
    assert fit.history.stopped == "left"
    twin.fit(*data, epochs=2, batch_size=SIZE)
    assert (parameters(net) == parameters(twin)).all()


def test_an_error_between_two_epochs_comes_through(data):
    def look(net):
        with net.fitting(*data, epochs=9, batch_size=SIZE) as fit:
            for _ in fit:
                raise OSError("mine")

    net = classifier()
    with pytest.raises(OSError, match="mine"):
        look(net)
    assert net.epochs == 1


class Ends(bpnet.Callback):
    """Counts the ends of a fit."""

    count = 0

    def on_fit_end(self, fit):
        self.count += 1


def test_epochs_outside_of_a_with_block_do_not_end_the_fit(data):
    net, twin, ends = classifier(), classifier(), Ends()
    keep = bpnet.KeepBest("train_cost", mode="max")  # would restore the first epoch at each end
    fit = net.fitting(*data, epochs=3, batch_size=SIZE, callbacks=[ends, keep])
    assert len(list(fit)) == 3
    twin.fit(*data, epochs=3, batch_size=SIZE)
    assert (fit.history.stopped, ends.count) == ("completed", 0)
    assert (parameters(net) == parameters(twin)).all()


@pytest.mark.parametrize("optimizer", [bpnet.SGD(0.1), bpnet.Momentum(0.1), bpnet.Adam()], ids=str)
def test_the_optimizer_may_be_reset_between_epochs(target, data, optimizer):
    net, twin = classifier(target.backend()), classifier(target.backend())
    with net.fitting(*data, epochs=3, batch_size=SIZE, optimizer=optimizer) as fit:
        for _ in fit:
            net.reset_optimizer()
    for _ in range(3):
        twin.fit(*data, epochs=1, batch_size=SIZE, optimizer=optimizer)
        twin.reset_optimizer()
    assert (parameters(net) == parameters(twin)).all()


@pytest.mark.parametrize("optimizer", [bpnet.SGD(0.1), bpnet.Momentum(0.1)], ids=str)
def test_an_epoch_that_failed_can_be_trained_again(target, data, optimizer):
    class Fails(bpnet.Callback):
        left = 5

        def on_steps(self, fit, steps):
            self.left -= 1
            if self.left == 0:
                raise OSError("mine")

    net, twin = classifier(target.backend()), classifier(target.backend())
    fails = Fails()
    with net.fitting(
        *data, epochs=3, batch_size=SIZE, optimizer=optimizer, callbacks=[fails]
    ) as fit:
        fit.limit_block(1)
        fit.epoch()
        with pytest.raises(OSError, match="mine"):
            fit.epoch()
        assert (net.epochs, net.steps, fit.steps_done) == (1, 3, 3)
        assert fit.epoch()["epoch"] == 2
    assert net.steps == 6
    twin.fit(*data, epochs=1, batch_size=SIZE, optimizer=optimizer)
    twin.reset_optimizer()
    twin.fit(*data, epochs=1, batch_size=SIZE, optimizer=optimizer)
    assert (parameters(net) == parameters(twin)).all()


def test_a_fit_that_diverged_can_be_tried_with_a_lower_rate(data):
    net = classifier(dtype="float32")
    with net.fitting(*data, epochs=3, batch_size=SIZE, optimizer=bpnet.SGD(1e38), l2=1.0) as fit:
        with pytest.raises(bpnet.DivergenceError):
            fit.epoch()
        fit.rate_factor = 1e-39
        assert [row["epoch"] for row in fit] == [1, 2, 3]


def test_a_fit_begins_where_another_has_ended(data):
    net = classifier()
    fit = net.fitting(*data, epochs=2, batch_size=SIZE)
    net.fit(*data, epochs=5, batch_size=SIZE)
    with fit:
        assert (fit.first_epoch, fit.steps_done) == (6, 15)
        assert [row["epoch"] for row in fit] == [6, 7]
    assert (fit.first_epoch, fit.steps_done, net.steps) == (6, 21, 21)


def test_a_fit_that_is_not_entered_leaves_the_network_as_it_is(data):
    pytest.importorskip("scipy", reason="scipy is not installed")
    net = classifier()
    net.fit(*data, epochs=1, batch_size=SIZE, optimizer=bpnet.Adam(), average=0.9)
    before = net.state
    for optimizer in (bpnet.SGD(0.1), bpnet.LBFGS()):
        net.fitting(*data, epochs=2, optimizer=optimizer)
    assert net.state is before


def test_an_error_of_an_optimizer_at_its_begin_lets_others_train(data, monkeypatch):
    net = classifier()
    fit = net.fitting(*data, epochs=1, optimizer=bpnet.Adam())
    net.reset_optimizer()
    with monkeypatch.context() as patch:
        patch.setattr(bpnet.Adam, "init", lambda *_: [][0])
        with pytest.raises(IndexError):
            fit.run()
    assert len(net.fit(*data, epochs=1)) == 1


def test_an_error_of_a_callback_at_the_end_closes_the_feed(data):
    class Fails(bpnet.Callback):
        def on_fit_end(self, fit):
            raise OSError("mine")

    net = classifier()
    fit = net.fitting(*data, epochs=1, callbacks=[Fails()])
    closed = []
    fit._feed.close = lambda: closed.append(True)
    with pytest.raises(OSError, match="mine"):
        fit.run()
    assert closed == [True]
