"""Training in a smaller type, and to the same bits."""

import pickle

import numpy as np
import pytest
from _backends import Target, init_optimizer, parameters

import bpnet
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
    after, memory, _, _, (scaling,) = state
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
