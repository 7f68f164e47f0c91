"""Which source suits what is given."""

import os
from pathlib import Path

import numpy as np
import pytest
from _errors import raises
from _sources import X, Y, idx

from bpnet.data import (
    ArraySource,
    CsvSource,
    IdxSource,
    NpySource,
    ParquetSource,
    SequenceSource,
    source,
)


def test_by_what_is_given(npy, csv, groups, tmp_path):
    assert isinstance(source(npy(X, Y)), NpySource)
    assert isinstance(source(tuple(map(str, npy(X, Y)))), NpySource)
    assert isinstance(source(tuple(os.fsencode(one) for one in npy(X, Y))), NpySource)
    pair = idx(tmp_path / "x", X, ">f4"), idx(tmp_path / "y", Y)
    assert isinstance(source(pair), IdxSource)
    assert isinstance(source((X, Y)), ArraySource)
    assert isinstance(source([([1.0], 0)]), SequenceSource)
    assert isinstance(source(csv("a,y\n1,0\n"), target="y"), CsvSource)
    assert isinstance(source(os.fsencode(csv("a,y\n1,0\n")), target="y"), CsvSource)
    assert isinstance(source(str(groups({"a": [1.0], "y": [0]})), target="y"), ParquetSource)


def test_what_suits_nothing(csv):
    with raises("name the column to predict, as target="):
        source(csv("a,y\n1,0\n"))
    with raises("x.npz: cannot be read in pieces; tables that can are '.csv'"):
        source(Path("x.npz"), target="y")
    with raises("target names a column of a CSV or Parquet file, but the data are a tuple: leave"):
        source((X, Y), target="y")
    with raises("IterableSource(make, samples)", kind=TypeError):
        source(k for k in range(3))
    with raises("data of type int cannot be read as a source: give a path", kind=TypeError):
        source(3)


def test_a_sparse_matrix_is_no_source():
    sparse = pytest.importorskip("scipy.sparse", reason="sparse matrices are SciPy's")
    matrix = sparse.csr_matrix(np.eye(3))
    for make in (source, SequenceSource, lambda y: ArraySource(np.zeros((3, 3)), y)):
        with pytest.raises(TypeError, match=r"is a sparse matrix \(csr_matrix\): pass .*toarray"):
            make(matrix)
    for make in (ArraySource, lambda x, y: source((x, y))):
        with pytest.raises(TypeError, match=r"x is a sparse .*: net.fit\(x, y\) takes"):
            make(matrix, np.zeros(3))
