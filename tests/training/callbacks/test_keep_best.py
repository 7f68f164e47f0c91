"""The best epoch is kept, and restored at the end."""

import numpy as np
from _backends import parameters
from training._fits import classifier, fit

import bpnet


def test_the_best_epoch_is_kept_to_the_end(target, data, unseen):
    after, net = {}, classifier(target.backend())

    class Recorder(bpnet.Callback):
        def on_epoch_end(self, fit, row):
            after[row["epoch"]] = parameters(fit.net)

    best = bpnet.KeepBest()
    options = {"epochs": 30, "validation": unseen, "optimizer": bpnet.SGD(1.0)}
    history = fit(net, data, callbacks=[Recorder(), best], **options)
    figures = history["validation_cost"]
    assert (best.epoch, best.figure) == (1 + int(np.argmin(figures)), min(figures))
    assert (history.stopped, len(history), history.best_epoch) == ("completed", 30, best.epoch)
    assert best.epoch < 30
    assert np.array_equal(parameters(net), after[best.epoch])


def test_the_best_epoch_may_be_looked_at_without_being_restored(target, data, unseen):
    net, best = classifier(target.backend()), bpnet.KeepBest("validation_accuracy", restore=False)
    options = {"epochs": 30, "validation": unseen, "optimizer": bpnet.SGD(1.0)}
    history = fit(net, data, callbacks=[best], **options)
    accuracies, last = history["validation_accuracy"], parameters(net)
    assert history.best_epoch is None
    assert best.epoch == 1 + int(np.argmax(accuracies)), "the first of equals"
    with best.restored():
        assert net.accuracy(*unseen) == best.figure == max(accuracies)
    assert np.array_equal(parameters(net), last)
    best.restore()
    assert net.accuracy(*unseen) == best.figure
    assert history.best_epoch == best.epoch


def test_after_ctrl_c_the_best_epoch_is_not_restored(data, ctrl_c):
    class Press(bpnet.Callback):
        def on_epoch_end(self, fit, row):
            if row["epoch"] == 2:
                ctrl_c()

    net, twin, best = classifier(), classifier(), bpnet.KeepBest("train_cost", mode="max")
    history = fit(net, data, callbacks=[best, Press()])
    fit(twin, data, epochs=2)
    assert (history.stopped, history.best_epoch, best.epoch) == ("interrupted", None, 1)
    assert np.array_equal(parameters(net), parameters(twin))


def test_without_an_epoch_nothing_is_restored(data):
    net, best = classifier(), bpnet.KeepBest("train_cost")
    before = parameters(net)
    fit(net, data, epochs=0, callbacks=[best])
    with best.restored():
        pass
    assert (best.epoch, best.figure) == (None, None)
    assert np.array_equal(parameters(net), before)
