"""Private SGD: sampling, clipping, noise, and the epsilon of an established accountant."""

import math
import sys

import numpy as np
import pytest
from _backends import host, relative
from insight._reference import special_network
from insight.test_per_example import flat

import bpnet
from bpnet.insight.privacy import privacy_spent
from bpnet.randomness import normal_noise, poisson_sample

SETTINGS = {
    "steps": 4,
    "sampling_rate": 0.4,
    "clip_norm": 0.3,
    "noise_multiplier": 2.0,
    "learning_rate": 0.5,
    "delta": 1e-3,
    "seed": 11,
}
X = np.random.default_rng(0).standard_normal((9, 3))
Y = np.eye(2)[np.random.default_rng(1).integers(0, 2, 9)]


@pytest.fixture(autouse=True)
def accountant():
    return pytest.importorskip("dp_accounting", reason="dp-accounting is not installed")


def theta_of(net):
    return np.array(host(net, net.state.theta))


# ------------------------------------------------------------------ the steps


@pytest.mark.parametrize("normalization", ["layer", None])
def test_a_training_is_its_equations(target, normalization):
    """Sampled, clipped, summed, noised and divided by the expected number, written out."""
    net = special_network(normalization, True, target.backend("float64"))
    plain = special_network(normalization, True)
    expected = theta_of(plain)
    for step in range(4):
        plain.__setstate__(with_theta(plain, expected))
        total = 2.0 * 0.3 * normal_noise(11, step, len(expected))
        for k in poisson_sample(11, step, 9, 0.4):
            (each,) = flat(plain, bpnet.per_example_gradients(plain, X[k : k + 1], Y[k : k + 1]), 1)
            total = total + each * min(1.0, 0.3 / np.linalg.norm(each))
        expected = expected - 0.5 * total / (0.4 * 9)
    run = bpnet.private_sgd(net, target.give(X), target.give(Y), **SETTINGS)
    assert relative(theta_of(net), expected) < 1e-12
    assert run.steps == 4


def with_theta(net, theta):
    *others, trained = net.__getstate__()
    return *others, trained._replace(state=trained.state._replace(theta=theta))


def test_an_empty_mini_batch_is_a_step_of_noise():
    net = special_network("layer")
    before, rate = theta_of(net), 1e-6
    assert not any(len(poisson_sample(11, step, 9, rate)) for step in range(4))
    bpnet.private_sgd(net, X, Y, **{**SETTINGS, "sampling_rate": rate})
    noise = sum(2.0 * 0.3 * normal_noise(11, step, len(before)) for step in range(4))
    assert relative(theta_of(net) - before, -0.5 * noise / (rate * 9)) < 1e-9


def test_the_noise_has_the_scale_that_the_accountant_is_told():
    """Where no example has a gradient, parameters change by the noise alone."""
    net = bpnet.Network([100, 100], activations=["identity"], initializer="zeros", dtype="float64")
    given = {**SETTINGS, "steps": 1, "learning_rate": 1.0}
    bpnet.private_sgd(net, np.zeros((9, 100)), np.zeros((9, 100)), **given)
    drawn = theta_of(net) * (0.4 * 9) / (2.0 * 0.3)
    n = len(drawn)
    assert abs(drawn.mean()) < 4.0 / math.sqrt(n)
    assert abs(drawn.std() - 1.0) < 4.0 / math.sqrt(2 * n)
    assert abs((drawn**4).mean() - 3.0) < 4.0 * math.sqrt(96.0 / n)  # normal, not uniform
    assert abs(np.corrcoef(drawn[:-1], drawn[1:])[0, 1]) < 4.0 / math.sqrt(n)


def test_each_step_and_seed_has_noise_of_its_own():
    drawn = [normal_noise(seed, step, 4000) for seed in (0, 1, 2**100) for step in (0, 1, 2**40)]
    between = np.corrcoef(drawn) - np.eye(len(drawn))
    assert np.abs(between).max() < 5.0 / math.sqrt(4000)
    assert np.array_equal(drawn[1], normal_noise(0, 1, 4000))


def test_samples_are_drawn_each_for_itself():
    n, rate, steps = 200, 0.1, 3000
    drawn = np.zeros((steps, n))
    for step in range(steps):
        rows = poisson_sample(5, step, n, rate)
        assert np.array_equal(rows, np.unique(rows))
        drawn[step, rows] = 1.0
    error = math.sqrt(rate * (1 - rate) / steps)
    assert np.abs(drawn.mean(axis=0) - rate).max() < 4.5 * error
    variance = n * rate * (1 - rate)  # a shuffled mini-batch would have none
    assert drawn.sum(axis=1).var() == pytest.approx(variance, rel=5.0 * math.sqrt(2.0 / steps))
    between_samples = np.corrcoef(drawn.T) - np.eye(n)
    assert np.abs(between_samples).max() < 6.0 / math.sqrt(steps)
    between_steps = np.corrcoef(drawn[:-1].ravel(), drawn[1:].ravel())[0, 1]
    assert abs(between_steps) < 5.0 / math.sqrt(drawn.size)


def test_a_rate_of_one_takes_all_samples():
    assert poisson_sample(0, 0, 50, 1.0).tolist() == list(range(50))


# ------------------------------------------------------------------ the same bits


def test_the_same_seed_gives_the_same_bits_and_others_give_others(target):
    found = []
    for seed in (11, 11, 12, None, None):
        net = special_network("layer", True, target.backend("float32"))
        bpnet.private_sgd(net, target.give(X), target.give(Y), **{**SETTINGS, "seed": seed})
        found.append(theta_of(net))
    assert np.array_equal(found[0], found[1])
    for k, one in enumerate(found[1:]):
        for other in found[k + 2 :]:
            assert not np.array_equal(one, other)


def test_parts_have_the_bits_of_the_whole(target):
    whole, parts = (special_network("layer", True, target.backend("float32")) for _ in range(2))
    x, y = target.give(X), target.give(Y)
    run = bpnet.private_sgd(whole, x, y, **{**SETTINGS, "steps": 7})
    first = bpnet.private_sgd(parts, x, y, **{**SETTINGS, "steps": 3})
    second = bpnet.private_sgd(parts, x, y, **{**SETTINGS, "first_step": first.steps})
    assert np.array_equal(theta_of(whole), theta_of(parts))
    assert second == run
    assert first.epsilon < second.epsilon


def test_a_training_learns_and_tells_no_seed():
    x, y = bpnet.data.load_digits().train
    net = bpnet.Network([64, 10], cost="log_likelihood", seed=0)
    given = {"steps": 60, "sampling_rate": 0.1, "learning_rate": 2.0, "clip_norm": 1.0, "seed": 987}
    run = bpnet.private_sgd(net, x, y, **given, noise_multiplier=2.0, delta=1e-4)
    assert net.accuracy(x, y) > 0.8
    assert "987" not in repr(run)


# ------------------------------------------------------------------ epsilon


def spent(steps, rate, noise, delta=1e-5):
    return privacy_spent(steps=steps, sampling_rate=rate, noise_multiplier=noise, delta=delta)


def cdf(x):
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


@pytest.mark.parametrize(("steps", "noise"), [(1, 1.0), (10, 3.0), (100, 20.0)])
def test_epsilon_of_whole_batches_is_the_closed_form(steps, noise):
    """B. Balle and Y.-X. Wang, ICML 2018, theorem 8: delta of the Gaussian mechanism."""
    epsilon, mu = spent(steps, 1.0, noise), math.sqrt(steps) / noise

    def delta(epsilon):
        return cdf(mu / 2 - epsilon / mu) - math.exp(epsilon) * cdf(-mu / 2 - epsilon / mu)

    assert delta(epsilon) <= 1e-5  # an upper bound
    assert delta(0.998 * epsilon) > 1e-5  # and a tight one


def test_epsilon_of_a_sampled_step_is_that_of_its_mixture():
    integrate = pytest.importorskip("scipy.integrate", reason="scipy is not installed")
    rate, noise = 0.05, 0.8
    epsilon = spent(1, rate, noise)

    def density(x, mean):
        return math.exp(-0.5 * ((x - mean) / noise) ** 2) / (noise * math.sqrt(2.0 * math.pi))

    def delta(epsilon):
        with_one = lambda x: (1 - rate) * density(x, 0.0) + rate * density(x, 1.0)  # noqa: E731
        without = lambda x: density(x, 0.0)  # noqa: E731
        found = []
        for p, q in ((with_one, without), (without, with_one)):
            above = lambda x, p=p, q=q: max(p(x) - math.exp(epsilon) * q(x), 0.0)  # noqa: E731
            found.append(integrate.quad(above, -8.0, 9.0, limit=1000, epsabs=1e-11)[0])
        return max(found)

    assert delta(epsilon) <= 1e-5 * 1.001
    assert delta(0.99 * epsilon) > 1e-5


def test_epsilon_is_the_accountants(accountant):
    from dp_accounting import rdp

    found = rdp.RdpAccountant()
    event = accountant.PoissonSampledDpEvent(0.01, accountant.GaussianDpEvent(1.0))
    found.compose(event, 1000)
    epsilon = spent(1000, 0.01, 1.0)
    assert epsilon == pytest.approx(1.82824, rel=1e-4)  # of dp-accounting 0.6, run by itself
    assert 0.8 * found.get_epsilon(1e-5) < epsilon < found.get_epsilon(1e-5)  # Renyi's is looser
    net = special_network("layer")
    run = bpnet.private_sgd(net, X, Y, **SETTINGS)
    assert run.epsilon == spent(4, 0.4, 2.0, 1e-3)


def test_epsilon_grows_with_steps_and_rates_and_falls_with_noise():
    assert spent(1, 0.1, 1.0) < spent(10, 0.1, 1.0) < spent(10, 0.2, 1.0)
    assert spent(10, 0.1, 2.0) < spent(10, 0.1, 1.0) < spent(10, 0.1, 0.0) == math.inf


def test_little_noise_is_no_long_computation_and_never_promises_more(accountant):
    """Coarser losses for little noise: not below the fine ones, and hardly above."""
    from dp_accounting import pld

    fine = pld.PLDAccountant(value_discretization_interval=2e-4)
    event = accountant.PoissonSampledDpEvent(0.5, accountant.GaussianDpEvent(0.3))
    fine.compose(event, 20)
    assert spent(20, 0.5, 0.3) == pytest.approx(fine.get_epsilon(1e-5), rel=1e-5)
    assert spent(20, 0.5, 0.3) > (1 - 1e-9) * fine.get_epsilon(1e-5)
    assert 1e4 < spent(100, 0.5, 0.05) < spent(100, 0.5, 0.011) < math.inf
    assert spent(1, 0.5, 1e-3) == spent(1, 0.5, 1e-200) == math.inf


# ------------------------------------------------------------------ refused, and nothing changed


def assert_refused(error, message, net, x=X, y=Y, **changes):
    before = theta_of(net)
    with pytest.raises(error, match=message):
        bpnet.private_sgd(net, x, y, **{**SETTINGS, **changes})
    assert np.array_equal(theta_of(net), before)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("steps", 0),
        ("first_step", -1),
        ("sampling_rate", 0.0),
        ("sampling_rate", 1.5),
        ("clip_norm", 0.0),
        ("noise_multiplier", -1.0),
        ("learning_rate", 0.0),
        ("delta", 0.0),
        ("delta", 1.0),
        ("seed", -3),
    ],
)
def test_settings_out_of_range_are_refused(name, value):
    assert_refused(
        ValueError, f"{name} must be .*{value}", special_network("layer"), **{name: value}
    )


def test_samples_and_networks_that_do_not_fit_are_refused():
    assert_refused(ValueError, "batch normalization in layers 1, 2", special_network("batch"))
    assert_refused(ValueError, "4 .*3", special_network("layer"), x=np.zeros((9, 4)))


def test_labels_need_classes_that_are_named_beforehand():
    net, labels = special_network("layer"), ["no", "yes", "no", "yes", "no", "no", "no", "no", "no"]
    assert_refused(ValueError, r"net\.classes = \['cat', 'dog'\]", net, y=labels)
    net.classes = ["no", "yes"]
    bpnet.private_sgd(net, X, labels, **SETTINGS)
    numbered = special_network("layer")
    bpnet.private_sgd(numbered, X, [int(one == "yes") for one in labels], **SETTINGS)
    assert np.array_equal(theta_of(net), theta_of(numbered))
    assert set(net.predict(X)) <= {"no", "yes"}


def test_sparse_samples_are_taken():
    scipy = pytest.importorskip("scipy.sparse", reason="scipy is not installed")
    one, other = special_network("layer"), special_network("layer")
    bpnet.private_sgd(one, X, Y, **SETTINGS)
    bpnet.private_sgd(other, scipy.csr_array(X), Y, **SETTINGS)
    assert np.array_equal(theta_of(one), theta_of(other))


def test_a_training_that_diverges_leaves_the_network():
    net = bpnet.Network([3, 2], activations=["identity"], seed=0)
    assert_refused(
        bpnet.DivergenceError, "became infinite or NaN in step 0", net, noise_multiplier=1e38,
        learning_rate=1e38,
    )  # fmt: skip


def test_without_an_accountant_it_says_what_installs_one(monkeypatch):
    monkeypatch.setitem(sys.modules, "dp_accounting", None)
    command = r'pip install "dp-accounting>=0\.6"'
    assert_refused(ImportError, command, special_network("layer"))
    assert_refused(ImportError, command, special_network("layer"), noise_multiplier=0.0)
