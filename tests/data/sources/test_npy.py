"""Rows of NPY files."""

import numpy as np
import pytest
from _errors import raises
from _sources import N, X, Y, same

from bpnet.data import (
    NpySource,
)


def test_further_dimensions_are_laid_flat(npy):
    x = np.arange(24).reshape(4, 2, 3)
    with NpySource(*npy(x, np.eye(4))) as rows:
        same(rows.read(1, 3), (x[1:3].reshape(2, 6), np.eye(4)[1:3]))
        assert rows.width == 6


def test_other_byte_orders(npy):
    x = np.arange(6, dtype=">f8").reshape(3, 2)
    with NpySource(*npy(x, np.arange(3, dtype=">i4"))) as rows:
        np.testing.assert_array_equal(rows.gather([(1, 3)], 2)[0], x[1:3])


def test_an_archive_is_refused_in_words(tmp_path):
    np.savez(tmp_path / "both.npz", x=X, y=Y)
    with raises("both.npz: the arrays of an NPZ archive cannot be read in pieces", "numpy.save"):
        NpySource(tmp_path / "both.npz", tmp_path / "both.npz")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not an NPY file: it begins with nothing"),
        (b"a,b\n1,2\n", "not an NPY file: it begins with 61 2c 62"),
        (b"\x93NUMPY\x01\x00", "damaged"),
    ],
)
def test_what_is_no_array(npy, content, words):
    x, y = npy(X, Y)
    x.write_bytes(content)
    with raises("x.npy", words):
        NpySource(x, y)


def test_arrays_that_do_not_suit(npy):
    with raises("x.npy has 3 rows", "y.npy has 2"):
        NpySource(*npy(np.eye(3), np.zeros(2)))
    with raises("y.npy has 3 dimensions, targets have 1 or 2"):
        NpySource(*npy(np.eye(3), np.zeros((3, 1, 1))))
    with raises("x.npy holds <U1: real numbers are needed", kind=TypeError):
        NpySource(*npy(np.array(["a"]), np.zeros(1)))
    with raises("x.npy holds complex128", kind=TypeError):
        NpySource(*npy(np.array([1j]), np.zeros(1)))
    with raises("x.npy: holds Python objects, which are never loaded"):
        NpySource(*npy(np.array([[], {}], dtype=object), np.zeros(2)))
    with raises("x.npy holds a single number"):
        NpySource(*npy(np.array(1.0), np.zeros(2)))
    with raises("x.npy is empty: its shape is (0, 3)"):
        NpySource(*npy(np.zeros((0, 3)), np.zeros(0)))
    with pytest.raises(FileNotFoundError, match=r"absent\.npy"):
        NpySource("absent.npy", "absent.npy")


def test_a_file_cut_short(npy):
    x, y = npy(X, Y)
    whole = x.read_bytes()
    x.write_bytes(whole[:-4])
    with raises("x.npy: the header promises", "the file has"):
        NpySource(x, y)
    x.write_bytes(whole)
    rows = NpySource(x, y)
    with x.open("r+b") as file:
        file.truncate(1000)
    with raises("x.npy: the header promises", "the file has 1000"):
        rows.read(0, N)
    with raises("x.npy: the header promises", "the file has 1000"):
        rows.gather([(0, N)], N)


def test_what_was_read_outlives_the_source(npy):
    rows = NpySource(*npy(X, Y))
    x, _ = rows.read(3, 5)
    rows.close()
    np.testing.assert_array_equal(x, X[3:5])
    with raises("x.npy: the source is closed"):
        rows.read(3, 5)
