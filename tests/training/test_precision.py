"""Training in a smaller type, and to the same bits."""

import pickle

import numpy as np
import pytest
from _backends import Target, host, init_optimizer, parameters

import bpnet
from bpnet.compiler import compile_step
from bpnet.data import load_digits
from bpnet.training import StepConfig, make_step


@pytest.fixture(params=["torch", "jax", "cupy"])
def backend(request):
    if missing := Target(request.param).missing():
        pytest.skip(missing)
    return request.param


def trained(backend, compute_dtype, epochs=12, **options):
    digits = load_digits()
    net = bpnet.Network(
        [64, 32, 10],
        activations="relu",
        cost="log_likelihood",
        seed=0,
        backend=backend,
        compute_dtype=compute_dtype,
        **options,
    )
    net.fit(*digits.train, epochs=epochs, batch_size=32, optimizer=bpnet.Adam(0.005))
    return net, net.accuracy(*digits.test)


@pytest.mark.parametrize("compute_dtype", ["bfloat16", "float16"])
def test_a_smaller_type_learns_as_well(backend, compute_dtype):
    net, accuracy = trained(backend, compute_dtype)
    full, expected = trained(backend, None)
    assert accuracy >= expected - 0.02
    assert net.dtype == "float32"
    assert not np.array_equal(parameters(net), parameters(full)), "it computed in float32"


def test_the_scale_follows_what_overflows(backend):
    net, _ = trained(backend, "float16", epochs=1)
    (scale, held), *_ = (net.backend.to_numpy(one) for one in net.state.loss_scale)
    assert scale > 0
    steps = net.steps
    assert 0 < held <= steps


def test_a_step_that_overflows_changes_nothing_but_the_scale(torch):
    net = bpnet.Network(
        [2, 3, 1], activations=["identity"] * 2, backend="torch", compute_dtype="float16", seed=0
    )
    recipe = StepConfig(bpnet.Momentum(0.1), compute="float16")
    init_optimizer(net, recipe)
    step = make_step(net.model, recipe)
    x = net.backend.asarray([[3e4, -3e4]])
    y = net.backend.asarray([[-3e4]])
    with net.backend.scope():
        state, _ = step(net.backend.xp, net.state, x, y, recipe.optimizer.rates(0))
    after, memory, _, _, (scaling,), _ = state
    assert torch.equal(after, net.state.theta)
    assert not memory[0].any()
    assert scaling.tolist() == [2.0**14, 0.0]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"compute_dtype": "bfloat16"}, ["bfloat16", "numpy", "cpu"]),
        ({"compute_dtype": "float16"}, ["float16", "numpy", "cpu"]),
        ({"compute_dtype": "tf32"}, ["tf32", "numpy", "cpu"]),
        ({"compute_dtype": "float8"}, ["float8", "compute_dtype"]),
    ],
)
def test_what_numpy_cannot_raises_at_once(options, words):
    with pytest.raises(ValueError, match="compute_dtype") as caught:
        bpnet.Network([2, 1], backend="numpy", **options)
    assert all(word in str(caught.value) for word in words)


def test_parameters_are_to_be_float32(torch):
    with pytest.raises(ValueError, match="float64"):
        bpnet.Network([2, 1], backend="torch", dtype="float64", compute_dtype="bfloat16")
    with pytest.raises(ValueError, match="only CUDA GPUs"):
        bpnet.Network([2, 1], backend="torch", device="cpu", compute_dtype="tf32")


def test_settings_survive_copies_and_pickles(torch):
    net = bpnet.Network([2, 1], backend="torch", compute_dtype="bfloat16", deterministic=True)
    for one in (pickle.loads(pickle.dumps(net)), net.copy()):
        assert (one.backend.compute_dtype, one.backend.deterministic) == ("bfloat16", True)


def test_deterministic_restores_what_it_set(torch):
    before = torch.are_deterministic_algorithms_enabled()
    first, _ = trained("torch", None, epochs=2, deterministic=True)
    second, _ = trained("torch", None, epochs=2, deterministic=True)
    assert np.array_equal(parameters(first), parameters(second))
    assert torch.are_deterministic_algorithms_enabled() == before


# ------------------------------------------------------------------ sums and statistics


def large_samples(m=512, size=8.0, seed=0):
    """Samples whose squares add up to more than float16 has room for."""
    rng = np.random.default_rng(seed)
    x = size * rng.standard_normal((m, 20))
    return x, (x[:, 0] > 0).astype(int)


@pytest.mark.parametrize("size", [8.0, 800.0])
@pytest.mark.parametrize("normalization", ["batch", "layer"])
@pytest.mark.parametrize("compute_dtype", ["bfloat16", "float16"])
def test_statistics_are_those_of_float32(backend, compute_dtype, normalization, size):
    x, y = large_samples(size=size)
    layer = bpnet.Layer(16, activation="relu", normalization=normalization)
    found = []
    for kind in (None, compute_dtype):
        net = bpnet.Network(
            [20, layer, 2], cost="log_likelihood", seed=0, backend=backend, compute_dtype=kind
        )
        history = net.fit(x, y, epochs=12, batch_size=256, optimizer=bpnet.Adam(0.03))
        running = [net.backend.to_numpy(one) for one in net.state.running]
        found.append((net.accuracy(x, y), history["train_cost"][-1], running))
    (full, cost, expected), (accuracy, found_cost, running) = found
    assert full > 0.95
    assert accuracy > full - 0.02
    assert found_cost == pytest.approx(cost, rel=0.05)
    for one, other in zip(running, expected, strict=True):
        assert np.allclose(one, other, rtol=0.05, atol=0.05 * np.abs(other).max())


@pytest.mark.parametrize("compute_dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("weight", [1.0, 1e-4, 300.0])
def test_many_weights_are_added_in_float32(backend, compute_dtype, weight):
    m, rng = 70_000, np.random.default_rng(0)
    x = rng.standard_normal((m, 2))
    y = (x[:, 0] > 0).astype(int)
    weights = weight * rng.uniform(0.5, 1.5, m)
    found = []
    for kind in (None, compute_dtype):
        net = bpnet.Network(
            [2, 2], cost="log_likelihood", seed=0, backend=backend, compute_dtype=kind
        )
        before = parameters(net)
        net.step(x, y, optimizer=bpnet.SGD(1.0), sample_weight=weights)
        found.append(parameters(net) - before)
    assert np.linalg.norm(found[1] - found[0]) < 0.02 * np.linalg.norm(found[0])


@pytest.mark.parametrize("compute_dtype", ["bfloat16", "float16"])
def test_a_batch_without_weight_moves_nothing(backend, compute_dtype):
    net = bpnet.Network([2, 1], seed=0, backend=backend, compute_dtype=compute_dtype)
    before = parameters(net)
    recipe = StepConfig(bpnet.SGD(1.0), compute=compute_dtype, weighted=True)
    init_optimizer(net, recipe)
    x, y = (net.backend.asarray(one) for one in (np.ones((3, 2)), np.zeros((3, 2))))
    run = compile_step(net.backend, make_step(net.model, recipe))
    with net.backend.scope():
        state, _ = run(net.state, x, y, np.arange(3)[None], [recipe.optimizer.rates(0)])
    assert np.array_equal(net.backend.to_numpy(state.theta), before)


@pytest.mark.parametrize("compute_dtype", ["bfloat16", "float16"])
def test_targets_are_not_rounded(backend, compute_dtype):
    """The mean of many targets is learned, of which each would be rounded off."""
    y = np.full((4096, 1), 1.0 + 2.0**-12)
    net = bpnet.Network(
        [1, 1],
        activations=["identity"],
        initializer="zeros",
        backend=backend,
        compute_dtype=compute_dtype,
    )
    assert net.step(np.zeros((4096, 1)), y, optimizer=bpnet.SGD(1.0)) == pytest.approx(
        y[0, 0] ** 2 / 2, rel=1e-6
    )
    found = net.biases[0]
    with net.backend.scope():
        bias = net.backend.to_numpy(found)
    exact = {"bfloat16": 2.0**-8, "float16": 2.0**-11}[compute_dtype]
    assert abs(bias[0] - y[0, 0]) <= exact


def test_running_statistics_that_overflow_change_nothing_but_the_scale(torch):
    layer = bpnet.Layer(3, activation="tanh", normalization="batch")
    net = bpnet.Network([2, layer, 1], backend="torch", compute_dtype="float16", seed=0)
    recipe = StepConfig(bpnet.SGD(0.1), compute="float16")
    init_optimizer(net, recipe)
    spoiled = net.state.running[0].clone()
    spoiled[-1] = float("inf")
    state = net.state._replace(running=(spoiled,))
    x = net.backend.asarray([[1.0, 2.0], [2.0, 1.0]])
    y = net.backend.asarray([[0.0], [1.0]])
    step = make_step(net.model, recipe)
    with net.backend.scope():
        after, _ = step(net.backend.xp, state, x, y, recipe.optimizer.rates(0))
    assert torch.equal(after.theta, state.theta)
    assert after.loss_scale[0].tolist() == [2.0**14, 0.0]


def test_gradients_that_never_fit_are_told(backend):
    """Every step is skipped, while costs stay finite: float16 has no derivative here."""
    steep = bpnet.activations.CustomActivation(
        lambda z, xp: z, lambda z, a, xp: 6e4 * (z * 0.0 + 6e4), name="steep"
    )
    net = bpnet.Network(
        [1, bpnet.Layer(2, activation=steep), 1], backend=backend, compute_dtype="float16", seed=0
    )
    before = parameters(net)
    with pytest.raises(bpnet.DivergenceError, match=r"the gradient became infinite.*65504"):
        net.fit([[1.0], [2.0]], [[0.0], [1.0]], epochs=60, batch_size=1, optimizer=bpnet.SGD(0.1))
    assert np.array_equal(parameters(net), before)


@pytest.mark.parametrize("normalization", ["batch", "layer"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_an_infinite_variance_is_told(target, dtype, normalization):
    """The layer would be constant, and cost and parameters finite."""
    size = {"float32": 1e25, "float64": 1e200}[dtype]
    layer = bpnet.Layer(3, activation="tanh", normalization=normalization)
    net = bpnet.Network([2, layer, 1], backend=target.backend(dtype), seed=0)
    x, y = [[size, 0.0], [0.0, size]], [[0.0], [1.0]]
    before = parameters(net)
    with pytest.raises(bpnet.DivergenceError, match=r"the cost became nan in epoch 1.*scale what"):
        net.fit(x, y, epochs=1, batch_size=2, optimizer=bpnet.SGD(0.1))
    with pytest.raises(bpnet.DivergenceError, match="the cost became nan in step 1"):
        net.step(x, y, optimizer=bpnet.SGD(0.1))
    assert np.array_equal(parameters(net), before)
    if normalization == "layer":
        assert np.isnan(host(net, net.feedforward(x))).all()


@pytest.mark.parametrize("optimizer", [bpnet.Adam(0.1), bpnet.RMSProp(0.1), bpnet.AdaGrad(0.1)])
def test_an_infinite_mean_square_is_told(optimizer):
    """Its parameter would never move again."""
    net = bpnet.Network([1, 1], activations=["identity"], seed=0)
    with pytest.raises(bpnet.DivergenceError, match="the memory of the optimizer became infinite"):
        net.fit([[1e5]], [[1e17]], epochs=1, batch_size=1, optimizer=optimizer)
