"""A backend with another library, device or dtype keeps what training was asked to be."""

import pickle

import pytest

import bpnet
from bpnet.backends import moved


@pytest.fixture
def half(torch):
    return bpnet.get_backend("torch", compute_dtype="bfloat16", deterministic=True)


def settings(backend):
    return backend.compute_dtype, backend.deterministic


@pytest.mark.parametrize(
    "there",
    [
        {},
        {"name": "torch"},
        {"name": "torch", "device": "cpu"},
        {"device": "cpu"},
        {"dtype": "float32"},
    ],
    ids=str,
)
def test_the_settings_of_training_stay(half, there):
    assert settings(moved(half, **there)) == ("bfloat16", True)


def test_they_stay_with_another_library_that_has_them(half):
    pytest.importorskip("jax", reason="jax is not installed")
    there = moved(half, "jax")
    assert (there.name, *settings(there)) == ("jax", "bfloat16", True)
    assert settings(moved(half, bpnet.get_backend("jax"))) == ("bfloat16", True)


@pytest.mark.parametrize(
    ("there", "words"),
    [
        ({"dtype": "float64"}, "the parameters are float64, and must be float32"),
        ({"name": "numpy"}, "'bfloat16' on numpy, cpu: numpy computes in the parameters' own"),
    ],
)
def test_what_cannot_be_kept_raises_and_says_how_to_drop_it(half, there, words):
    with pytest.raises(ValueError, match="compute_dtype=None trains in") as caught:
        moved(half, **there)
    assert words in str(caught.value)
    found = moved(half, **there, compute_dtype=None)
    assert settings(found) == (None, True)
    assert found.dtype == there.get("dtype", "float32")
    with pytest.raises(ValueError, match="compute_dtype=None"):
        bpnet.get_backend(half, dtype="float64")


def test_an_argument_changes_a_setting(half):
    assert settings(moved(half, compute_dtype="float16")) == ("float16", True)
    assert settings(moved(half, deterministic=False)) == ("bfloat16", False)
    assert moved(half, compute_dtype=None, deterministic=False) == bpnet.get_backend("torch")


def test_the_other_backends_own_settings_win(half):
    other = bpnet.get_backend("torch", compute_dtype="float16")
    assert settings(moved(half, other)) == ("float16", True)
    assert settings(moved(other, half)) == ("bfloat16", True)


def test_settings_are_compared_and_pickled(half):
    assert pickle.loads(pickle.dumps(half)) == half
    assert half != bpnet.get_backend("torch")
    assert moved(moved(half, compute_dtype=None), compute_dtype="bfloat16") == half


def test_a_network_that_moves_keeps_them(half):
    net = bpnet.Network([2, 1], backend="torch", compute_dtype="bfloat16", deterministic=True)
    assert settings(net.to("torch").backend) == settings(net.copy().backend) == ("bfloat16", True)
    with pytest.raises(ValueError, match="compute_dtype=None"):
        net.to(dtype="float64")
    assert net.to(dtype="float64", compute_dtype=None).dtype == "float64"
    assert bpnet.gradient_check(net, [[0.1, 0.2]], [[1.0]]).passed
