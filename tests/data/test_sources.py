"""Every source reads what its file holds, and says what is wrong with it."""

import itertools
import re
import struct
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bpnet.data import (
    ArraySource,
    CsvSource,
    IdxSource,
    IterableSource,
    NpySource,
    ParquetSource,
    SequenceSource,
    Source,
    load_mnist,
    read_table,
    source,
)

in_tmp_path = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def raises(*words, kind=ValueError):
    return pytest.raises(kind, match="(?s)" + ".*".join(map(re.escape, words)))


def same(found, expected):
    for one, other in zip(found, expected, strict=True):
        assert one.dtype == other.dtype
        assert one.dtype.isnative
        np.testing.assert_array_equal(one, other)


def idx(path, array, dtype=">u1"):
    code = {">u1": 0x08, ">i2": 0x0B, ">f4": 0x0D, ">f8": 0x0E}[dtype]
    sizes = struct.pack(f">{array.ndim}I", *array.shape)
    path.write_bytes(bytes([0, 0, code, array.ndim]) + sizes + array.astype(dtype).tobytes())
    return path


@pytest.fixture
def npy(tmp_path):
    def write(x, y):
        np.save(tmp_path / "x.npy", x)
        np.save(tmp_path / "y.npy", y)
        return tmp_path / "x.npy", tmp_path / "y.npy"

    return write


@pytest.fixture
def groups(tmp_path):
    arrow = pytest.importorskip("pyarrow", reason="writes Parquet with pyarrow")
    files = pytest.importorskip("pyarrow.parquet", reason="writes Parquet with pyarrow")

    def write(columns, size=7):
        path = tmp_path / "table.parquet"
        files.write_table(arrow.table(columns), path, row_group_size=size, write_page_checksum=True)
        return path

    return write


N = 150
X = np.random.default_rng(0).standard_normal((N, 3)).round(3).astype(np.float32)
Y = np.arange(N) % 4


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


class TestAll:
    @pytest.mark.parametrize(
        "runs",
        [[(0, 1)], [(0, N)], [(0, 70), (70, 71), (71, N)], [(63, 65), (0, 3), (149, 150), (2, 90)]],
    )
    def test_rows_are_read_in_any_runs(self, rows, runs):
        if rows.sequential:
            runs = [*sorted(runs)[:1], (90, 91)]
        for start, stop in runs:
            x, y = rows.read(start, stop)
            np.testing.assert_array_equal(x, X[start:stop])
            np.testing.assert_array_equal(y, Y[start:stop])
            assert y.dtype.kind in "iu"
        rows.close()

    @pytest.mark.parametrize("runs", [[(0, N)], [(3, 4)], [(120, 150), (7, 40), (40, 44)]])
    def test_runs_are_gathered_and_filled_up(self, rows, runs):
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

    def test_what_is_told_beforehand(self, rows):
        assert len(rows) == N
        assert rows.width in (3, None)
        rows.read(0, 1)
        assert rows.width == 3
        assert all(0 <= border < N for border in rows.borders())
        assert f"{N:,} rows" in repr(rows)
        assert rows.place(0).startswith(rows.name)
        assert source(rows) is rows

    def test_it_is_a_context(self, rows):
        with rows as same:
            assert same is rows
            rows.read(0, 2)


class TestOwn:
    class Short(Source):
        name = "short"

        def __len__(self):
            return 10

        def read(self, start, stop):
            return np.zeros((stop - start - (start > 4), 2)), np.zeros(stop - start)

    class Wide(Short):
        def read(self, start, stop):
            return np.zeros((stop - start, 2 + (start > 4))), np.zeros(stop - start)

    def test_what_is_read_must_be_what_was_asked_for(self):
        with raises("short, rows 5 to 9", "(4, 2)", "expected 5 rows"):
            self.Short().gather([(0, 5), (5, 10)], 10)
        with raises("short, rows 5 to 9: x has rows of shape (3,), others (2,)"):
            self.Wide().gather([(0, 5), (5, 10)], 10)

    def test_types_widen(self):
        class Mixed(self.Short):
            def read(self, start, stop):
                part = np.full(stop - start, 0.5 if start > 4 else 1)
                return part[:, None], part

        x, y = Mixed().gather([(0, 5), (5, 10)], 10)
        assert y.tolist() == [1.0] * 5 + [0.5] * 5 == x[:, 0].tolist()


class TestNpy:
    def test_further_dimensions_are_laid_flat(self, npy):
        x = np.arange(24).reshape(4, 2, 3)
        with NpySource(*npy(x, np.eye(4))) as rows:
            same(rows.read(1, 3), (x[1:3].reshape(2, 6), np.eye(4)[1:3]))
            assert rows.width == 6

    def test_other_byte_orders(self, npy):
        x = np.arange(6, dtype=">f8").reshape(3, 2)
        with NpySource(*npy(x, np.arange(3, dtype=">i4"))) as rows:
            np.testing.assert_array_equal(rows.gather([(1, 3)], 2)[0], x[1:3])

    def test_an_archive_is_refused_in_words(self, tmp_path):
        np.savez(tmp_path / "both.npz", x=X, y=Y)
        with raises(
            "both.npz: the arrays of an NPZ archive cannot be read in pieces", "numpy.save"
        ):
            NpySource(tmp_path / "both.npz", tmp_path / "both.npz")

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"", "not an NPY file: it begins with nothing"),
            (b"a,b\n1,2\n", "not an NPY file: it begins with 61 2c 62"),
            (b"\x93NUMPY\x01\x00", "damaged"),
        ],
    )
    def test_what_is_no_array(self, npy, content, words):
        x, y = npy(X, Y)
        x.write_bytes(content)
        with raises("x.npy", words):
            NpySource(x, y)

    def test_arrays_that_do_not_suit(self, npy):
        with raises("x.npy has 3 rows", "y.npy has 2"):
            NpySource(*npy(np.eye(3), np.zeros(2)))
        with raises("y.npy has 3 dimensions, targets have 1 or 2"):
            NpySource(*npy(np.eye(3), np.zeros((3, 1, 1))))
        with raises("x.npy holds <U1: real numbers are needed", kind=TypeError):
            NpySource(*npy(np.array(["a"]), np.zeros(1)))
        with raises("x.npy holds complex128", kind=TypeError):
            NpySource(*npy(np.array([1j]), np.zeros(1)))
        with raises("x.npy: damaged, or no numbers", "bject"):
            NpySource(*npy(np.array([[], {}], dtype=object), np.zeros(2)))
        with raises("x.npy holds a single number"):
            NpySource(*npy(np.array(1.0), np.zeros(2)))
        with raises("x.npy is empty: its shape is (0, 3)"):
            NpySource(*npy(np.zeros((0, 3)), np.zeros(0)))
        with pytest.raises(FileNotFoundError, match=r"absent\.npy"):
            NpySource("absent.npy", "absent.npy")

    def test_a_file_cut_short(self, npy):
        x, y = npy(X, Y)
        whole = x.read_bytes()
        x.write_bytes(whole[:-4])
        with raises("x.npy: damaged"):
            NpySource(x, y)
        x.write_bytes(whole)
        rows = NpySource(x, y)
        with x.open("r+b") as file:
            file.truncate(1000)
        with raises("x.npy: the header promises", "the file has 1000"):
            rows.read(0, N)
        with raises("x.npy: the header promises", "the file has 1000"):
            rows.gather([(0, N)], N)

    def test_what_was_read_outlives_the_source(self, npy):
        rows = NpySource(*npy(X, Y))
        x, _ = rows.read(3, 5)
        rows.close()
        np.testing.assert_array_equal(x, X[3:5])
        with raises("x.npy: the source is closed"):
            rows.read(3, 5)


class TestIdx:
    @pytest.mark.parametrize("dtype", [">u1", ">i2", ">f4", ">f8"])
    def test_types(self, tmp_path, dtype):
        x = np.arange(24).reshape(4, 3, 2).astype(dtype)
        with IdxSource(idx(tmp_path / "x", x, dtype), idx(tmp_path / "y", np.arange(4))) as rows:
            found = rows.gather([(2, 4), (0, 1)], 3)
        np.testing.assert_array_equal(found[0], x[[2, 3, 0]].reshape(3, 6))
        assert found[1].tolist() == [2, 3, 0]

    def test_scaled_as_load_mnist_scales(self, tmp_path):
        rng = np.random.default_rng(0)
        images = rng.integers(0, 256, (10010, 4, 4), dtype=np.uint8)
        for stem, m in (("train", 10010), ("t10k", 10)):
            idx(tmp_path / f"{stem}-images-idx3-ubyte", images[:m])
            idx(tmp_path / f"{stem}-labels-idx1-ubyte", np.arange(m) % 10)
        names = tmp_path / "train-images-idx3-ubyte", tmp_path / "train-labels-idx1-ubyte"
        with IdxSource(*names, scale=1 / 255) as rows:
            x, _ = rows.read(0, 10)
            assert x.dtype == np.float32
            np.testing.assert_array_equal(x, load_mnist(tmp_path).train[0])
        with IdxSource(*names, scale=0.3) as rows:
            np.testing.assert_allclose(rows.read(0, 1)[0][0], images[0].ravel() * 0.3, rtol=1e-6)

    def test_damage(self, tmp_path):
        good = idx(tmp_path / "y", np.arange(4))
        packed = tmp_path / "x.gz"
        packed.write_bytes(b"\x1f\x8b\x08")
        with raises("x.gz: compressed", "gunzip --keep"):
            IdxSource(packed, good)
        bad = idx(tmp_path / "x", np.zeros((4, 2)))
        bad.write_bytes(bad.read_bytes() + b"\0")
        with raises("x: the header promises 8 bytes for shape (4, 2), the file has 9"):
            IdxSource(bad, good)
        bad.write_bytes(b"PNG!")
        with raises("x: not an IDX file: it begins with 50 4e 47 21"):
            IdxSource(bad, good)
        with raises("x has 3 rows", "y has 4"):
            IdxSource(idx(tmp_path / "x", np.zeros((3, 2))), good)


class TestCsv:
    @pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    def test_delimiters_and_line_ends(self, csv, mark, end):
        lines = [mark.join(["a", "b", "y"])]
        lines += [mark.join(map(str, [k, k / 8, k % 3])) for k in range(200)]
        for last in ("", end):
            rows = CsvSource(csv(end.join(lines) + last), "y")
            assert len(rows) == 200
            x, y = rows.read(60, 131)
            assert x.tolist() == [[k, k / 8] for k in range(60, 131)]
            assert y.tolist() == [k % 3 for k in range(60, 131)]

    def test_blank_lines_quotes_and_a_byte_order_mark(self, csv):
        body = [f'"{k}","1,5 {chr(10)}""x""",{k % 2}{chr(10)}{" " * (k % 3)}' for k in range(300)]
        path = csv('\ufeff\n"a, 1",word,y\n' + "\n".join(body))
        rows = CsvSource(path, "y", columns=["a, 1"])
        assert len(rows) == 300
        for start, stop in [(0, 300), (63, 64), (64, 130), (299, 300)]:
            x, y = rows.read(start, stop)
            assert x[:, 0].tolist() == list(range(start, stop))
            assert y.tolist() == [k % 2 for k in range(start, stop)]

    def test_rows_across_chunks(self, csv, monkeypatch):
        monkeypatch.setattr(sys.modules[CsvSource.__module__], "_CHUNK", 64)
        lines = [f'{k},"{"z" * (k % 90)}\n",{k % 7}' for k in range(500)]
        rows = CsvSource(csv("a,word,y\n" + "\n\n".join(lines)), "y", columns=["a"])
        assert len(rows) == 500
        assert rows.read(450, 500)[0][:, 0].tolist() == list(range(450, 500))

    def test_columns_and_several_targets(self, csv):
        path = csv("a,,b,c,d\n1,x,2,3,4\n5,y,6,7,8\n")
        with raises("table.csv, row 1, column '': 'x' is not a number"):
            CsvSource(path, "c", columns=["", "b"]).read(0, 2)
        with raises("table.csv: column 'c' is a target, and cannot be a feature"):
            CsvSource(path, "c", columns=["a", "c"])
        rows = CsvSource(path, ["d", "a"], columns=["c", "b"], dtype="float64")
        x, y = rows.read(0, 2)
        assert x.dtype == np.float64
        assert x.tolist() == [[3, 2], [7, 6]]
        assert y.tolist() == [[4, 1], [8, 5]]
        assert CsvSource(path, "d").read(0, 1)[0].tolist() == [[1, 2, 3]]

    def test_whole_targets_are_labels(self, csv):
        path = csv("a,y\n" + "".join(f"{k},{1 if k < 64 else 0.5}\n" for k in range(128)))
        rows = CsvSource(path, "y")
        assert rows.read(0, 64)[1].dtype == np.int64
        assert rows.read(64, 128)[1].dtype == np.float64
        assert rows.gather([(0, 64), (64, 128)], 128)[1].tolist() == [1.0] * 64 + [0.5] * 64

    def test_a_decimal_comma_where_semicolons_divide(self, csv):
        rows = CsvSource(csv('a;b;y\n1,5;1.25;0\n2,5;"3,5";1\n'), "y")
        assert rows.read(0, 2)[0].tolist() == [[1.5, 1.25], [2.5, 3.5]]

    @pytest.mark.parametrize(
        "cell", ["", "NA", "x", "1_000", "inf", "nan", "0x10", "1e999", "1.5.2"]
    )
    @pytest.mark.parametrize("quoted", [False, True])
    def test_a_cell_that_is_no_number_is_named(self, csv, cell, quoted):
        shown = f'"{cell}"' if quoted else cell
        lines = [f"{k},{shown if k == 100 else k},1\n" for k in range(200)]
        rows = CsvSource(csv("a,b,y\n" + "".join(lines)), "y")
        rows.read(0, 64)
        with raises("table.csv, row 101, column 'b'", repr(cell)):
            rows.read(90, 110)

    def test_too_large_for_float32(self, csv):
        rows = CsvSource(csv("a,y\n1,0\n1e60,1\n"), "y")
        with raises("table.csv, row 2, column 'a': inf"):
            rows.read(0, 2)

    @pytest.mark.parametrize(
        ("line", "words"),
        [
            ("1,2", ("table.csv, row 71: 2 fields, expected 3",)),
            ("1,2,3,4", ("table.csv, row 71: 4 fields, expected 3",)),
            ('1,"2"x,3', ("table.csv, byte",)),
        ],
    )
    def test_damaged_rows(self, csv, line, words):
        lines = [line if k == 70 else f"{k},1,2" for k in range(100)]
        rows = CsvSource(csv("\n".join(["a,b,y", *lines])), "y")
        with raises(*words):
            rows.read(0, 100)

    def test_quotes_within_fields(self, csv):
        lines = ['5" disk,1,2' if k in (3, 5) else f"{k},1,2" for k in range(100)]
        rows = CsvSource(csv("\n".join(["a,b,y", *lines])), "y", columns=["b"])
        with raises("table.csv", "has a quote within a field"):
            rows.read(0, 64)

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            ("", "table.csv: the file is empty"),
            ("\ufeff\n \n", "table.csv: the file is empty"),
            ("a,b\n", "table.csv: a header with 2 columns, but no rows"),
            ("a,b,a\n1,2,3\n", "columns 1 and 3 are both called 'a'"),
            ("1,2\n3,4\n", "the first row must name the columns"),
            ('a,b\n1,"2\n', "table.csv: a quote is opened, but not closed"),
            (b"a,\xff\n1,2\n", "byte 0xff is not UTF-8"),
            ("a,c\n1,2\n", "no column 'b'"),
            ("b\n1\n", "no column is left as a feature"),
        ],
    )
    def test_damaged_files(self, csv, content, words):
        with raises(words):
            CsvSource(csv(content), "b")

    def test_a_file_that_changes_or_goes(self, csv):
        path = csv("a,y\n1,0\n2,1\n")
        rows = CsvSource(path, "y")
        path.write_text("a,y\n1,0\n")
        with raises("table.csv: the file had 12 bytes, and now has 8"):
            rows.read(0, 2)
        path.unlink()
        with pytest.raises(FileNotFoundError):
            rows.read(0, 2)
        with raises("absent.csv: no such file", kind=FileNotFoundError):
            CsvSource("absent.csv", "y")

    @in_tmp_path
    @given(
        content=st.text('a1.,;"\n\r ', max_size=60).map(lambda text: "k,y\n" + text),
        cut=st.integers(1, 9),
    )
    def test_any_content_is_what_read_table_finds_or_a_value_error(self, csv, content, cut):
        path = csv(content)
        try:
            rows = CsvSource(path, "y")
            parts = [
                rows.read(start, min(start + cut, len(rows))) for start in range(0, len(rows), cut)
            ]
        except ValueError as error:
            parts = str(error)
        if isinstance(parts, str):
            assert str(path) in parts
            return
        table = read_table(path)
        k, y = (np.concatenate(one) for one in zip(*parts, strict=True))
        np.testing.assert_array_equal(k[:, 0], table["k"].astype(np.float32))
        np.testing.assert_array_equal(y, table["y"])


class TestParquet:
    def test_borders_and_types(self, groups):
        columns = {
            "i": np.arange(20, dtype=np.int16),
            "f": np.arange(20) / 4,
            "b": np.arange(20) % 2 == 0,
            "y": np.arange(20, dtype=np.uint8),
        }
        rows = ParquetSource(groups(columns), "y")
        assert list(rows.borders()) == [0, 7, 14]
        for start, stop in itertools.combinations(range(0, 21, 4), 2):
            x, y = rows.read(start, stop)
            same((x,), (np.stack(list(columns.values())[:3], 1)[start:stop].astype(np.float32),))
            same((y,), (np.arange(start, stop),))
        assert ParquetSource(groups(columns), "b", columns=["f"]).read(0, 3)[1].tolist() == [
            1,
            0,
            1,
        ]
        x, y = ParquetSource(groups(columns), ["f", "i"], columns=["y"], dtype="float64").read(5, 6)
        assert y.dtype == np.float64
        assert y.tolist() == [[1.25, 5.0]]

    def test_decimals(self, groups):
        arrow = pytest.importorskip("pyarrow", reason="writes Parquet with pyarrow")
        price = arrow.array([1, 2]).cast(arrow.decimal128(21, 2))
        assert ParquetSource(groups({"p": price, "y": [0, 1]}), "y").read(0, 2)[0][1, 0] == 2.0

    def test_reading_goes_on_where_it_ended(self, groups, monkeypatch):
        rows = ParquetSource(groups({"a": np.arange(100.0), "y": np.arange(100)}, 50), "y")
        begun = []
        begin = rows._begin
        monkeypatch.setattr(rows, "_begin", lambda start: (begun.append(start), begin(start)))
        for start in (0, 20, 40, 60, 80):
            assert rows.read(start, start + 20)[1].tolist() == list(range(start, start + 20))
        assert begun == [0]

    @pytest.mark.parametrize(
        ("columns", "words"),
        [
            ({"w": ["x"] * 9, "y": [0] * 9}, ("column 'w' holds string: a source takes numbers",)),
            ({"a": [1.0] * 9, "z": [0] * 9}, ("no column 'y'",)),
            ({"y": [1.0] * 9}, ("no column is left as a feature",)),
            ({"a": [], "y": []}, ("2 columns, but no rows",)),
        ],
    )
    def test_tables_that_do_not_suit(self, groups, columns, words):
        with raises("table.parquet", *words):
            ParquetSource(groups(columns), "y")

    def test_missing_values(self, groups):
        rows = ParquetSource(groups({"a": [1] * 8 + [None], "y": [0] * 9}), "y")
        rows.read(0, 8)
        with raises("table.parquet, row 9, column 'a': a value is missing"):
            rows.read(2, 9)
        rows = ParquetSource(groups({"a": [1.0] * 9, "y": [0.0] * 8 + [np.inf]}), "y")
        with raises("table.parquet, row 9, column 'y': inf"):
            rows.read(2, 9)

    def test_a_damaged_row_group_is_named(self, groups):
        path = groups({"a": np.random.default_rng(0).random(4000), "y": np.arange(4000)}, 1000)
        content = bytearray(path.read_bytes())
        third = slice(len(content) // 2 + 2000, len(content) // 2 + 6000)
        content[third] = bytes(255 for _ in content[third])
        path.write_bytes(content)
        rows = ParquetSource(path, "y")
        rows.read(0, 1000)
        with raises("table.parquet, rows 2001 to 3000: row group 2 cannot be read"):
            rows.read(2000, 3000)
        rows.read(0, 1000)

    def test_no_file_and_no_pyarrow(self, tmp_path, csv, monkeypatch):
        with raises("absent.pq: no such file", kind=FileNotFoundError):
            ParquetSource(tmp_path / "absent.pq", "y")
        path = csv("a,y\n1,2\n", "table.pq")
        monkeypatch.setitem(sys.modules, "pyarrow", None)
        with raises("table.pq", 'pip install "bpnet-xp[tables]"', kind=ImportError):
            ParquetSource(path, "y")

    def test_no_parquet_file(self, csv):
        pytest.importorskip("pyarrow", reason="reads Parquet with pyarrow")
        with raises("table.parquet: not a readable Parquet file"):
            ParquetSource(csv("a,y\n1,2\n", "table.parquet"), "y")


class TestSamples:
    def test_a_dataset_of_pytorch(self, torch):
        data = torch.utils.data.TensorDataset(torch.ones(5, 2, 2), torch.arange(5))
        x, y = source(data).read(1, 4)
        assert x.shape == (3, 4)
        assert x.dtype == np.float32
        assert y.tolist() == [1, 2, 3]

    @pytest.mark.parametrize(
        ("bad", "words", "kind"),
        [
            (5, ("mine, row 3: a int, expected a pair",), TypeError),
            ((1, 2, 3), ("mine, row 3: a tuple of 3, expected a pair",), TypeError),
            (([0.0], 1), ("mine, row 3: x has 1 values, others 2",), ValueError),
            (([0.0, "a"], 1), ("mine, row 3: x has dtype <U",), TypeError),
            (([0.0, 1.0], "a"), ("mine, row 3: y has dtype <U",), TypeError),
            (([0.0, 1.0], [1]), ("mine, row 3: y has shape (1,), others ()",), ValueError),
        ],
    )
    @pytest.mark.parametrize(
        "make", [SequenceSource, lambda d, name: IterableSource(lambda: d, 6, name)]
    )
    def test_samples_that_are_none(self, bad, words, kind, make):
        data = [([0.0, 1.0], 1)] * 6
        data[3] = bad
        with raises(*words, kind=kind):
            make(data, name="mine").read(0, 6)

    def test_errors_of_a_sequence_keep_their_kind(self):
        class Broken(list):
            def __getitem__(self, k):
                return {}[k] if k == 4 else ([1.0], 0)

        with pytest.raises(KeyError) as caught:
            SequenceSource(Broken([0] * 9)).read(2, 7)
        assert caught.value.__notes__ == ["while reading Broken, row 4"]

    def test_what_is_no_sequence(self):
        with raises("generator has no __len__", kind=TypeError):
            SequenceSource(k for k in range(3))
        with raises("list is empty"):
            SequenceSource([])

    def test_an_iterable_is_made_anew_for_every_epoch_and_passed_over(self):
        made, closed = [], []

        def make():
            made.append(0)
            try:
                for k in range(50):
                    yield [k], k
            finally:
                closed.append(0)

        rows = IterableSource(make, 20)
        for _ in range(2):
            assert rows.read(0, 8)[1].tolist() == list(range(8))
            assert rows.read(8, 20)[1].tolist() == list(range(8, 20))
        assert len(made) == len(closed) == 2  # what is left of it is closed
        assert rows.read(15, 18)[1].tolist() == [15, 16, 17]
        assert rows.read(3, 5)[1].tolist() == [3, 4]
        assert rows.name == "make"
        rows.close()
        assert len(made) == len(closed) == 4

    def test_an_iterable_that_ends_or_raises(self):
        rows = IterableSource(lambda: (([k], k) for k in range(5)), 20, "five")
        with raises("five ended after 5 samples, 20 were promised"):
            rows.read(0, 8)
        with raises("five ended after 5 samples"):
            rows.read(8, 9)
        rows = IterableSource(lambda: (([1 / (3 - k)], k) for k in range(5)), 5, "quotients")
        with pytest.raises(ZeroDivisionError) as caught:
            rows.read(0, 5)
        assert caught.value.__notes__ == ["while reading quotients, row 3"]

    def test_what_is_used_up_after_an_epoch(self):
        with raises("make must be a function", "generator", kind=TypeError):
            IterableSource((k for k in range(3)), 3)
        with raises("samples must be at least 1, not 0"):
            IterableSource(list, 0)


class TestChoice:
    def test_by_what_is_given(self, npy, csv, groups, tmp_path):
        assert isinstance(source(npy(X, Y)), NpySource)
        assert isinstance(source(tuple(map(str, npy(X, Y)))), NpySource)
        pair = idx(tmp_path / "x", X, ">f4"), idx(tmp_path / "y", Y)
        assert isinstance(source(pair), IdxSource)
        assert isinstance(source((X, Y)), ArraySource)
        assert isinstance(source([([1.0], 0)]), SequenceSource)
        assert isinstance(source(csv("a,y\n1,0\n"), target="y"), CsvSource)
        assert isinstance(source(str(groups({"a": [1.0], "y": [0]})), target="y"), ParquetSource)

    def test_what_suits_nothing(self, csv):
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

    def test_arrays_that_do_not_go_together(self):
        with raises("x has 150 rows, y has 149"):
            ArraySource(X, Y[1:])
        with raises("x holds object", kind=TypeError):
            ArraySource(X.astype(object), Y)
