"""Columns of Parquet files that are neither numbers nor text."""

import numpy as np
import pytest
from _errors import raises

from bpnet.data import read_table, read_table_parts

arrow = pytest.importorskip("pyarrow", reason="writes Parquet with pyarrow")


class TestColumnsThatNoTableHas:
    @pytest.fixture
    def path(self, parquet):
        return parquet(
            {
                " a ": [1, 2],
                "list": [[1], [2]],
                "struct": [{"a": 1}, {"a": 2}],
                "bytes": [b"1", b"2"],
                "a.b": ["x", "y"],
            }
        )

    def test_they_are_left_out_with_a_note(self, path):
        for table in (read_table(path), *read_table_parts(path)):
            assert {name: column.tolist() for name, column in table.items()} == {
                "a": [1, 2], "a.b": ["x", "y"],
            }  # fmt: skip
            assert list(table.left_out) == ["list", "struct", "bytes"]
            assert table.notes[2] == (
                "column 'bytes' holds binary, neither numbers nor text, and is left out"
            )
            with raises("column 'list' holds list<"):
                table.find("list")

    def test_their_memory_does_not_count(self, parquet):
        wide = arrow.array([b"x" * 2**22] * 40)
        path = parquet({"a": arrow.array(range(40)), "image": wide})
        assert path.stat().st_size < 2**21
        assert read_table(path)["a"].tolist() == list(range(40))
        assert [part.n_rows for part in read_table_parts(path)] == [40]


def test_names_but_for_blanks_are_unique(parquet):
    with raises("table.parquet: columns 1 and 2 are both called 'a'"):
        read_table(parquet({"a": [1], " a": [2]}))


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Berlin"])
def test_moments(parquet, unit, zone):
    at = arrow.array([10**9, None, -1]).cast(arrow.timestamp(unit, zone))
    path = parquet({"at": at, "k": [1, 2, 3]})
    for table in (read_table(path), *read_table_parts(path)):
        assert table["at"].dtype.kind == "M"
        right = np.array([10**9, "NaT", -1], f"M8[{unit}]")
        np.testing.assert_array_equal(table["at"], right)


def test_durations_and_times_of_day(parquet):
    path = parquet(
        {
            "took": arrow.array([5, None]).cast(arrow.duration("ms")),
            "noon": arrow.array([12 * 3600, None], arrow.int32()).cast(arrow.time32("s")),
            "night": arrow.array([1, None]).cast(arrow.time64("us")),
        }
    )
    table = read_table(path)
    for name, right in (
        ("took", [5000, "NaT"]),
        ("noon", [432 * 10**8, "NaT"]),
        ("night", [1, "NaT"]),
    ):
        assert table[name].dtype.kind == "m"
        np.testing.assert_array_equal(table[name], np.array(right, "m8[us]"))
    assert read_table(path, text=["noon"])["noon"].tolist() == ["12:00:00.000", None]


def test_parts_know_their_place(parquet):
    path = parquet({"a": np.arange(20_000)})
    parts = list(read_table_parts(path))
    assert [part["a"][0] for part in parts] == [0, 8192, 16384]
    assert [part.place(0) for part in parts] == ["row 1", "row 8193", "row 16385"]
