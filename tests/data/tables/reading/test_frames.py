"""Frames of each library: the same table as its file."""

import datetime
import decimal

import numpy as np
import pytest
from _errors import raises

from bpnet.data import read_table, read_table_parts
from bpnet.data.tables.reading.frames import is_frame

CSV = "a,b,c,flag,day\n1,x,,True,2020-01-01\n2,NA,3.5,False,2021-05-06\n3,z ,4,True,\n"
COLUMNS = {
    "a": [1, 2, 3],
    "b": ["x", None, "z "],
    "c": [None, 3.5, 4.0],
    "flag": [True, False, True],
    "day": ["2020-01-01", "2021-05-06", None],
}


def records():
    return [{name: column[k] for name, column in COLUMNS.items()} for k in range(3)]


def structured():
    kinds = [("a", "i4"), ("b", "O"), ("c", "f8"), ("flag", "?"), ("day", "O")]
    return np.array([tuple(r.values()) for r in records()], dtype=kinds)


def pandas(**options):
    import pandas as pd

    frame = pd.DataFrame(COLUMNS)
    return frame.convert_dtypes(**options) if options else frame


FRAMES = {
    "mapping of lists": lambda: COLUMNS,
    "mapping of arrays": lambda: {
        name: np.array(column, object if None in column else None)
        for name, column in COLUMNS.items()
    },
    "records": records,
    "records without missing values": lambda: [
        {name: value for name, value in record.items() if value is not None} for record in records()
    ],
    "structured array": structured,
    "pandas": pandas,
    "pandas objects": lambda: pandas().astype(object),
    "pandas nullable": lambda: pandas(dtype_backend="numpy_nullable"),
    "pandas of arrow": lambda: pandas(dtype_backend="pyarrow"),
    "pandas categories": lambda: pandas().astype("category"),
    "polars": lambda: pytest.importorskip("polars").DataFrame(COLUMNS),
    "polars lazy": lambda: pytest.importorskip("polars").DataFrame(COLUMNS).lazy(),
    "arrow": lambda: pytest.importorskip("pyarrow").table(COLUMNS),
    "arrow batch": lambda: pytest.importorskip("pyarrow").table(COLUMNS).to_batches()[0],
    "arrow reader": lambda: pytest.importorskip("pyarrow").table(COLUMNS).to_reader(),
    "arrow stream": lambda: Stream(pytest.importorskip("pyarrow").table(COLUMNS)),
    "frame protocol": lambda: Exchange(pytest.importorskip("pyarrow").table(COLUMNS)),
}


class Stream:
    """A frame of a library that nobody knows, which goes to Arrow."""

    columns = property(lambda self: list(COLUMNS))

    def __init__(self, table):
        self._table = table

    def __arrow_c_stream__(self, requested_schema=None):
        return self._table.__arrow_c_stream__(requested_schema)


class Exchange:
    """One with the older protocol."""

    columns = property(lambda self: list(COLUMNS))

    def __init__(self, table):
        self._table = table

    def __dataframe__(self, **options):
        return self._table.__dataframe__(**options)


def as_lists(table):
    found = {}
    for name, column in table.items():
        values = column.tolist()
        missing = np.isnat(column) if column.dtype.kind in "mM" else column != column
        found[name] = [None if gap else value for gap, value in zip(missing, values, strict=True)]
    return found


@pytest.fixture
def made(request):
    if "pandas" in request.param:
        pytest.importorskip("pandas")
    return FRAMES[request.param]()


@pytest.mark.parametrize("made", FRAMES, indirect=True)
class TestFramesOfEachLibrary:
    def test_the_same_table_as_the_file(self, made, csv):
        assert is_frame(made)
        table, right = read_table(made), read_table(csv(CSV))
        assert as_lists(table) == as_lists(right)
        assert {name: table[name].dtype.kind for name in right} == {
            name: column.dtype.kind for name, column in right.items()
        }
        assert table.place(2) == "row 3"

    def test_text_and_marks(self, made):
        table = read_table(made, text=["a", " c "], missing=["x", 2])
        assert table["a"].tolist() == ["1", None, "3"]
        assert table["b"].tolist() == [None, None, "z"]
        assert table["c"].tolist() == [None, "3.5", "4"]


@pytest.mark.parametrize("name", [name for name in FRAMES if name not in ("arrow reader",)])
def test_a_frame_is_not_changed(name):
    if "pandas" in name:
        pytest.importorskip("pandas")
    frame = FRAMES[name]()
    before = as_lists(read_table(frame))
    for column in read_table(frame, missing=[1, 4, "x"]).values():
        assert len(column) == 3
    assert as_lists(read_table(frame)) == before


class TestPandas:
    @pytest.fixture
    def pd(self):
        return pytest.importorskip("pandas")

    @pytest.mark.parametrize(
        ("make", "right"),
        [
            (lambda pd: pd.to_datetime(["2020-01-01 12:00", None]), ["2020-01-01T12:00", "NaT"]),
            (
                lambda pd: pd.to_datetime(["2020-01-01 12:00", None]).tz_localize("Europe/Berlin"),
                ["2020-01-01T11:00", "NaT"],
            ),
            (lambda pd: pd.period_range("2020-01", periods=2, freq="M"), ["2020-01", "2020-02"]),
            (
                lambda pd: pd.Series(pd.to_datetime(["2020-01-01", None])).astype("category"),
                ["2020-01-01", "NaT"],
            ),
            (lambda pd: pd.Series([datetime.date(2020, 1, 2), None]), ["2020-01-02", "NaT"]),
            (
                lambda pd: pd.Series([pd.Timestamp("2020-01-02", tz="UTC"), pd.NaT], dtype=object),
                ["2020-01-02", "NaT"],
            ),
        ],
    )
    def test_moments(self, pd, make, right):
        column = read_table(pd.DataFrame({"t": make(pd)}))["t"]
        assert column.dtype.kind == "M"
        np.testing.assert_array_equal(column, np.array(right, "M8[us]"))

    @pytest.mark.parametrize(
        ("make", "right"),
        [
            (lambda pd: pd.to_timedelta(["1h", None]), [3600, "NaT"]),
            (lambda pd: pd.Series([datetime.time(1, 0, 5), None], dtype=object), [3605, "NaT"]),
            (lambda pd: pd.Series([datetime.timedelta(1), pd.NaT], dtype=object), [86400, "NaT"]),
        ],
    )
    def test_durations(self, pd, make, right):
        column = read_table(pd.DataFrame({"t": make(pd)}))["t"]
        assert column.dtype.kind == "m"
        np.testing.assert_array_equal(column, np.array(right, "m8[s]"))

    @pytest.mark.parametrize(
        ("make", "right"),
        [
            (lambda pd: pd.array([1, None], "Int64"), [1.0, None]),
            (lambda pd: pd.array([2**62 + 1, 1], "Int64"), [2**62 + 1, 1]),
            (lambda pd: pd.array([0.5, None], "Float32"), [0.5, None]),
            (lambda pd: pd.array([True, None], "boolean"), ["True", None]),
            (lambda pd: pd.array(["x", None], "string"), ["x", None]),
            (lambda pd: pd.arrays.SparseArray([0, 1]), [0, 1]),
            (lambda pd: pd.interval_range(0, 2), ["(0, 1]", "(1, 2]"]),
            (lambda pd: pd.Categorical([3, None]), [3.0, None]),
            (lambda pd: pd.Series([decimal.Decimal("1.5"), None]), [1.5, None]),
            (lambda pd: pd.Series([1, "x"], dtype=object), ["1", "x"]),
            (lambda pd: pd.Series([True, None], dtype=object), ["True", None]),
            (lambda pd: pd.Series([None, np.nan], dtype=object), [None, None]),
            (lambda pd: pd.Series([10**30, 1], dtype=object), [1e30, 1.0]),
        ],
    )
    def test_other_columns(self, pd, make, right):
        frame = pd.DataFrame({"t": make(pd)})
        assert as_lists(read_table(frame))["t"] == right

    def test_names(self, pd):
        frame = pd.DataFrame([[1, 2, 3, 4]], columns=[" a ", 5, ("x", "y"), None])
        assert list(read_table(frame)) == ["a", "5", "x_y", ""]
        levels = pd.MultiIndex.from_tuples([("x", 1), ("x", 2), ("y", "")])
        assert list(read_table(pd.DataFrame([[1, 2, 3]], columns=levels))) == ["x_1", "x_2", "y"]
        with raises("the DataFrame: columns 1 and 2 are both called 'a'"):
            read_table(pd.DataFrame([[1, 2]], columns=["a", "a "]))

    def test_an_index_is_not_read(self, pd):
        frame = pd.DataFrame({"a": [1, 2]}, index=[7, 3])
        assert read_table(frame) == {"a": pytest.approx([1, 2])}
        assert read_table(frame).notes == ()
        named = read_table(frame.rename_axis("id"))
        assert list(named) == ["a"]
        assert named.notes == (
            "the index 'id' is not used; frame.reset_index() makes columns of it",
        )


def test_types_of_polars(csv):
    pl = pytest.importorskip("polars")
    moment = datetime.datetime(2020, 1, 1, 5)
    frame = pl.DataFrame(
        {
            "at": pl.Series([moment, None]).dt.replace_time_zone("Europe/Berlin"),
            "day": [datetime.date(2020, 1, 1), None],
            "took": [datetime.timedelta(1), None],
            "time": [datetime.time(1), None],
            "none": [None, None],
            "kind": pl.Series(["a", None], dtype=pl.Enum(["a", "b"])),
            "small": pl.Series([1, None], dtype=pl.Int8),
            "price": pl.Series([decimal.Decimal("1.5"), None]),
            "list": [[1], [2]],
            "struct": [{"a": 1}, {"a": 2}],
            "bytes": [b"1", b"2"],
        }
    )  # fmt: skip
    table = read_table(frame)
    assert as_lists(table) == {
        "at": [datetime.datetime(2020, 1, 1, 4), None],
        "day": [datetime.date(2020, 1, 1), None],
        "took": [datetime.timedelta(1), None],
        "time": [datetime.timedelta(hours=1), None],
        "none": [None, None],
        "kind": ["a", None],
        "small": [1.0, None],
        "price": [1.5, None],
    }
    assert list(table.left_out) == ["list", "struct", "bytes"]
    assert table.notes[0].startswith("column 'list' holds List(Int64), neither numbers nor text")


def test_types_of_arrow():
    arrow = pytest.importorskip("pyarrow")
    ms = arrow.array([1000, None]).cast(arrow.timestamp("ms", "Europe/Berlin"))
    table = read_table(
        {
            "at": ms,
            "day": arrow.array([1, None]).cast(arrow.int32()).cast(arrow.date32()),
            "noon": arrow.array([12 * 3600, None], arrow.int32()).cast(arrow.time32("s")),
            "took": arrow.array([5, None]).cast(arrow.duration("us")),
            "coded": arrow.array([1.5, None]).dictionary_encode(),
            "yes": arrow.array([True, None]),
        }
    )
    assert as_lists(table) == {
        "at": [datetime.datetime(1970, 1, 1, 0, 0, 1), None],
        "day": [datetime.date(1970, 1, 2), None],
        "noon": [datetime.timedelta(hours=12), None],
        "took": [datetime.timedelta(microseconds=5), None],
        "coded": [1.5, None],
        "yes": ["True", None],
    }


class TestOtherFrames:
    def test_masked_arrays_have_missing_values(self):
        masked = np.ma.MaskedArray([1.5, 2.5], mask=[False, True])
        np.testing.assert_array_equal(read_table({"a": masked})["a"], [1.5, np.nan])

    @pytest.mark.parametrize("dtype", ["U3", "S3", object, "T"])
    def test_arrays_of_text(self, dtype):
        assert read_table({"a": np.array(["x", "NA"], dtype)})["a"].tolist() == ["x", None]

    def test_arrays_in_another_order_of_bytes(self):
        column = read_table({"a": np.array([1, 2], ">i4")})["a"]
        assert column.dtype.isnative
        assert column.tolist() == [1, 2]

    def test_records_with_other_keys(self):
        table = read_table([{"a": 1}, {"b": "x", " a ": 2}, {}])
        assert as_lists(table) == {"a": [1.0, 2.0, None], "b": [None, "x", None]}
        with raises("a record: columns 1 and 2 are both called 'a'"):
            read_table([{"a": 1, "a ": 2}])

    def test_nested_columns_are_left_out(self):
        table = read_table([{"a": 1, "b": [1]}, {"a": 2, "b": None, "c": {"d": 1}}])
        assert list(table) == ["a"]
        assert table.notes == (
            "column 'b' holds lists, and is left out",
            "column 'c' holds dictionaries, and is left out",
        )
        with raises("column 'b' holds lists"):
            table.find("b")

    def test_parts_know_their_place(self):
        parts = list(read_table_parts({"a": np.arange(10_000)}))
        assert [part.n_rows for part in parts] == [8192, 1808]
        assert parts[1].place(0) == "row 8193"
        assert parts[1]["a"][0] == 8192

    @pytest.mark.parametrize(
        ("data", "words", "kind"),
        [
            (3, "a table must be a path, as text or pathlib.Path, a frame of", TypeError),
            (np.zeros((3, 2)), "not an array of shape (3, 2)", TypeError),
            ([1], "a list of dictionaries, not [1]", TypeError),
            ([], "a list of dictionaries, not []", TypeError),
            ({}, "the table has no columns", ValueError),
            ({"a": []}, "the table has no rows", ValueError),
            ({"a": [1], "b": [1, 2]}, "column 'b' has 2 rows, 'a' has 1", ValueError),
            ({"a": 3}, "column 'a' is 3, expected a list or an array of values", ValueError),
            ({"a": "xy"}, "column 'a' is 'xy', expected a list or", ValueError),
            ({"a": [[1], [2]]}, "has no columns; column 'a' holds lists", ValueError),
            ({"a": np.zeros((3, 2))}, "column 'a' holds arrays of shape (2,)", ValueError),
            ({"a": [1j]}, "column 'a' holds complex numbers", ValueError),
            ({"a": np.array([1j])}, "column 'a' holds complex numbers", ValueError),
        ],
    )
    def test_what_is_no_table(self, data, words, kind):
        with raises(words, kind=kind):
            read_table(data)

    def test_what_is_no_frame(self):
        for data in ("pets.csv", b"pets.csv", [1, 2], [], np.zeros((2, 2)), 3, None, dict, Stream):
            assert not is_frame(data)
        for library in ("pandas", "polars"):
            series = pytest.importorskip(library).Series([1, 2])
            assert not is_frame(series)
        assert not is_frame(pytest.importorskip("pyarrow").array([1]))
        assert not is_frame(pytest.importorskip("pyarrow").chunked_array([[1]]))
