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
