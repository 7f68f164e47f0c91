"""A network elsewhere, copied, pickled or loaded computes as its backend was asked to."""

import copy
import pickle

import pytest
from _backends import parameters

import bpnet


@pytest.fixture
def half(torch):
    return bpnet.Network(
        [3, 4, 1], backend="torch", compute_dtype="bfloat16", deterministic=True, seed=0
    )


@pytest.fixture
def exact(torch):
    return bpnet.Network([3, 4, 1], backend="torch", deterministic=True, seed=0)


def settings(net):
    return net.backend.compute_dtype, net.backend.deterministic


MOVES = {
    "copy": lambda net: net.copy(),
    "copy.copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda net: pickle.loads(pickle.dumps(net)),
    "nothing": lambda net: net.to(),
    "dtype": lambda net: net.to(dtype="float32"),
    "backend": lambda net: net.to("torch"),
    "device": lambda net: net.to(device="cpu"),
    "all": lambda net: net.to("torch", "cpu", "float32"),
    "object": lambda net: net.to(bpnet.get_backend("torch", "cpu", "float32")),
}


@pytest.mark.parametrize("move", MOVES)
def test_settings_of_training_stay(half, move):
    moved = MOVES[move](half)
    assert settings(moved) == ("bfloat16", True)
    assert (moved.backend.name, moved.device, moved.dtype) == ("torch", "cpu", "float32")
    assert parameters(moved).tobytes() == parameters(half).tobytes()


def test_they_are_there_after_two_moves(exact):
    assert settings(exact.to(dtype="float64").to("torch").copy()) == (None, True)
    assert exact.to(dtype="float64").dtype == "float64"


@pytest.mark.parametrize(
    ("there", "words"),
    [
        ({"dtype": "float64"}, "float64, and must be float32"),
        ({"backend": "numpy"}, "'bfloat16' on numpy, cpu"),
        ({"backend": "numpy", "dtype": "float64"}, "compute_dtype=None"),
    ],
    ids=str,
)
def test_what_cannot_be_had_there_raises_and_says_what_to_do(half, there, words):
    before = parameters(half)
    with pytest.raises(ValueError, match=r"compute_dtype=None trains in") as caught:
        half.to(**there)
    assert words in str(caught.value)
    moved = half.to(**there, compute_dtype=None)
    assert moved.backend.compute_dtype is None
    assert (parameters(half) == before).all()
    assert settings(half) == ("bfloat16", True)


def test_an_argument_overrides_what_was(half, exact):
    assert settings(half.to(deterministic=False)) == ("bfloat16", False)
    assert settings(half.to(compute_dtype=None)) == (None, True)
    assert settings(exact.to(compute_dtype="float16")) == ("float16", True)


def test_jax_has_them_too(half):
    pytest.importorskip("jax", reason="jax is not installed")
    moved = half.to("jax")
    assert (moved.backend.name, *settings(moved)) == ("jax", "bfloat16", True)
    assert settings(moved.to("torch")) == ("bfloat16", True)


def test_a_file_is_loaded_onto_the_backend_that_was_asked_for(half, tmp_path):
    """Files hold no settings of a backend: they may be read where there are none."""
    half.save(tmp_path / "net.safetensors")
    assert settings(bpnet.load(tmp_path / "net.safetensors", backend="numpy")) == (None, False)
    loaded = bpnet.load(tmp_path / "net.safetensors", backend=half.backend)
    assert settings(loaded) == ("bfloat16", True)
    assert parameters(loaded).tobytes() == parameters(half).tobytes()


def test_a_moved_network_trains_as_it_says(half):
    """To the numbers of one that was made there."""
    x, y = [[0.1, 0.2, 0.3], [0.5, 0.1, 0.9]], [[0.2], [0.7]]
    moved = bpnet.Network([3, 4, 1], backend="torch", seed=0).to(compute_dtype="bfloat16")
    plain = half.to(compute_dtype=None)
    for net in (half, moved, plain):
        net.fit(x, y, epochs=3, batch_size=2, optimizer=bpnet.SGD(0.5))
    assert parameters(moved).tobytes() == parameters(half).tobytes()
    assert parameters(plain).tobytes() != parameters(half).tobytes()
