from importlib import resources

import numpy as np
import pytest

from bpnet.data import load_digits


def parts_of(digits):
    return digits.train, digits.validation, digits.test


def test_shapes_types_and_range():
    digits = load_digits()
    assert [len(x) for x, _ in parts_of(digits)] == [1258, 180, 359]
    for x, y in parts_of(digits):
        assert x.dtype == np.float32
        assert x.flags.c_contiguous
        assert x.shape == (len(y), 64)
        assert y.dtype == np.int64
        assert x.min() == 0.0
        assert x.max() == 1.0
        assert np.array_equal(x * 16, np.round(x * 16))
    assert digits.task == "classification"
    assert digits.classes == tuple(range(10))
    assert digits.features[:9][-1] == "pixel_1_0"
    assert len(digits.features) == 64
    assert digits.target == "digit"
    assert digits.preprocessing is None
    assert digits.notes == ()


def test_every_digit_keeps_its_share():
    shares = [np.bincount(y) / len(y) for _, y in parts_of(load_digits())]
    assert np.ptp(shares, axis=0).max() < 0.01


def test_the_seed_alone_decides():
    first, again, other = load_digits(seed=1), load_digits(seed=1), load_digits(seed=2)
    assert np.array_equal(first.test[0], again.test[0])
    assert not np.array_equal(first.test[0], other.test[0])


def test_these_are_the_digits_of_scikit_learn():
    datasets = pytest.importorskip("sklearn.datasets", reason="compares with scikit-learn's copy")
    theirs = datasets.load_digits()
    ours = np.concatenate([np.column_stack([y, x * 16]) for x, y in parts_of(load_digits())])
    expected = np.column_stack([theirs.target, theirs.data])
    assert sorted(map(tuple, ours)) == sorted(map(tuple, expected))


def test_the_file_is_small_and_its_licence_lies_beside_it():
    files = resources.files("bpnet.data").joinpath("files")
    assert len(files.joinpath("digits.npz").read_bytes()) < 100_000
    licence = files.joinpath("digits-LICENSE.txt").read_text(encoding="utf-8")
    for word in ("10.24432/C50P49", "CC BY 4.0", "E. Alpaydin", "C. Kaynak", "1998"):
        assert word in licence
