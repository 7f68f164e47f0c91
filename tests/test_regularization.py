"""What holds training back: penalties, bounds, weights of samples, averages, smoothing."""

import itertools
import math

import numpy as np
import pytest
from _backends import host, parameters, relative

import bpnet
from bpnet import Layer
from bpnet.randomness import epoch_order
from bpnet.training import StepConfig

N, SIZE = 25, 10  # batches of 10, 10 and 5


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    return rng.standard_normal((N, 4)), rng.integers(0, 3, N)


def classifier(backend=None, **options):
    options = {"cost": "log_likelihood", "seed": 4, "dtype": "float64", **options}
    return bpnet.Network([4, 6, 3], activations="tanh", backend=backend, **options)


def fit(net, data, **options):
    options = {"epochs": 3, "batch_size": SIZE, "optimizer": bpnet.SGD(0.5), **options}
    return net.fit(*data, **options)


def fitted(data, target=None, network=classifier, **options):
    """Parameters after a fit, on a target or on NumPy."""
    net = network(target.backend() if target else None)
    given = [target.give(one) if target else one for one in data]
    history = fit(net, given, **options)
    return parameters(net), history


# ------------------------------------------------------------------ a transcription in PyTorch


class Transcription:
    """The classifier above, trained by PyTorch alone over the same mini-batches."""

    def __init__(self, torch, net):
        self.torch, self.seed = torch, net.seed
        sizes = list(itertools.pairwise(net.sizes))
        self.linears = [torch.nn.Linear(*pair, dtype=torch.float64) for pair in sizes]
        self.module = torch.nn.Sequential(self.linears[0], torch.nn.Tanh(), self.linears[1])
        with torch.no_grad():
            for linear, w, b in zip(self.linears, net.weights, net.biases, strict=True):
                linear.weight.copy_(torch.tensor(w))
                linear.bias.copy_(torch.tensor(b))

    def train(self, data, *, loss=None, before=None, after=None, epochs=3, rate=0.5):
        """Steps of gradient descent; ``before`` sees gradients, ``after`` parameters."""
        x, y = map(self.torch.tensor, data)
        loss = loss or (lambda z, y, rows: self.torch.nn.functional.cross_entropy(z, y))
        optimizer = self.torch.optim.SGD(self.module.parameters(), rate)
        for epoch in range(epochs):
            order = epoch_order(self.seed, epoch, len(x))
            for rows in (order[k : k + SIZE] for k in range(0, len(x), SIZE)):
                optimizer.zero_grad()
                loss(self.module(x[rows]), y[rows], rows).backward()
                if before:
                    before(list(self.module.parameters()))
                optimizer.step()
                with self.torch.no_grad():
                    if after:
                        after([linear.weight for linear in self.linears])
        return self.parameters()

    def parameters(self, module=None):
        linears = [one for one in module or self.module if hasattr(one, "weight")]
        parts = [*(one.weight for one in linears), *(one.bias for one in linears)]
        return np.concatenate([one.detach().numpy().ravel() for one in parts])


@pytest.fixture
def transcription(torch):
    return Transcription(torch, classifier())


@pytest.mark.parametrize(("l1", "l2"), [(0.02, 0.0), (0.0, 0.3), (0.02, 0.3)])
def test_penalties_equal_those_of_pytorch(torch, transcription, target, data, l1, l2):
    def loss(z, y, rows):
        weights = [linear.weight for linear in transcription.linears]
        penalty = sum(l1 * w.abs().sum() + l2 / 2 * (w**2).sum() for w in weights)
        return torch.nn.functional.cross_entropy(z, y) + penalty

    expected = transcription.train(data, loss=loss)
    found, _ = fitted(data, target, l1=l1, l2=l2)
    assert relative(found, expected) < 1e-12
    assert relative(found, fitted(data, target)[0]) > 1e-2


def test_max_norm_equals_that_of_pytorch(torch, transcription, target, data):
    def shorten(weights):
        for w in weights:
            torch.renorm(w, 2, 0, 0.6, out=w)

    expected = transcription.train(data, after=shorten)
    net = classifier(target.backend())
    fit(net, [target.give(one) for one in data], max_norm=0.6)
    assert relative(parameters(net), expected) < 1e-6  # PyTorch adds 1e-7 to a norm
    norms = np.concatenate([np.linalg.norm(host(net, w), axis=1) for w in net.weights])
    assert norms.max() < 0.6 * (1 + 1e-14)
    assert np.sum(norms > 0.6 * (1 - 1e-14)) >= 3  # some were shortened, some were not
    assert norms.min() < 0.59


def test_max_norm_equals_its_formula(transcription, target, data):
    def shorten(weights):
        for w in weights:
            w *= (0.6 / w.norm(dim=1, keepdim=True)).clamp(max=1.0)

    expected = transcription.train(data, after=shorten)
    assert relative(fitted(data, target, max_norm=0.6)[0], expected) < 1e-12


def test_clipping_by_value_equals_that_of_pytorch(torch, transcription, target, data):
    def clip(leaves):
        torch.nn.utils.clip_grad_value_(leaves, 0.02)

    expected = transcription.train(data, before=clip)
    assert relative(fitted(data, target, clip_value=0.02)[0], expected) < 1e-12


def test_clipping_by_norm_equals_that_of_pytorch(torch, transcription, target, data):
    lengths = []

    def clip(leaves):
        lengths.append(torch.nn.utils.clip_grad_norm_(leaves, math.inf).item())
        # PyTorch divides by the norm and 1e-6 more, here its bound is as much larger.
        bound = 0.6 * (1 + 1e-6 / lengths[-1]) if lengths[-1] > 0.6 else 0.6
        torch.nn.utils.clip_grad_norm_(leaves, bound)

    expected = transcription.train(data, before=clip)
    assert min(lengths) < 0.6 < max(lengths)
    assert relative(fitted(data, target, clip_norm=0.6)[0], expected) < 1e-10


def test_values_are_clipped_before_the_norm(torch, transcription, data):
    def clip(leaves):
        torch.nn.utils.clip_grad_value_(leaves, 0.05)
        torch.nn.utils.clip_grad_norm_(leaves, 0.1)

    expected = transcription.train(data, before=clip)
    assert relative(fitted(data, clip_value=0.05, clip_norm=0.1)[0], expected) < 1e-5


@pytest.mark.parametrize("what", ["clip_value", "clip_norm", "max_norm"])
def test_a_bound_that_nothing_reaches_changes_nothing(data, what):
    assert relative(fitted(data, **{what: 1e6})[0], fitted(data)[0]) < 1e-14


@pytest.mark.parametrize("decay", [0.5, 0.99])
def test_the_average_equals_that_of_pytorch(torch, transcription, target, data, decay):
    tools = torch.optim.swa_utils
    averaged = tools.AveragedModel(
        transcription.module, multi_avg_fn=tools.get_ema_multi_avg_fn(decay)
    )
    averaged.update_parameters(transcription.module)  # the first one copies: the start is in it
    steps = {"after": lambda weights: averaged.update_parameters(transcription.module)}
    transcription.train(data, **steps)
    net = classifier(target.backend())
    fit(net, [target.give(one) for one in data], average=decay)
    assert relative(parameters(net), transcription.parameters()) < 1e-12
    expected = transcription.parameters(averaged.module)
    assert relative(parameters(net.averaged()), expected) < 1e-12
    assert relative(parameters(net.averaged()), parameters(net)) > 1e-3


def test_the_average_goes_on_in_a_second_fit_and_ends_without_one(data):
    options = {"average": 0.9}
    once, twice = classifier(), classifier()
    fit(once, data, epochs=4, **options)
    for _ in range(2):
        fit(twice, data, epochs=2, **options)
    assert np.array_equal(parameters(once.averaged()), parameters(twice.averaged()))
    kept = twice.copy().averaged()
    assert np.array_equal(parameters(kept), parameters(twice.averaged()))
    assert not kept.state.average
    fit(twice, data, epochs=1)
    with pytest.raises(ValueError, match="no moving average: fit"):
        twice.averaged()


# ------------------------------------------------------------------ accumulation


@pytest.mark.parametrize("parts", [2, 3, 10, 99])
@pytest.mark.parametrize("extra", [{}, {"clip_norm": 0.1, "l1": 0.01, "average": 0.9}])
def test_parts_make_the_step_of_the_whole_batch(target, data, parts, extra):
    whole, judged = fitted(data, target, **extra)
    found, history = fitted(data, target, accumulate=parts, **extra)
    assert relative(found, whole) < 1e-12
    assert history["train_cost"] == pytest.approx(judged["train_cost"], rel=1e-12)
    assert history["train_accuracy"] == judged["train_accuracy"]


def test_parts_of_weighted_samples_make_the_step_of_the_whole_batch(target, data):
    weights = np.random.default_rng(3).uniform(0, 3, N)
    whole, _ = fitted(data, target, sample_weight=weights)
    found, _ = fitted(data, target, sample_weight=weights, accumulate=4)
    assert relative(found, whole) < 1e-12


# ------------------------------------------------------------------ weights of samples


def stacked(backend=None):
    layers = [4, Layer(6, normalization="layer"), Layer(6, residual=True), 3]
    return bpnet.Network(layers, cost="log_likelihood", backend=backend, seed=4, dtype="float64")


FULL = {"batch_size": 10**6, "epochs": 4}


@pytest.mark.parametrize("network", [classifier, stacked])
@pytest.mark.parametrize("optimizer", [bpnet.SGD(0.5), bpnet.Adam(0.05)], ids=["sgd", "adam"])
def test_a_weight_of_two_is_the_sample_twice(target, data, network, optimizer):
    x, y = data
    times = np.random.default_rng(5).integers(0, 4, N)  # and one of zero is its absence
    options = {"network": network, "optimizer": optimizer, "l2": 0.01, **FULL}
    twice = np.repeat(x, times, axis=0), np.repeat(y, times)
    expected, judged = fitted(twice, target, **options)
    found, history = fitted(data, target, sample_weight=times, **options)
    assert relative(found, expected) < 1e-12
    assert history["train_cost"] == pytest.approx(judged["train_cost"], rel=1e-12)


def test_weights_of_regression_and_of_one_output():
    rng = np.random.default_rng(0)
    x, times = rng.standard_normal((N, 4)), rng.integers(1, 4, N)
    for y, cost, n in (
        (rng.standard_normal((N, 2)), "huber", 2),
        (rng.integers(0, 2, N), "cross_entropy", 1),
    ):
        found = []
        for given, weight in (((x, y), times), ((x.repeat(times, 0), y.repeat(times, 0)), None)):
            net = bpnet.Network([4, 5, n], cost=cost, dtype="float64", seed=0)
            fit(net, given, sample_weight=weight, **FULL)
            found.append(parameters(net))
        assert relative(*found) < 1e-12


@pytest.mark.parametrize("factor", [1.0, 1e-12, 1e12])
def test_only_proportions_of_weights_count(data, factor):
    weights = np.random.default_rng(3).uniform(0.5, 3, N)
    found, history = fitted(data, sample_weight=factor * weights)
    expected, judged = fitted(data, sample_weight=weights)
    assert relative(found, expected) < 1e-12
    assert history["train_cost"] == pytest.approx(judged["train_cost"], rel=1e-12)
    assert relative(fitted(data, sample_weight=np.full(N, factor))[0], fitted(data)[0]) < 1e-12


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_batch_without_weight_moves_nothing(data, dtype):
    weights = np.ones(N)
    weights[epoch_order(4, 0, N)[:SIZE]] = 0.0
    net = classifier(dtype=dtype)
    seen = [parameters(net)]

    class Look(bpnet.Callback):
        def on_fit_begin(self, fit):
            fit.limit_block(1)

        def on_steps(self, fit, steps):
            seen.append(host(net, fit._state[0]).copy())

    fit(net, data, epochs=1, sample_weight=weights, callbacks=[Look()])
    assert np.array_equal(seen[0], seen[1])
    assert np.isfinite(seen[-1]).all()
    assert not np.array_equal(seen[1], seen[2])


def test_weights_may_come_in_the_networks_library(target, data):
    weights = np.random.default_rng(3).uniform(0, 3, N)
    expected, _ = fitted(data, target, sample_weight=weights)
    for given in (target.give(weights), list(weights)):
        assert np.array_equal(fitted(data, target, sample_weight=given)[0], expected)


def test_weights_of_another_library_raise(torch, data):
    with pytest.raises(TypeError, match=r"sample_weight is an array of torch.*numpy"):
        fit(classifier(), data, sample_weight=torch.ones(N))


def test_class_weights_equal_those_of_pytorch(torch, transcription, target, data):
    weights = torch.tensor([0.5, 1.0, 3.0], dtype=torch.float64)

    def loss(z, y, rows):
        return torch.nn.functional.cross_entropy(z, y, weight=weights)

    expected = transcription.train(data, loss=loss)
    given = {0: 0.5, np.int64(2): 3.0}  # a class that is not named has a weight of 1
    assert relative(fitted(data, target, class_weight=given)[0], expected) < 1e-12


def test_balanced_classes_are_those_of_scikit_learn(data):
    tools = pytest.importorskip(
        "sklearn.utils.class_weight", reason="scikit-learn is not installed"
    )
    x, y = data
    y = np.where(y == 1, 0, y)  # a class that is absent counts nowhere
    weights = tools.compute_class_weight("balanced", classes=np.unique(y), y=y)
    named = dict(zip(np.unique(y).tolist(), weights, strict=True))
    own = np.random.default_rng(3).uniform(0, 3, N)
    for extra in (None, own):
        found, _ = fitted((x, y), class_weight="balanced", sample_weight=extra)
        for given in (
            {"class_weight": named, "sample_weight": extra},
            {"sample_weight": tools.compute_sample_weight("balanced", y) * (1 if extra is None
                                                                            else extra)},
        ):  # fmt: skip
            assert relative(found, fitted((x, y), **given)[0]) < 1e-12
    assert relative(found, fitted((x, y), sample_weight=own)[0]) > 1e-3


def test_balanced_classes_of_one_output_and_of_rows():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((N, 4)), (rng.uniform(size=N) < 0.2).astype(int)
    weights = np.where(y == 1, N / (2 * y.sum()), N / (2 * (N - y.sum())))
    for targets, n, cost in ((y, 1, "cross_entropy"), (np.eye(2)[y], 2, "log_likelihood")):
        found = []
        for options in ({"class_weight": "balanced"}, {"sample_weight": weights}):
            net = bpnet.Network([4, 5, n], cost=cost, dtype="float64", seed=0)
            fit(net, (x, targets), **options)
            found.append(parameters(net))
        assert relative(*found) < 1e-12


# ------------------------------------------------------------------ label smoothing


@pytest.mark.parametrize("share", [0.1, 0.9])
def test_label_smoothing_equals_that_of_pytorch(torch, transcription, target, data, share):
    def loss(z, y, rows):
        return torch.nn.functional.cross_entropy(z, y, label_smoothing=share)

    expected = transcription.train(data, loss=loss)
    found, history = fitted(data, target, label_smoothing=share)
    assert relative(found, expected) < 1e-12
    still = {"optimizer": bpnet.SGD(0.0), "epochs": 1, "batch_size": N}
    _, history = fitted(data, target, label_smoothing=share, validation=data, **still)
    net, (x, y) = classifier(), data
    cost = torch.nn.functional.cross_entropy(
        torch.log(torch.tensor(net.feedforward(x))), torch.tensor(y), label_smoothing=share
    )
    assert history["train_cost"] == [pytest.approx(cost.item(), rel=1e-12)]
    assert history["validation_cost"] == [pytest.approx(net.total_cost(x, y), rel=1e-12)]
    assert history["train_accuracy"] == history["validation_accuracy"]


def test_labels_of_one_output_are_smoothed_towards_a_half():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((N, 4)), rng.integers(0, 2, N)
    found = []
    for targets, share in ((y, 0.2), (0.8 * y[:, None] + 0.1, 0.0)):
        net = bpnet.Network([4, 5, 1], cost="cross_entropy", dtype="float64", seed=0)
        fit(net, (x, targets), label_smoothing=share)
        found.append(parameters(net))
    assert relative(*found) < 1e-14


# ------------------------------------------------------------------ settings out of range

ONES = np.ones(N)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"l1": -0.1}, ValueError, "l1 must be at least 0 and finite, not -0.1"),
        ({"l1": "0.1"}, TypeError, "l1 must be a number, not '0.1'"),
        ({"l2": None}, TypeError, "l2 must be a number, not None"),
        ({"clip_value": -1}, ValueError, "clip_value must be at least 0 and finite, not -1"),
        ({"clip_norm": math.nan}, ValueError, "clip_norm must be at least 0 and finite, not nan"),
        ({"max_norm": math.inf}, ValueError, "max_norm must be at least 0 and finite, not inf"),
        ({"average": 1.0}, ValueError, "average must be at least 0 and less than 1, not 1"),
        ({"accumulate": 0}, ValueError, "accumulate must be at least 1, not 0"),
        ({"accumulate": 2.0}, TypeError, "accumulate must be an integer, not 2.0"),
        ({"label_smoothing": 1.0}, ValueError, "label_smoothing must be .* less than 1, not 1"),
        ({"label_smoothing": -0.1}, ValueError, "label_smoothing must be at least 0 .* not -0.1"),
        (
            {"sample_weight": ONES[1:]},
            ValueError,
            rf"sample_weight has shape \({N - 1},\), but there are {N} samples",
        ),
        ({"sample_weight": ONES[:, None]}, ValueError, rf"has shape \({N}, 1\).* must be \({N},\)"),
        ({"sample_weight": 0 * ONES}, ValueError, "sample_weight goes from 0 to 0"),
        ({"sample_weight": ONES - 2 * (np.arange(N) == 3)}, ValueError, "goes from -1 to 1"),
        ({"sample_weight": np.where(np.arange(N) == 3, np.inf, 1)}, ValueError, "from 1 to inf"),
        ({"sample_weight": ["a"] * N}, TypeError, "sample_weight has dtype <U1"),
        ({"class_weight": "balance"}, TypeError, "must be a dict or \"balanced\", not 'balance'"),
        ({"class_weight": ONES[:3]}, TypeError, r"must be a dict or \"balanced\", not array"),
        ({"class_weight": {3: 1.0}}, ValueError, "has class 3: classes are 0 to 2"),
        ({"class_weight": {"a": 1.0}}, ValueError, "has class 'a': classes are 0 to 2"),
        ({"class_weight": {1: -1.0}}, ValueError, "weight of class 1 must be .* not -1.0"),
        ({"class_weight": {1: "a"}}, TypeError, "weight of class 1 must be a number, not 'a'"),
        ({"class_weight": dict.fromkeys(range(3), 0.0)}, ValueError, f"each of the {N} samples"),
    ],
)
def test_settings_out_of_range_raise_and_change_nothing(data, options, error, words):
    net = classifier()
    before = parameters(net)
    with pytest.raises(error, match=words):
        fit(net, data, **options)
    assert np.array_equal(parameters(net), before)
    assert (net.epochs, net.steps) == (0, 0)


@pytest.mark.parametrize(
    "options", [{"class_weight": "balanced"}, {"label_smoothing": 0.1}], ids=str
)
def test_what_is_of_classes_raises_in_regression(data, options):
    net = bpnet.Network([4, 3], cost="huber", seed=0)
    (what,) = options
    with pytest.raises(ValueError, match=f"{what} is for classification, and the task is regres"):
        net.fit(data[0], data[0][:, :3], epochs=1, batch_size=5, **options)


def test_numbers_of_numpy_will_do():
    one = StepConfig(bpnet.SGD(0.1), l1=np.float32(0.5), accumulate=np.int64(2))
    assert (type(one.l1), type(one.accumulate)) == (float, int)


# ------------------------------------------------------------------ all of it, twice

EVERYTHING = {
    "l1": 0.001,
    "l2": 0.01,
    "clip_value": 0.5,
    "clip_norm": 0.5,
    "max_norm": 2.0,
    "accumulate": 2,
    "average": 0.9,
    "label_smoothing": 0.1,
    "class_weight": "balanced",
}


def regular(backend=None, seed=4):
    layers = [
        Layer(4, dropout=0.1, noise=0.1),
        Layer(6, normalization="batch", dropout=0.5),
        Layer(6, normalization="layer", residual=True),
        3,
    ]
    return bpnet.Network(layers, cost="log_likelihood", backend=backend, seed=seed, dtype="float64")


def test_all_of_it_agrees_with_numpy(target, data):
    options = {"network": regular, "optimizer": bpnet.Momentum(0.05), **EVERYTHING}
    found, history = fitted(data, target, **options)
    expected, judged = fitted(data, **options)
    assert relative(found, expected) < 1e-12
    assert history["train_cost"] == pytest.approx(judged["train_cost"], rel=1e-12)


def test_the_same_seed_gives_the_same_bits_and_no_random_state_is_touched(target, data):
    import random

    states = [random.getstate(), str(np.random.get_state())]  # noqa: NPY002
    found = []
    for seed in (4, 4, 5):
        net = regular(target.backend(), seed)
        fit(net, [target.give(one) for one in data], **EVERYTHING)
        found.append(np.concatenate([parameters(net), parameters(net.averaged())]))
    assert np.array_equal(found[0], found[1])
    assert not np.array_equal(found[0], found[2])
    assert states == [random.getstate(), str(np.random.get_state())]  # noqa: NPY002


def test_the_random_state_of_pytorch_is_untouched(torch, data):
    before = torch.random.get_rng_state()
    fitted(data, network=lambda _: regular("torch"), **EVERYTHING)
    assert torch.equal(torch.random.get_rng_state(), before)
