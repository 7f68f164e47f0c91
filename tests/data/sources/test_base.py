"""Every source reads the same rows, and what is read must be what was asked for."""

import numpy as np
import pytest
from _errors import raises
from _sources import N, X, Y, idx

from bpnet.data import (
    ArraySource,
    CsvSource,
    IdxSource,
    IterableSource,
    NpySource,
    ParquetSource,
    SequenceSource,
    Source,
    source,
)


@pytest.fixture(
    params=["arrays", "npy", "npy-columns", "idx", "csv", "parquet", "sequence", "iter"]
)
def rows(request, tmp_path):
    """The same rows from each source."""
    kind = request.param
    if kind == "arrays":
        return ArraySource(X, Y)
    if kind.startswith("npy"):
        np.save(tmp_path / "x.npy", X if kind == "npy" else np.asfortranarray(X))
        np.save(tmp_path / "y.npy", Y)
        return NpySource(tmp_path / "x.npy", tmp_path / "y.npy")
    if kind == "idx":
        return IdxSource(idx(tmp_path / "x", X, ">f4"), idx(tmp_path / "y", Y))
    if kind == "csv":
        lines = [
            "a,b,target,c",
            *(f"{a!s},{b!s},{y},{c!s}" for (a, b, c), y in zip(X, Y, strict=True)),
        ]
        (tmp_path / "table.csv").write_text("\n".join(lines))
        return CsvSource(tmp_path / "table.csv", "target")
    if kind == "parquet":
        columns = {"a": X[:, 0], "b": X[:, 1], "target": Y, "c": X[:, 2]}
        return ParquetSource(request.getfixturevalue("groups")(columns, 40), "target")
    if kind == "sequence":
        return SequenceSource(list(zip(X, Y, strict=True)))
    return IterableSource(lambda: zip(X, Y, strict=True), N)


@pytest.mark.parametrize(
    "runs",
    [[(0, 1)], [(0, N)], [(0, 70), (70, 71), (71, N)], [(63, 65), (0, 3), (149, 150), (2, 90)]],
)
def test_rows_are_read_in_any_runs(rows, runs):
    if rows.sequential:
        runs = [*sorted(runs)[:1], (90, 91)]
    for start, stop in runs:
        x, y = rows.read(start, stop)
        np.testing.assert_array_equal(x, X[start:stop])
        np.testing.assert_array_equal(y, Y[start:stop])
        assert y.dtype.kind in "iu"
    rows.close()


@pytest.mark.parametrize("runs", [[(0, N)], [(3, 4)], [(120, 150), (7, 40), (40, 44)]])
def test_runs_are_gathered_and_filled_up(rows, runs):
    if rows.sequential:
        runs = sorted(runs)[:1]
    numbers = np.concatenate([np.arange(*run) for run in runs])
    x, y = rows.gather(runs, len(numbers) + 5)
    np.testing.assert_array_equal(x[:-5], X[numbers])
    np.testing.assert_array_equal(y[:-5], Y[numbers])
    assert (x[-5:] == x[0]).all()
    assert (y[-5:] == y[0]).all()
    assert x.dtype.isnative
    assert x.flags.writeable
    rows.close()


def test_what_is_told_beforehand(rows):
    assert len(rows) == N
    assert rows.width in (3, None)
    rows.read(0, 1)
    assert rows.width == 3
    assert all(0 <= border < N for border in rows.borders())
    assert f"{N:,} rows" in repr(rows)
    assert rows.place(0).startswith(rows.name)
    assert source(rows) is rows


def test_it_is_a_context(rows):
    with rows as same:
        assert same is rows
        rows.read(0, 2)


class Short(Source):
    name = "short"

    def __len__(self):
        return 10

    def read(self, start, stop):
        return np.zeros((stop - start - (start > 4), 2)), np.zeros(stop - start)


class Wide(Short):
    def read(self, start, stop):
        return np.zeros((stop - start, 2 + (start > 4))), np.zeros(stop - start)


def test_what_is_read_must_be_what_was_asked_for():
    with raises("short, rows 5 to 9", "(4, 2)", "expected 5 rows"):
        Short().gather([(0, 5), (5, 10)], 10)
    with raises("short, rows 5 to 9: x has rows of shape (3,), others (2,)"):
        Wide().gather([(0, 5), (5, 10)], 10)


def test_types_widen():
    class Mixed(Short):
        def read(self, start, stop):
            part = np.full(stop - start, 0.5 if start > 4 else 1)
            return part[:, None], part

    x, y = Mixed().gather([(0, 5), (5, 10)], 10)
    assert y.tolist() == [1.0] * 5 + [0.5] * 5 == x[:, 0].tolist()


def test_what_is_read_must_be_a_pair():
    class Single(Short):
        def read(self, start, stop):
            return np.zeros((stop - start, 2))

    with raises("read(...) gave a ndarray, expected (x, y)", kind=TypeError) as caught:
        Single().gather([(0, 5)], 5)
    assert caught.value.__notes__ == ["while reading short, rows 0 to 4"]


def test_nothing_to_gather():
    with raises("gather needs at least one run of rows, and runs is empty"):
        Short().gather([], 5)
