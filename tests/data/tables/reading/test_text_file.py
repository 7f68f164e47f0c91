"""Text that is compressed, or no text at all."""

import gzip
import re

import pytest
from _errors import raises

from bpnet.data import CsvSource, read_table, read_table_parts


@pytest.mark.parametrize("name", ["t.csv.gz", "t.TSV.gz", "t.txt.GZ", "my.data.csv.gz", "t.csv"])
def test_compressed_text(csv, name):
    path = csv(gzip.compress("\ufeffa,b\n1,x\n\n2,y\n".encode()), name)
    for table in (read_table(path), *read_table_parts(path)):
        assert {key: column.tolist() for key, column in table.items()} == {
            "a": [1, 2], "b": ["x", "y"],
        }  # fmt: skip
        assert table.place(1) == "line 4"


def test_what_is_not_compressed_but_named_so(csv):
    assert read_table(csv("a,b\n1,2\n", "t.csv.gz"))["b"].tolist() == [2]


@pytest.mark.parametrize("cut", [12, 15, 30])
@pytest.mark.parametrize("read", [read_table, lambda path: list(read_table_parts(path))])
def test_damaged_compression(csv, cut, read):
    content = gzip.compress(b"a,b\n" + b"1,2\n" * 1000)
    with raises("t.csv.gz: damaged gzip data"):
        read(csv(content[:cut], "t.csv.gz"))
    wrong = bytearray(content)
    wrong[-6] ^= 255
    with raises("t.csv.gz: damaged gzip data (CRC"):
        read(csv(bytes(wrong), "t.csv.gz"))


@pytest.fixture
def small_limit(monkeypatch):
    monkeypatch.setattr("bpnet.data.memory_limit._ALWAYS", 2**18)


@pytest.mark.usefixtures("small_limit")
@pytest.mark.parametrize("row", ["0,1", "x,y", "1.5,", "a%d,1"])
def test_small_files_that_unpack_to_much(csv, row):
    rows = [row % (k % 3000) if "%" in row else row for k in range(30_000)]
    path = csv(gzip.compress("\n".join(["a,b", *rows]).encode(), 9), "bomb.csv.gz")
    assert path.stat().st_size < 2**18 / 6
    with pytest.raises(ValueError, match="unpacked it takes more than") as caught:
        read_table(path)
    assert str(path) in str(caught.value)
    assert "gunzip --keep" in str(caught.value)
    assert sum(part.n_rows for part in read_table_parts(path)) == 30_000
    enough = int(re.search(r"max_bytes=(\d+)", str(caught.value))[1])
    assert read_table(path, max_bytes=enough).n_rows == 30_000


@pytest.mark.usefixtures("small_limit")
def test_an_array_of_json_that_unpacks_to_much(csv):
    content = b'[{"a": [' + b"[]," * 2**17 + b"1]}]"
    path = csv(gzip.compress(content, 9), "bomb.json.gz")
    with raises("bomb.json.gz: unpacked it takes more than", "gunzip --keep"):
        read_table(path)


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"PK\3\4", "t.csv", "a zip archive, as files of Excel are: save the sheet as CSV"),
        (b"\xd0\xcf\x11\xe0\xa1", "t.txt", "of Excel or the like: save the sheet as CSV"),
        (b"PAR1", "t.csv", "a Parquet file: let its name end in .parquet"),
        (b"BZh91AY", "t.csv", "compressed by bzip2; unpack it first"),
        (b"x", "t.xlsx", "cannot read '.xlsx', only '.csv'"),
        (b"x", "t.xls", "save the sheet as CSV"),
        (b"x", "t.ods", "save the sheet as CSV"),
        (b"x", "t.feather", "write the table as Parquet"),
        (b"x", "t.zip", "unpack the file first"),
        (b"x", "t.csv.bz2", "unpack the file first"),
        (b"x", "t.parquet.gz", "cannot read '.parquet.gz'"),
        (b"x", "t.gz", "cannot read '.gz'"),
        (b"x", "table", "cannot read ''"),
    ],
)
def test_files_of_another_kind(csv, content, name, words):
    with raises(name, words):
        read_table(csv(content, name))


def test_a_source_reads_plain_utf_8_only(csv):
    for content, what in (
        (gzip.compress(b"a,b\n1,2\n"), "compressed"),
        ("a,b\n1,2\n".encode("utf-16"), "text in utf-16"),
    ):
        with raises(f"table.csv: {what}, but a source reads from any place in a file"):
            CsvSource(csv(content), "b")
