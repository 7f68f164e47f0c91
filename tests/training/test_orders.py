"""The order in which an epoch uses its samples: keyed, the rows' own, or the user's."""

import itertools

import numpy as np
import pytest
from _backends import parameters, relative
from training._fits import SETTINGS, SIZE, N, assert_refused, classifier, fit, step
from training._interrupted import broken, resumed, whole
from training.streaming._feeds import batches, feed

import bpnet
from bpnet.data import ArraySource
from bpnet.training.orders import order_of_epoch


class Asked:
    """An order of one's own, of which it is known when it was asked for."""

    def __init__(self, log=None):
        self.log, self.state = [] if log is None else log, np.random.RandomState(0)

    def __call__(self, epoch):
        self.log.append(epoch)
        return self.state.permutation(N)


def backwards(epoch):
    return np.roll(np.arange(N)[::-1], epoch)


def by_hand(data, orders):
    """The network after steps on the mini-batches of these orders."""
    net = classifier()
    for order in orders:
        for k in range(0, N, SIZE):
            step(net, *(part[order[k : k + SIZE]] for part in data))
    return parameters(net)


def test_true_is_the_default_and_the_keyed_order(data):
    given, default = classifier(), classifier()
    fit(given, data, shuffle=np.True_)
    fit(default, data)
    assert np.array_equal(parameters(given), parameters(default))


def test_rows_in_their_own_order(target, data):
    net = classifier(target.backend())
    fit(net, data, shuffle=False)
    assert relative(parameters(net), by_hand(data, [np.arange(N)] * 3)) < 1e-13


def test_rows_in_an_order_of_ones_own(target, data):
    net = classifier(target.backend())
    fit(net, data, shuffle=backwards, epochs=2)
    fit(net, data, shuffle=backwards, epochs=1)  # which counts on
    assert relative(parameters(net), by_hand(data, map(backwards, range(3)))) < 1e-13


def test_row_numbers_may_be_arrays_of_the_networks_library(target, data):
    nets = [classifier(target.backend()) for _ in "ab"]
    fit(nets[0], data, shuffle=backwards)
    fit(nets[1], data, shuffle=lambda epoch: target.give(backwards(epoch).astype("int32")))
    assert np.array_equal(*map(parameters, nets))


def test_it_is_asked_once_an_epoch_when_that_begins(target, data):
    log = []

    class Noting(bpnet.Callback):
        def on_steps(self, fit, steps):
            log.append("steps")

        def on_epoch_end(self, fit, row):
            log.append("end")

    net = classifier(target.backend())
    shuffle = Asked(log)
    fit(net, data, shuffle=shuffle, evaluate_training=True, callbacks=[Noting()])
    expected = [[epoch, "steps", "steps", "end"] for epoch in range(3)]
    assert log == [*itertools.chain(*expected)]
    state = np.random.RandomState(0)
    orders = [state.permutation(N) for _ in range(3)]
    assert relative(parameters(net), by_hand(data, orders)) < 1e-13
    assert shuffle.state.permutation(N).tolist() == state.permutation(N).tolist()


def test_a_function_may_write_to_its_array_again(data):
    rows = np.arange(N)

    def shuffle(epoch):
        np.random.RandomState(epoch).shuffle(rows)
        return rows

    class Spoiling(bpnet.Callback):
        def on_steps(self, fit, steps):
            rows.sort()

    nets = [classifier() for _ in "ab"]
    for net, callbacks in zip(nets, ([], [Spoiling()]), strict=True):
        rows.sort()
        fit(net, data, epochs=1, shuffle=shuffle, callbacks=callbacks)
    assert np.array_equal(*map(parameters, nets))


@pytest.mark.parametrize("weights", [None, np.linspace(0.0, 3.0, N)])
@pytest.mark.parametrize("task", ["classification", "regression"])
def test_rows_may_be_repeated(data, weights, task):
    """The columns are those of the rows that were drawn."""
    cost = "log_likelihood" if task == "classification" else "quadratic"
    if task == "regression":
        data = data[0], np.eye(3)[data[1]]
    rows = np.random.default_rng(0).integers(0, N, N)
    nets = [classifier(cost=cost, task=task) for _ in "ab"]
    drawn = tuple(part[rows] for part in data)
    given = {"optimizer": bpnet.SGD(0.0), "epochs": 1, "metrics": ["mae"]}
    given |= {"metrics": ["log_loss"]} if task == "classification" else {}
    history = fit(nets[0], data, shuffle=lambda _: rows, sample_weight=weights, **given)
    weights = None if weights is None else weights[rows]
    expected = fit(nets[1], drawn, shuffle=False, sample_weight=weights, **given)
    for column in history.columns[:-1]:
        assert history[column] == pytest.approx(expected[column], rel=1e-13), column


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_with_other_settings(data, settings):
    nets = [classifier() for _ in "ab"]
    order = backwards(0)
    fit(nets[0], data, epochs=1, shuffle=backwards, **settings)
    fit(nets[1], tuple(part[order] for part in data), epochs=1, shuffle=False, **settings)
    assert np.array_equal(*map(parameters, nets))


@pytest.mark.parametrize(
    ("shuffle", "error", "words"),
    [
        (1, TypeError, "shuffle must be True, False or a function of the epoch's .*, not 1"),
        (None, TypeError, "shuffle must be .* not None"),
        ("yes", TypeError, "shuffle must be .* not 'yes'"),
        (np.arange(N), TypeError, r"shuffle must be .* not an array of shape \(25,\)"),
        (
            lambda epoch: np.arange(N - 1),
            ValueError,
            r"shuffle\(0\) returned an array of shape \(24,\), but there are 25 samples",
        ),
        (lambda epoch: np.arange(N)[:, None], ValueError, r"of shape \(25, 1\)"),
        (lambda epoch: 3, ValueError, r"of shape \(\)"),
        (lambda epoch: np.arange(N) + 1, ValueError, "from 1 to 25, but those of 25 .* 0 to 24"),
        (lambda epoch: np.arange(N) - 1, ValueError, "row numbers from -1 to 23"),
        (lambda epoch: np.full(N, 2**64 - 1, np.uint64), ValueError, "row numbers from 1844"),
        (lambda epoch: np.arange(N) * 1.0, TypeError, "returned float64: use integers"),
        (lambda epoch: np.ones(N, bool), TypeError, "returned bool: use integers"),
        (lambda epoch: ["a"] * N, TypeError, r"shuffle\(0\) holds text"),
        (lambda epoch: None, TypeError, r"shuffle\(0\)"),
    ],
)
def test_what_is_no_order_is_refused(data, shuffle, error, words):
    assert_refused(data, {"shuffle": shuffle}, error, words)


def test_an_error_in_a_later_epoch_leaves_the_parameters_of_the_last(data):
    net, other = classifier(), classifier()
    with pytest.raises(ValueError, match=r"shuffle\(2\) returned row numbers"):
        fit(net, data, shuffle=lambda epoch: np.arange(N) + epoch // 2)
    fit(other, data, epochs=2, shuffle=False)
    assert np.array_equal(parameters(net), parameters(other))
    assert net.epochs == 2


def test_row_numbers_on_their_own():
    assert order_of_epoch(False, 7, 3, seed=0).tolist() == [0, 1, 2]
    assert order_of_epoch(lambda epoch: [epoch, 0], 1, 2, seed=0).dtype == np.int64


class TestSources:
    def source(self, data):
        return ArraySource(*data)

    def test_rows_in_their_own_order(self, target, data):
        net, memory = (classifier(target.backend()) for _ in "ab")
        fit(net, (self.source(data),), shuffle=False)
        fit(memory, data, shuffle=False)
        assert relative(parameters(net), parameters(memory)) < 1e-13

    @pytest.mark.parametrize("n", [1, 19, 20, 61])
    @pytest.mark.parametrize("prefetch", [False, True])
    def test_in_some_buffers_and_from_any_step(self, n, prefetch):
        one = feed(n, 10, 20, shuffle=False, prefetch=prefetch)
        rows = [list(range(n))[k : k + 10] for k in range(0, n, 10)]
        for first in range(one.steps_per_epoch + 1):
            assert batches(one.blocks(3, first)) == rows[first:]

    def test_a_function_is_refused(self, data):
        words = "shuffle is the function backwards, which cannot order the rows of a source"
        assert_refused((self.source(data),), {"shuffle": backwards}, ValueError, words)
        assert_refused((self.source(data),), {"shuffle": 2}, TypeError, "shuffle must be True")


class TestResumed:
    @pytest.mark.parametrize("steps", [5, 14, 27])
    @pytest.mark.parametrize("source", [False, True])
    def test_rows_in_their_own_order(self, tmp_path, steps, source):
        from training._interrupted import samples

        options = {"shuffle": False}
        if source:
            options |= {"x": ArraySource(*samples()), "y": None}
        broken(tmp_path / "a", steps, **options)
        assert resumed(tmp_path / "a", **options) == whole(tmp_path / "b", **options)

    @pytest.mark.parametrize("steps", [5, 14, 27])
    @pytest.mark.parametrize("weights", [None, np.linspace(0.0, 3.0, 70)])
    def test_a_function_is_asked_for_the_epoch_again(self, tmp_path, steps, weights):
        log = []

        def shuffle(epoch):
            log.append(epoch)
            return np.random.default_rng(epoch).integers(0, 70, 70)

        options = {"shuffle": shuffle, "sample_weight": weights}
        broken(tmp_path / "a", steps, **options)
        begun = len(log)
        found = resumed(tmp_path / "a", **options)
        assert log == [*range(begun), *range((steps - 1) // 9, 4)]
        assert found == whole(tmp_path / "b", **options)

    @pytest.mark.parametrize(
        ("theirs", "mine", "words"),
        [
            (True, False, "its reading is 'arrays', here it is 'arrays, shuffle=False'"),
            (False, True, "its reading is 'arrays, shuffle=False', here it is 'arrays'"),
            (False, backwards, "here it is 'arrays, shuffle=the function backwards'"),
            (Asked(), backwards, "its reading is 'arrays, shuffle=the function Asked'"),
        ],
    )
    def test_another_order_is_refused(self, data, tmp_path, theirs, mine, words):
        fit(classifier(), data, shuffle=theirs, callbacks=[bpnet.Checkpoint(tmp_path)])
        with pytest.raises(ValueError, match=words):
            fit(classifier(), data, shuffle=mine, resume=tmp_path, epochs=4)

    def test_ctrl_c_and_the_rest_of_the_epoch(self, data):
        """An epoch that was left within is gone on with in its order."""
        shuffle = Asked()

        class Stop(bpnet.Callback):
            def on_fit_begin(self, fit):
                fit.limit_block(1)

            def on_steps(self, fit, steps):
                if fit.steps_done == 4:
                    fit.stop("enough", now=True)

        net = classifier()
        history = fit(net, data, shuffle=shuffle, callbacks=[Stop()])
        assert (shuffle.log, len(history), net.steps) == ([0, 1], 1, 4)


def test_l_bfgs_has_no_order(data):
    nets = [classifier() for _ in "ab"]
    shuffle = Asked()
    fit(nets[0], data, optimizer="lbfgs", shuffle=shuffle)
    fit(nets[1], data, optimizer="lbfgs")
    assert np.array_equal(*map(parameters, nets))
    assert shuffle.log == []
