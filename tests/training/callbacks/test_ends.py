"""Each callback that began is ended once, however the fit ends."""

import numpy as np
import pytest
from training._fits import SIZE, classifier, fit

import bpnet
from bpnet.data import ArraySource


class Recorded(bpnet.Callback):
    """Records its begins and ends, and may raise at one of its moments."""

    def __init__(self, log, name, at="", error=ValueError):
        self.log, self.name, self.at, self.error = log, name, at, error

    def _moment(self, moment):
        if moment == self.at:
            raise self.error(f"{self.name} at {moment}")

    def on_fit_begin(self, fit):
        self._moment("begin")
        self.log.append(f"{self.name} began")

    def on_steps(self, fit, steps):
        self._moment("steps")

    def on_epoch_end(self, fit, row):
        self._moment("epoch")

    def on_fit_end(self, fit):
        self.log.append(f"{self.name} ended {fit.history.stopped}")
        self._moment("end")


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_those_that_began_before_one_that_objects_are_ended(data, error):
    log = []
    several = [Recorded(log, "a"), Recorded(log, "b"), Recorded(log, "c", "begin", error)]
    with pytest.raises(error, match="c at begin"):
        fit(classifier(), data, callbacks=[*several, Recorded(log, "d")])
    assert log == ["a began", "b began", "a ended failed", "b ended failed"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize("moment", ["steps", "epoch", "end"])
def test_an_error_at_any_moment_ends_all_once(data, moment, error):
    log = []
    several = [Recorded(log, "a", moment, error), Recorded(log, "b"), Recorded(log, "c")]
    with pytest.raises(error, match=f"a at {moment}"):
        fit(classifier(), data, callbacks=several)
    how = "completed" if moment == "end" else "failed"
    assert log[3:] == [f"{name} ended {how}" for name in "abc"]


def test_an_error_in_one_end_and_in_the_next(data):
    log = []
    several = [Recorded(log, "a", "end"), Recorded(log, "b", "end"), Recorded(log, "c")]
    with pytest.raises(ValueError, match="b at end") as caught:
        fit(classifier(), data, callbacks=several)
    assert str(caught.value.__context__) == "a at end"
    assert log[3:] == [f"{name} ended completed" for name in "abc"]


def test_an_error_in_a_source_ends_them(data):
    class Torn(ArraySource):
        def read(self, start, stop):
            raise OSError("torn")

    log, (x, y) = [], data
    with pytest.raises(OSError, match="torn"):
        classifier().fit(Torn(x, y), epochs=2, batch_size=SIZE, callbacks=[Recorded(log, "a")])
    assert log == ["a began", "a ended failed"]


def test_a_checkpoint_of_another_fit_ends_them(data, tmp_path):
    fit(classifier(), data, epochs=1, callbacks=[bpnet.Checkpoint(tmp_path)])
    log = []
    with pytest.raises(ValueError, match="batch size"):
        fit(classifier(), data, batch_size=2, resume=tmp_path, callbacks=[Recorded(log, "a")])
    assert log == ["a began", "a ended failed"]


def test_lbfgs_ends_them(data):
    pytest.importorskip("scipy", reason="scipy is not installed")
    log = []
    several = [Recorded(log, "a"), Recorded(log, "b", "begin")]
    with pytest.raises(ValueError, match="b at begin"):
        fit(classifier(), data, optimizer=bpnet.LBFGS(), batch_size=32, callbacks=several)
    assert log == ["a began", "a ended failed"]


def test_a_fit_that_another_one_outruns_ends_them(data):
    """Between its callbacks' begin and its first epoch another thread may begin a fit."""
    log, net = [], classifier()
    made = net.fitting(*data, epochs=1, batch_size=SIZE, callbacks=[Recorded(log, "a")])
    other = net.fitting(*data, epochs=1, batch_size=SIZE)
    with other, pytest.raises(RuntimeError, match="trained already"):
        made.run()
    assert log == ["a began", "a ended failed"]


def test_a_fit_entered_again_begins_and_ends_them_again(data):
    log = []
    made = classifier().fitting(*data, epochs=3, batch_size=SIZE, callbacks=[Recorded(log, "a")])
    for _ in range(2):
        with made:
            made.epoch()
    assert log == ["a began", "a ended left"] * 2
    assert np.isfinite(made.history["train_cost"]).all()
