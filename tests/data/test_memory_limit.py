"""Small files that would unpack to much: refused by their headers, read on demand."""

import gzip
import io
import math
import re
import struct
import zipfile

import numpy as np
import pytest
from _errors import raises

from bpnet.data import CsvSource, ParquetSource, load_table, read_idx, read_table, source
from bpnet.data.memory_limit import memory_errors_named

MIB = 2**20


def zeros(dtype, shape):
    """An array of zeros as an NPY file."""
    file = io.BytesIO()
    form = {"descr": np.dtype(dtype).str, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, form)
    return file.getvalue() + bytes(math.prod(shape) * np.dtype(dtype).itemsize)


@pytest.fixture
def npz(tmp_path):
    """An archive of zeros, packed as well as can be."""

    def write(name, dtype, shape):
        path = tmp_path / name
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("x.npy", zeros(dtype, shape))
        return path

    return write


@pytest.mark.parametrize(
    ("dtype", "shape", "needed"),
    [
        ("u1", (80 * MIB,), "83,886,"),
        ("f8", (2, 5 * MIB), "2,181,"),  # of millions of columns
        ("?", (5 * MIB,), "89,129,"),  # they become text
        ("<U1", (MIB,), "75,497,"),
        ("M8[s]", (10 * MIB,), "83,886,"),
        ("<f8", (0, 2**40), "439,804,651,110,400"),
        ("<U0", (2**40,), "70,368,744,178,064"),
    ],
)
def test_archives(npz, dtype, shape, needed):
    path = npz("bomb.npz", dtype, shape)
    assert path.stat().st_size < MIB
    limit = "limit for this file is 67,108,864"
    with raises(path, "what is unpacked takes about", needed, limit, "max_bytes="):
        read_table(path)


def test_archives_that_unpack_to_little_are_read(npz):
    path = npz("zeros.npz", "u1", (60 * MIB,))
    assert len(read_table(path)["x"]) == 60 * MIB


def test_the_parts_of_an_archive_are_added_up(tmp_path):
    with zipfile.ZipFile(tmp_path / "sum.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        for k in range(3):
            archive.writestr(f"x{k}.npy", zeros("u1", (30 * MIB,)))
    with raises(tmp_path / "sum.npz", "what is unpacked takes about 94,37"):
        read_table(tmp_path / "sum.npz")


def test_the_way_out_of_an_archive(npz):
    path = npz("large.npz", "u1", (80 * MIB,))
    with pytest.raises(ValueError, match="max_bytes=") as caught:
        read_table(path)
    enough = int(re.search(r"max_bytes=(\d+)", str(caught.value))[1])
    assert len(read_table(path, max_bytes=enough)["x"]) == 80 * MIB
    with raises(path, f"limit for this file is {enough - 1:,}"):
        read_table(path, max_bytes=enough - 1)
    with pytest.raises(TypeError, match="max_bytes must be an integer, not '1 GB'"):
        read_table(path, max_bytes="1 GB")


def test_a_compressed_array(tmp_path):
    path = tmp_path / "bomb.gz"
    with gzip.open(path, "wb", 1) as file:
        file.write(bytes([0, 0, 8, 1]) + struct.pack(">I", 80 * MIB) + bytes(80 * MIB))
    with raises(path, "83,886,080 bytes", "limit for this file is 67,108,864", "gunzip"):
        read_idx(path)
    assert len(read_idx(path, max_bytes=80 * MIB)) == 80 * MIB


def test_files_that_are_not_compressed_have_no_limit(tmp_path):
    path = tmp_path / "plain.idx"
    path.write_bytes(bytes([0, 0, 8, 1]) + struct.pack(">I", 80 * MIB) + bytes(80 * MIB))
    assert len(read_idx(path)) == 80 * MIB
    np.savez(tmp_path / "plain.npz", x=np.ones(10 * MIB), yes=np.ones(10 * MIB, bool))
    assert read_table(tmp_path / "plain.npz")["yes"][-1] == "True"


@pytest.mark.parametrize(
    "read",
    [read_table, lambda path, **given: CsvSource(path, "a", **given).read(0, 1)],
    ids=["read_table", "CsvSource"],
)
class TestCsv:
    def test_commas(self, csv, read):
        with raises("table.csv: a table of 500,001 columns", "about 200,000,400", "max_bytes="):
            read(csv("," * 500_000 + "\n1\n"))

    def test_commas_in_a_row(self, csv, read):
        with raises("table.csv, ", "line", ": 500001 fields, expected 2"):
            read(csv("a,b\n" + "," * 500_000 + "\n"))

    def test_a_line_that_never_ends(self, csv, read):
        path = csv(f"a,b\n1,{'2' * 17 * MIB}")
        with pytest.raises(ValueError, match=r"longer than 16,777,216 \w+, the limit") as caught:
            read(path)
        enough = int(re.search(r"max_bytes=(\d+)", str(caught.value))[1])
        with raises(path, "field larger than field limit (131072)", "csv.field_size_limit"):
            read(path, max_bytes=enough)

    def test_the_way_out(self, csv, read):
        path = csv(",".join(f"a{k}" for k in range(168_000)) + ",a\n" + "1," * 168_000 + "1\n")
        with pytest.raises(ValueError, match="a table of 168,001 columns") as caught:
            read(path)
        enough = int(re.search(r"max_bytes=(\d+)", str(caught.value))[1])
        assert read(path, max_bytes=enough)


class TestParquet:
    @pytest.fixture
    def bomb(self, parquet):
        arrow = pytest.importorskip("pyarrow", reason="writes Parquet with pyarrow")
        return parquet({"a": arrow.array(np.zeros(10 * MIB)), "b": arrow.array(np.zeros(10 * MIB))})

    def test_values_that_repeat(self, bomb):
        assert bomb.stat().st_size < MIB
        with raises(bomb, "168,105,440", "limit for this file is 67,108,864", "max_bytes="):
            read_table(bomb)
        assert len(read_table(bomb, max_bytes=2**28)["a"]) == 10 * MIB
        with ParquetSource(bomb, "a") as rows:  # which has some at a time in memory
            assert len(rows) == 10 * MIB

    def test_a_large_row_group(self, tmp_path):
        arrow = pytest.importorskip("pyarrow", reason="writes Parquet with pyarrow")
        files = pytest.importorskip("pyarrow.parquet", reason="writes Parquet with pyarrow")
        table = arrow.table(
            {"a": np.zeros(9 * MIB), "b": np.zeros(9 * MIB, "i1"), "c": [0] * 9 * MIB}
        )
        path, options = tmp_path / "large.parquet", {"row_group_size": 9 * MIB}
        files.write_table(table, path, compression="zstd", use_dictionary=["b", "c"], **options)
        for read in (ParquetSource, lambda path, target: source(path, target=target)):
            with raises(path, "a row group, unpacked, takes about 75,5", "max_bytes="):
                read(path, "b")
        assert source(path, target="b", max_bytes=80 * MIB).width == 2
        assert ParquetSource(path, "b", columns=["c"]).width == 1

    def test_a_text_of_many_rows_is_one_string(self, parquet):
        arrow = pytest.importorskip("pyarrow", reason="writes Parquet with pyarrow")
        words = arrow.array(["x" * 100_000, None, "y"]).dictionary_encode()
        column = read_table(parquet({"a": words.take(arrow.array([0, 1, 2] * 10_000))}))["a"]
        assert column[:3].tolist() == ["x" * 100_000, None, "y"]
        assert len({id(text) for text in column}) == 3


def test_tables_to_train_on(npz):
    path = npz("large.npz", "u1", (80 * MIB,))
    with raises(path, "limit for this file is 1,000"):
        load_table(path, "x", max_bytes=1000)


def test_a_lack_of_memory_names_the_file_and_what_reads_it_in_parts():
    told = raises("a.npz", "do not fit into memory; bpnet.data.source reads CSV")
    with told, memory_errors_named("a.npz"):
        raise MemoryError
