"""bpnet.book.network2, against the book's own loops, seed for seed."""

import copy
import json
import pickle
import random
import sys
from itertools import pairwise

import numpy as np
import pytest
from _backends import relative
from book._samples import evaluation_samples, training_samples

from benchmarks import book_loops as transcription
from bpnet.book import network2
from bpnet.book.matrix_form import columns

MONITORS = {
    "monitor_evaluation_cost": True,
    "monitor_evaluation_accuracy": True,
    "monitor_training_cost": True,
    "monitor_training_accuracy": True,
}


def seed(number=12345678):
    random.seed(number)
    np.random.seed(number)  # noqa: NPY002 - the book's stream


def flat(net):
    return np.concatenate([one.ravel() for one in (*net.weights, *net.biases)])


def next_numbers():
    """What the two streams give next: how much of them was used."""
    return random.random(), np.random.rand()  # noqa: NPY002


def both(sizes=(12, 7, 10), cost="CrossEntropyCost", large=False):
    """The book's network and this one, with the same parameters; the streams begin anew."""
    made = []
    for module in (transcription, network2):
        seed()
        net = module.Network(list(sizes), cost=getattr(module, cost))
        if large:
            net.large_weight_initializer()
        made.append(net)
    return made


@pytest.mark.parametrize("large", [False, True])
def test_initial_parameters_are_the_book_s(large):
    expected, net = both(large=large)
    assert relative(flat(net), flat(expected)) == 0.0
    assert [b.shape for b in net.biases] == [(7, 1), (10, 1)]
    assert (net.sizes, net.num_layers, net.cost) == ([12, 7, 10], 3, network2.CrossEntropyCost)


@pytest.mark.parametrize("cost", ["CrossEntropyCost", "QuadraticCost"])
@pytest.mark.parametrize("sizes", [(12, 10), (12, 7, 10), (12, 7, 5, 6, 10)])
@pytest.mark.parametrize(("size", "eta", "lmbda"), [(10, 0.5, 0.0), (1, 0.5, 5.0), (100, 3.0, 0.1)])
def test_seeded_runs_are_the_book_s(capsys, cost, sizes, size, eta, lmbda):
    lists, used, orders, nets = [], [], [], []
    for net in both(sizes, cost):
        seed(3)
        data = training_samples()
        options = MONITORS if isinstance(net, network2.Network) else {}
        lists.append(net.SGD(data, 4, size, eta, lmbda, evaluation_samples(), **options))
        used.append(next_numbers())
        orders.append([x.tobytes() for x, _ in data])
        nets.append(net)
    assert relative(flat(nets[1]), flat(nets[0])) < 1e-13
    assert used[0] == used[1]
    assert orders[0] == orders[1]
    costs, counts = slice(0, None, 2), slice(1, None, 2)
    assert relative(np.asarray(lists[1][costs]), np.asarray(lists[0][costs])) < 1e-13
    assert [*lists[1][counts]] == [*lists[0][counts]]
    assert {type(count) for counts in lists[1][counts] for count in counts} == {int}


def test_what_is_printed_is_the_book_s(capsys):
    _, net = both()
    data, test = training_samples(), evaluation_samples()
    costs, counts, training_costs, training_counts = net.SGD(
        data, 1, 10, 0.5, 1.0, test, **MONITORS
    )
    assert capsys.readouterr().out.splitlines() == [
        "Epoch 0 training complete",
        f"Cost on training data: {training_costs[0]}",
        f"Accuracy on training data: {training_counts[0]} / 37",
        f"Cost on evaluation data: {costs[0]}",
        f"Accuracy on evaluation data: {counts[0]} / 23",
        "",
    ]
    assert net.SGD(data, 1, 10, 0.5) == ([], [], [], [])
    assert capsys.readouterr().out == "Epoch 0 training complete\n\n"


def test_one_epoch_after_another_is_a_run_of_many(capsys):
    nets = []
    for epochs in ([3], [1, 1, 1], [1, 2]):
        _, net = both()
        data = training_samples()
        for count in epochs:
            net.SGD(data, count, 10, 0.5, 2.0)
        nets.append(flat(net))
    assert relative(nets[1], nets[0]) == 0.0
    assert relative(nets[2], nets[0]) == 0.0


def test_a_run_that_diverges_goes_on_as_the_book_s_does(capsys):
    """With eta lmbda / n of 10 the weights grow beyond all bounds; the book's program just runs."""
    counts = []
    for net in both():
        seed(3)
        options = {} if not isinstance(net, network2.Network) else MONITORS
        with np.errstate(all="ignore"):
            found = net.SGD(
                training_samples(), 350, 10, 10.0, 37.0, evaluation_samples(), **options
            )
        counts.append((found[1], found[3]))
    assert not np.isfinite(flat(net)).all()
    # Rounding is amplified as well: what it leaves is the end, where every output is nan.
    assert counts[0][0][-1] == counts[1][0][-1]


@pytest.mark.parametrize("cost", ["CrossEntropyCost", "QuadraticCost"])
def test_backprop_and_a_single_step_are_the_book_s(cost):
    expected, net = both(cost=cost)
    data = training_samples()
    for x, y in data[:3]:
        for found, right in zip(net.backprop(x, y), expected.backprop(x, y), strict=True):
            assert [one.shape for one in found] == [one.shape for one in right]
            for one, other in zip(found, right, strict=True):
                assert relative(one, other) < 1e-13
    assert relative(net.feedforward(x), expected.feedforward(x)) < 1e-15
    before = net.weights[0]
    kept = before.copy()
    expected.update_mini_batch(data[:10], 0.5, 5.0, 37)
    net.update_mini_batch(data[:10], 0.5, 5.0, 37)
    assert relative(flat(net), flat(expected)) < 1e-14
    assert relative(before, kept) == 0.0  # the step makes new arrays


@pytest.mark.parametrize("kind", [zip, tuple, iter])
def test_samples_need_not_be_a_list(capsys, kind):
    results = []
    for make in (
        list,
        (lambda data: zip(*zip(*data, strict=True), strict=True)) if kind is zip else kind,
    ):
        _, net = both()
        found = net.SGD(
            make(training_samples()), 2, 10, 0.5, 1.0, make(evaluation_samples()), **MONITORS
        )
        results.append(found)
    assert results[0] == results[1]


def test_columns_of_any_numbers_are_taken(capsys):
    data = training_samples()
    results = []
    for convert in (
        lambda x: x.astype(np.float64),
        lambda x: x.tolist(),
        lambda x: x.astype(np.float64).tolist(),
    ):
        _, net = both()
        net.SGD([(convert(x), y.tolist()) for x, y in data], 2, 10, 0.5)
        net.update_mini_batch([(convert(x), y) for x, y in data], 0.5, 0.0, 37)
        results.append(flat(net))
    assert relative(results[1], results[0]) == 0.0
    assert relative(results[2], results[0]) == 0.0


# ------------------------------------------------------------------ costs


def test_costs_are_classes_or_objects(tmp_path, capsys):
    path = tmp_path / "net.json"
    results = []
    for cost in (network2.QuadraticCost, network2.QuadraticCost()):
        seed()
        net = network2.Network([12, 7, 10], cost=cost)
        results.append(net.SGD(training_samples(), 2, 10, 0.5, monitor_training_cost=True))
        net.save(path)
        assert network2.load(path).cost is network2.QuadraticCost
    assert results[0] == results[1]


def test_the_values_of_costs_are_the_book_s():
    rng = np.random.default_rng(1)
    a, y, z = (
        rng.uniform(0.0, 1.0, (10, 1)),
        rng.uniform(0.0, 1.0, (10, 1)),
        rng.normal(size=(10, 1)),
    )
    for name in ("QuadraticCost", "CrossEntropyCost"):
        cost, expected = getattr(network2, name), getattr(transcription, name)
        assert cost.fn(a, y) == pytest.approx(expected.fn(a, y), rel=1e-15)
        assert relative(cost.delta(z, a, y), expected.delta(z, a, y)) < 1e-15
    certain = np.asarray([[1.0], [0.0], [1.0], [0.0]])
    wanted = np.asarray([[1.0], [0.0], [0.0], [1.0]])
    right, wrong = slice(0, 2), slice(2, 3)
    assert network2.CrossEntropyCost.fn(certain[right], wanted[right]) == 0.0
    assert network2.CrossEntropyCost.fn(certain[wrong], wanted[wrong]) == sys.float_info.max
    with pytest.raises(ValueError, match=r"a has shape \(4, 1\) and y has shape \(4,\)"):
        network2.CrossEntropyCost.fn(certain, wanted[:, 0])


def test_a_certain_and_wrong_network_costs_what_it_does_in_the_book():
    expected, net = both()
    digits = np.arange(10.0)[:, None]
    for outputs, low, high in (
        (digits == 3, 1e300, sys.float_info.max),
        (digits < 5, np.inf, np.inf),
    ):
        for one in (expected, net):
            one.biases = [np.zeros((7, 1)), np.where(outputs, 1e3, -20.0)]
            one.weights = [np.zeros((7, 12)), np.zeros((10, 7))]
        data = training_samples()
        right = expected.total_cost(data, 0.0)
        assert low <= right <= high
        assert net.total_cost(data, 0.0) == pytest.approx(right, rel=1e-13)


class Softmax:
    """Log-likelihood with a delta that depends on the whole column of a sample."""

    @staticmethod
    def fn(a, y):
        return -float(np.log((a / a.sum())[y == 1.0][0]))

    @staticmethod
    def delta(z, a, y):
        return a / np.sum(a) - y


def test_a_cost_of_one_s_own(capsys):
    seed()
    expected = transcription.Network([12, 7, 10], cost=Softmax)
    seed()
    net = network2.Network([12, 7, 10], cost=Softmax)
    seed(3)
    right = expected.SGD(training_samples(), 2, 10, 0.5, 1.0, evaluation_samples())
    seed(3)
    found = net.SGD(training_samples(), 2, 10, 0.5, 1.0, evaluation_samples(), **MONITORS)
    assert relative(flat(net), flat(expected)) < 1e-13
    assert relative(np.asarray(found), np.asarray(right)) < 1e-13


def test_what_is_no_cost_is_refused():
    with pytest.raises(
        TypeError, match=r"cost must have fn, as QuadraticCost .* 'quadratic' has none"
    ):
        network2.Network([2, 1], cost="quadratic")


# ------------------------------------------------------------------ methods of a subclass


@pytest.mark.parametrize("name", ["backprop", "update_mini_batch", "feedforward", "accuracy"])
def test_a_method_of_a_subclass_is_called(capsys, name):
    calls = []

    def method(self, *args, **options):
        calls.append(name)
        return getattr(network2.Network, name)(self, *args, **options)

    seed()
    net = type("Own", (network2.Network,), {name: method})([12, 7, 10])
    seed(3)
    found = net.SGD(training_samples(), 2, 10, 0.5, 1.0, evaluation_samples(), **MONITORS)
    _, plain = both()
    seed(3)
    right = plain.SGD(training_samples(), 2, 10, 0.5, 1.0, evaluation_samples(), **MONITORS)
    counts = {"backprop": 2 * 37, "update_mini_batch": 2 * 4, "feedforward": 4 * (37 + 23)}
    assert len(calls) == counts.get(name, 4)
    assert relative(np.asarray(found), np.asarray(right)) < 1e-13


def test_an_initializer_of_a_subclass_is_called():
    class Zeros(network2.Network):
        def default_weight_initializer(self):
            self.biases = [np.zeros((n, 1)) for n in self.sizes[1:]]
            self.weights = [np.zeros((n, m)) for m, n in pairwise(self.sizes)]

    assert not flat(Zeros([2, 3, 1])).any()


# ------------------------------------------------------------------ parameters


def test_parameters_are_read_and_assigned():
    _, net = both()
    net.weights[0][2, 3] = 5.0
    net.biases[1] = np.ones((10, 1))
    net.weights[1] = [[0.5] * 7] * 10  # an entry may be replaced by anything of the shape
    x = training_samples()[0][0]
    hidden = transcription.sigmoid(net.weights[0] @ x + net.biases[0])
    expected = transcription.sigmoid(np.full((10, 7), 0.5) @ hidden + 1.0)
    assert relative(net.feedforward(x), expected) < 1e-14
    net.weights = [np.zeros((7, 12), np.float32), np.zeros((10, 7), int)]
    net.biases = [np.zeros((7, 1)), np.zeros((10, 1))]
    assert net.feedforward(x).tolist() == [[0.5]] * 10
    assert {one.dtype.name for one in net.weights} == {"float64"}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            {"biases": [np.zeros(7), np.zeros((10, 1))]},
            r"biases\[0\] has shape \(7,\), expected \(7, 1\)",
        ),
        ({"biases": [np.zeros((7, 1))]}, "biases has 1 array, expected 2"),
        ({"weights": [np.zeros((12, 7)), np.zeros((10, 7))]}, r"weights\[0\] has shape \(12, 7\)"),
        (
            {"weights": [np.zeros((7, 12), complex), np.zeros((10, 7))]},
            r"weights\[0\] holds complex",
        ),
    ],
)
def test_parameters_of_another_shape_are_refused(wrong, message):
    _, net = both()
    before = flat(net)
    ((name, value),) = wrong.items()
    with pytest.raises((ValueError, TypeError), match=message):
        setattr(net, name, value)
    assert relative(flat(net), before) == 0.0


def test_an_entry_of_another_shape_is_refused_when_it_is_used(capsys):
    _, net = both()
    net.biases[0] = np.zeros(7)
    data = training_samples()
    order = [x.tobytes() for x, _ in data]
    seed(3)
    for call in (
        lambda: net.feedforward(data[0][0]),
        lambda: net.backprop(*data[0]),
        lambda: net.update_mini_batch(data, 0.5, 0.0, 37),
        lambda: net.SGD(data, 1, 10, 0.5),
        lambda: net.accuracy(evaluation_samples()),
    ):
        with pytest.raises(ValueError, match=r"biases\[0\] has shape \(7,\), expected \(7, 1\)"):
            call()
    assert [x.tobytes() for x, _ in data] == order
    seed(3)
    first = random.random()
    seed(3)
    assert random.random() == first


# ------------------------------------------------------------------ samples


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda x, y: (x[:, 0], y),
            r"x of training_data\[5\] has shape \(12,\), expected \(12, 1\): r",
        ),
        (lambda x, y: (x.T, y), r"x of training_data\[5\] has shape \(1, 12\), expected \(12, 1\)"),
        (
            lambda x, y: (x[:-1], y),
            r"x of training_data\[5\] has shape \(11, 1\), expected \(12, 1\)",
        ),
        (
            lambda x, y: (x, y[:, 0]),
            r"y of training_data\[5\] has shape \(10,\), expected \(10, 1\)",
        ),
        (lambda x, y: (x, 3), r"y of training_data\[5\] is 3, .*vectorized_result"),
        (lambda x, y: (x, np.int64(3)), r"y of training_data\[5\] is .*3.*, .*vectorized_result"),
        (lambda x, y: x, r"training_data\[5\] must be a pair \(x, y\)"),
        (lambda x, y: (x, y, 1), r"training_data\[5\] must be a pair \(x, y\)"),
        (lambda x, y: (x.astype(str), y), r"training_data\[5\]\[0\] holds text"),
        (
            lambda x, y: (x.astype(complex), y),
            r"training_data\[5\]\[0\] holds complex",
        ),
    ],
)
def test_samples_of_another_shape_are_refused_before_anything_changes(capsys, change, message):
    _, net = both()
    data = training_samples()
    data[5] = change(*data[5])
    before, order = flat(net), list(data)
    state = random.getstate()
    with pytest.raises((ValueError, TypeError), match=message):
        net.SGD(data, 2, 10, 0.5)
    assert relative(flat(net), before) == 0.0
    assert all(one is other for one, other in zip(data, order, strict=True))
    assert random.getstate() == state
    with pytest.raises(
        (ValueError, TypeError), match=message.replace("training_data", "mini_batch")
    ):
        net.update_mini_batch(data[:10], 0.5, 0.0, 37)


def test_inputs_of_another_shape_are_refused():
    _, net = both()
    x, y = training_samples()[0]
    with pytest.raises(ValueError, match=r"a has shape \(12,\), expected \(12, 1\): reshape"):
        net.feedforward(x[:, 0])
    with pytest.raises(ValueError, match=r"a has shape \(11, 1\), expected \(12, 1\)"):
        net.feedforward(x[1:])
    with pytest.raises(ValueError, match=r"x has shape \(12,\), expected \(12, 1\)"):
        net.backprop(x[:, 0], y)
    with pytest.raises(ValueError, match=r"y has shape \(10,\), expected \(10, 1\)"):
        net.backprop(x, y[:, 0])
    many = np.hstack([x for x, _ in training_samples()])
    assert net.feedforward(many).shape == (10, 37)


def test_digits_and_columns_that_are_mixed_up_are_told():
    _, net = both()
    with pytest.raises(
        ValueError, match=r"y of sample 0 has shape \(10, 1\), expected a digit: .*conv"
    ):
        net.accuracy(training_samples())
    with pytest.raises(ValueError, match=r"y of sample 0 has shape \(\), expected \(10, 1\)"):
        net.accuracy(evaluation_samples(), convert=True)
    with pytest.raises(ValueError, match="10 is no digit of 10 outputs: expected one of 0 to 9"):
        net.total_cost([(training_samples()[0][0], 10)], 0.0, convert=True)


def test_the_number_of_a_sample_is_that_of_the_list(monkeypatch):
    """Samples are computed in parts."""
    monkeypatch.setattr(columns, "_ENTRIES", 12 * 5)
    _, net = both()
    data = evaluation_samples()
    expected = both()[0].accuracy(data)
    assert net.accuracy(data) == expected
    for change, message in (
        (lambda x, y: (x[:, 0], y), r"x of sample 17 has shape \(12,\)"),
        (lambda x, y: (x, x), r"y of sample 17 has shape \(12, 1\), expected a digit"),
        (lambda x, y: x, r"sample 17 must be a pair \(x, y\)"),
    ):
        wrong = list(data)
        wrong[17] = change(*data[17])
        with pytest.raises((ValueError, TypeError), match=message):
            net.accuracy(wrong)


def test_one_hot_rows_are_as_many_as_the_outputs():
    """The book's has ten entries whatever the network: there this raises."""
    net = network2.Network([12, 3])
    cost = net.total_cost(evaluation_samples(n_out=3), 0.0, convert=True)
    assert cost == pytest.approx(
        net.total_cost(
            [(x, transcription.vectorized_result(y, 3)) for x, y in evaluation_samples(n_out=3)],
            0.0,
        )
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"epochs": -1}, "epochs must be at least 0"),
        ({"epochs": 1.5}, "epochs must be"),
        ({"mini_batch_size": 0}, "mini_batch_size must be at least 1"),
        ({"eta": "fast"}, "eta must be a number"),
        ({"eta": float("nan")}, "eta must be"),
        ({"lmbda": None}, "lmbda must be a number"),
        ({"training_data": []}, "training_data is empty"),
        ({"training_data": None}, "training_data must be a list"),
        ({"monitor_evaluation_cost": True}, "evaluation_data is empty"),
    ],
)
def test_arguments_out_of_range_are_refused(arguments, message):
    _, net = both()
    given = {"training_data": training_samples(), "epochs": 1, "mini_batch_size": 10, "eta": 0.5}
    with pytest.raises((ValueError, TypeError), match=message):
        net.SGD(**{**given, **arguments})


def test_a_quotient_is_a_number_of_epochs(capsys):
    """`more_data.py` has ``1500000 / size``: a float in Python 3."""
    _, net = both()
    net.SGD(training_samples(), 4 / 2, 10, 0.5)
    assert capsys.readouterr().out.count("training complete") == 2


@pytest.mark.parametrize("sizes", [[3], [], [2, 0, 1], [2, 1.5]])
def test_sizes_out_of_range_are_refused(sizes):
    with pytest.raises((ValueError, TypeError), match="sizes"):
        network2.Network(sizes)


# ------------------------------------------------------------------ files and copies


def test_files_are_the_book_s(tmp_path):
    _, net = both()
    net.save(tmp_path / "net.json")
    content = json.loads((tmp_path / "net.json").read_text())
    assert sorted(content) == ["biases", "cost", "sizes", "weights"]
    assert (content["sizes"], content["cost"]) == ([12, 7, 10], "CrossEntropyCost")
    assert np.asarray(content["biases"][0]).shape == (7, 1)  # as the book's `load` takes it
    seed()
    loaded = network2.load(tmp_path / "net.json")
    assert relative(flat(loaded), flat(net)) == 0.0
    used = next_numbers()
    seed()
    network2.Network([12, 7, 10])  # the book's `load` makes a network first
    assert next_numbers() == used


def test_numbers_of_numpy_are_saved(tmp_path):
    network2.Network(tuple(np.asarray([2, 3, 1]))).save(tmp_path / "net.json")
    assert network2.load(str(tmp_path / "net.json")).sizes == [2, 3, 1]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("not JSON", "not a network that network2 saved"),
        ("[1, 2]", "not a network that network2 saved"),
        ('{"sizes": [2, 1]}', "not a network that network2 saved"),
        (
            '{"sizes": [2, 1], "cost": "Mine", "weights": [[[1, 2]]], "biases": [[[0]]]}',
            r"its cost 'Mine' is not in this module: .* set network2\.Mine = Mine",
        ),
        (
            '{"sizes": [2, 1], "cost": "load", "weights": [[[1, 2]]], "biases": [[[0]]]}',
            "its cost 'load'",
        ),
        (
            '{"sizes": [2, 1], "cost": "QuadraticCost", "weights": [[[1, 2]]], "biases": [[0]]}',
            r"biases\[0\] has shape \(1,\), expected \(1, 1\)",
        ),
    ],
)
def test_files_that_hold_no_network_are_refused(tmp_path, content, message):
    path = tmp_path / "net.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=rf"net\.json: .*{message}"):
        network2.load(path)


def test_a_cost_of_one_s_own_is_found_where_the_message_says(tmp_path, monkeypatch):
    network2.Network([12, 10], cost=Softmax).save(tmp_path / "net.json")
    with pytest.raises(ValueError, match=r"network2\.Softmax = Softmax"):
        network2.load(tmp_path / "net.json")
    monkeypatch.setattr(network2, "Softmax", Softmax, raising=False)
    assert network2.load(tmp_path / "net.json").cost is Softmax


def test_networks_are_copied_and_pickled(capsys):
    _, net = both()
    net.SGD(training_samples(), 1, 10, 0.5)
    for other in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert relative(flat(other), flat(net)) == 0.0
        before = flat(net)
        other.SGD(training_samples(), 1, 10, 0.5)
        assert relative(flat(net), before) == 0.0
        assert relative(flat(other), before) > 0.0
