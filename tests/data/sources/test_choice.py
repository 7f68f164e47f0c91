"""Which source suits what is given."""

from pathlib import Path

from _sources import X, Y, idx, raises

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
    pair = idx(tmp_path / "x", X, ">f4"), idx(tmp_path / "y", Y)
    assert isinstance(source(pair), IdxSource)
    assert isinstance(source((X, Y)), ArraySource)
    assert isinstance(source([([1.0], 0)]), SequenceSource)
    assert isinstance(source(csv("a,y\n1,0\n"), target="y"), CsvSource)
    assert isinstance(source(str(groups({"a": [1.0], "y": [0]})), target="y"), ParquetSource)


def test_what_suits_nothing(csv):
    with raises("which column is the target"):
        source(csv("a,y\n1,0\n"))
    with raises("x.npz: no table that is read in pieces, as are '.csv'"):
        source(Path("x.npz"), target="y")
    with raises("a target is a column of a table, and tuple is none"):
        source((X, Y), target="y")
    with raises("IterableSource(make, samples)", kind=TypeError):
        source(k for k in range(3))
    with raises("no source suits int", kind=TypeError):
        source(3)
