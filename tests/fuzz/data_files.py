"""Damaged files of data, of each format that is read: IDX, NPY, NPZ, CSV and Parquet."""

import gzip
import io
import json
import struct
import zipfile
from types import MappingProxyType

import numpy as np
from fuzz.mutations import mutated_bytes

from bpnet.data import (
    CsvSource,
    IdxSource,
    NpySource,
    ParquetSource,
    read_idx,
    read_table,
    read_table_parts,
)

_SIZES = (0, 1, 2, 3, 255, 2**16, 2**26, 2**31 - 1, 2**32 - 1)
_WORDS = (
    "{'descr': '<f8', 'fortran_order': False, 'shape': (20,), }",
    "|O",
    "<U1",
    "<U100000000",
    "M8[ns]",
    "?",
    "f8,f8",
    "(" * 300,
    "-",
    "True",
    "9" * 30,
    "9" * 4000,
    "(99999999, 99999999)",
    "()",
    "'",
    "\\",
    "\n",
)
_CELLS = (
    "",
    "NA",
    "1",
    "-2.5e3",
    "1e999",
    "nan",
    "1_000",
    "1,5",
    "true",
    "x" * 5000,
    "9" * 5000,
    '"',
    '""',
    '"a\nb"',
    ",",
    ";",
    "\t",
    "\n",
    "\r",
    "\0",
    "\ufeff",
    "a,b,c,y\n",
    "," * 300_000,
    "é",
    "\U0001f600",
    "\ud7ff\u2028",
)


_VALUES = (
    "",
    "null",
    "NaN",
    "-Infinity",
    "1e999",
    "9" * 30,
    "9" * 5000,
    "[1, [2]]",
    '{"z": {}}',
    "[" * 3000,
    '{"a":' * 3000,
    "[]," * 300_000,
    "".join(f'{{"k{k}": 1}}\n' for k in range(3000)),
    '"a": 1, ',
    '" a": 1, ',
    '"\\ud800"',
    '"' + "x" * 5000,
    '"',
    "{",
    "}\n{",
    "]",
    ",",
    "\n",
    "\0",
    "\ufeff",
    "true",
    "é\U0001f600\u2028",
)


def any_of(path, *readers):
    """Read a file in several ways; the first error is raised if all refuse it."""
    errors = []
    for read in readers:
        try:
            read(path)
        except (ValueError, TypeError) as error:
            errors.append(error)
            if path.name not in str(error):
                raise AssertionError(f"the message does not name the file: {error}") from error
    if len(errors) == len(readers):
        raise errors[0]


def read_whole(source):
    """All rows of a source, in two orders."""
    with source as rows:
        half = len(rows) // 2
        rows.read(0, min(len(rows), 1000))
        runs = [(half, len(rows)), (0, half)] if half else [(0, len(rows))]
        if len(rows) <= 10_000:
            rows.gather(runs, len(rows))


def replaced_word(text, words, random):
    """Text with a piece of it replaced by one of these."""
    start = random.randrange(1 + len(text))
    length = random.choice((0, 0, 1, 2, 5, 20, len(text)))
    return text[:start] + random.choice(words) + text[start + length :]


class IdxFiles:
    """Arrays in IDX files, compressed and not, and what `IdxSource` says of the same files."""

    name, suffix = "idx", ".idx"
    errors = (ValueError,)

    def good(self):
        images = bytes([0, 0, 8, 3]) + struct.pack(">3I", 5, 4, 3) + bytes(range(60))
        numbers = bytes([0, 0, 0x0D, 1]) + struct.pack(">I6f", 6, *range(6))
        many = bytes([0, 0, 0x0B, 2]) + struct.pack(">2I", 40, 50) + bytes(4000)
        return [images, numbers, gzip.compress(images, mtime=0), gzip.compress(many, mtime=0)]

    def mutated(self, content, others, random):
        packed = content[:2] == b"\x1f\x8b"
        if packed and random.random() < 0.4:
            return mutated_bytes(content, others, random)
        plain = gzip.decompress(content) if packed else content
        if random.random() < 0.5:
            plain = mutated_bytes(plain, others, random)
        else:
            sizes = [random.choice(_SIZES) for _ in range(random.choice((0, 1, 2, 3, 100, 255)))]
            begin = bytes([0, 0, random.choice((8, 9, 10, 11, 12, 13, 14)), len(sizes)])
            plain = begin + struct.pack(f">{len(sizes)}I", *sizes) + plain[8:]
        if packed and random.random() < 0.01:
            plain += bytes(100_000_000)
        return gzip.compress(plain, 1, mtime=0) if packed else plain

    def use(self, path):
        any_of(
            path,
            lambda path: read_idx(path).tobytes(),
            lambda path: path.read_bytes()[:2] == b"\x1f\x8b" or read_whole(IdxSource(path, path)),
        )


def npy(array):
    """An array as an NPY file."""
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def mutated_npy(content, others, random):
    """An NPY file of which bytes or words of the header are changed, the latter with its length."""
    if random.random() < 0.5 or len(content) < 128:
        return mutated_bytes(content, others, random)
    text = replaced_word(content[10:128].decode("latin-1"), _WORDS, random)
    text = text.encode("latin-1")[:65_000]
    version = random.choice((b"\1\0", b"\1\0", b"\2\0", b"\3\0"))
    length = struct.pack("<H" if version == b"\1\0" else "<I", len(text))
    return content[:6] + version + length + text + content[128:]


class NpyFiles:
    """Arrays in NPY files, as samples and as targets."""

    name, suffix = "npy", ".npy"
    errors = (ValueError, TypeError)

    def good(self):
        x = np.arange(60.0).reshape(20, 3)
        return [
            npy(x),
            npy(np.asfortranarray(x)),
            npy(np.arange(20)),
            npy(np.arange(20, dtype=">i2")),
            npy(x[:, :1].astype(np.float16)),
        ]

    def mutated(self, content, others, random):
        return mutated_npy(content, others, random)

    def use(self, path):
        read_whole(NpySource(path, path))


class NpzFiles:
    """Tables in NPZ files: of arrays that are changed, and of archives that are."""

    name, suffix = "npz", ".npz"
    errors = (ValueError,)
    arrays = MappingProxyType(
        {
            "x": np.arange(60.0).reshape(20, 3),
            "y": np.arange(20),
            "kind": np.array(["cat", "dog"] * 10),
            "yes": np.arange(20) % 2 == 0,
            "day": np.arange(20).astype("M8[D]"),
        }
    )

    def good(self):
        found = []
        for save in (np.savez, np.savez_compressed):
            file = io.BytesIO()
            save(file, **self.arrays)
            found.append(file.getvalue())
        return found

    def mutated(self, content, others, random):
        if random.random() < 0.5:
            return mutated_bytes(content, others, random)
        file = io.BytesIO()
        methods = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
        with zipfile.ZipFile(file, "w") as archive:
            for name, array in self.arrays.items():
                inner = npy(array)
                if random.random() < 0.3:
                    inner = mutated_npy(inner, [inner, content], random)
                    name = random.choice(
                        (name, name, "x0", "", "X", "../up", "x" * 3000, "\U0001f600")
                    )
                if random.random() < 0.003:
                    inner += bytes(100_000_000)
                method = random.choice(methods if random.random() < 0.1 else methods[:2])
                archive.writestr(zipfile.ZipInfo(f"{name}.npy"), inner, method, 1)
        return file.getvalue()

    def use(self, path):
        lengths = {len(column) for column in read_table(path).values()}
        assert len(lengths) == 1


class CsvFiles:
    """Tables in text files, in memory and as sources."""

    name, suffix = "csv", ".csv"
    errors = (ValueError,)

    def good(self):
        rows = "".join(f"{k},{k / 4},cat,{k % 2}\n" for k in range(200))
        numbers = "".join(f"{k};{k % 7},5;0{k % 3}\r\n" for k in range(200))
        quoted = '"a, b",b,y\n1,2,0\n\n"3","4",1\n  \n5,6,0'
        return [
            ("a,b,kind,y\n" + rows).encode(),
            ("\ufeffa;b;y\r\n" + numbers).encode(),
            quoted.encode(),
            b"a\ty\r1\t0\r2\t1\r",
        ]

    def mutated(self, content, others, random):
        if random.random() < 0.4:
            return mutated_bytes(content, others, random)
        text = content.decode()
        for _ in range(random.choice((1, 1, 2, 5))):
            if random.random() < 0.5:
                text = replaced_word(text, _CELLS, random)
            else:  # a whole cell
                cells = text.split(",")
                cells[random.randrange(len(cells))] = random.choice(_CELLS)
                text = ",".join(cells)
        encoding = "utf-8" if random.random() < 0.95 else random.choice(("utf-16", "utf-7"))
        return text.encode(encoding)

    def use(self, path):
        any_of(
            path,
            read_table,
            lambda path: read_table(path, text=["y", "a"]),
            lambda path: list(read_table_parts(path)),
            lambda path: read_whole(CsvSource(path, "y")),
            lambda path: read_whole(CsvSource(path, ["y"], columns=["b"])),
        )


class PackedCsvFiles(CsvFiles):
    """The same compressed by gzip: the text is damaged, or what is compressed."""

    name, suffix = "csv.gz", ".csv.gz"

    def good(self):
        return [gzip.compress(content, mtime=0) for content in super().good()]

    def mutated(self, content, others, random):
        if random.random() < 0.3:
            return mutated_bytes(content, others, random)
        text = super().mutated(gzip.decompress(content), super().good(), random)
        if random.random() < 0.01:
            text += random.choice(
                (b"1,2,3,4\n" * 10_000_000, bytes(100_000_000), b"1" * 50_000_000)
            )
        return gzip.compress(text, 1, mtime=0)

    def use(self, path):
        any_of(
            path,
            read_table,
            lambda path: read_table(path, text=["y", "a"], missing=[1]),
            lambda path: read_table(path, header=False, encoding="latin-1"),
            lambda path: list(read_table_parts(path)),
        )


class JsonFiles:
    """Tables in JSON: an object a line, or an array of objects."""

    name, suffix = "jsonl", ".jsonl"
    errors = (ValueError,)

    def good(self):
        records = [
            {"a": k, "b": k / 4, "kind": "cat" if k % 3 else None, "yes": k % 2 == 0}
            for k in range(200)
        ]
        lines = "\n".join(map(json.dumps, records))
        return [lines.encode(), json.dumps(records, indent=1).encode(), lines.encode("utf-16")]

    def mutated(self, content, others, random):
        if random.random() < 0.4:
            return mutated_bytes(content, others, random)
        encoding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"
        text = content.decode(encoding)
        for _ in range(random.choice((1, 1, 2, 5))):
            text = replaced_word(text, _VALUES, random)
        return text.encode(encoding)

    def use(self, path):
        any_of(
            path,
            read_table,
            lambda path: read_table(path, text=["a"], missing=[1, "cat"]),
            lambda path: list(read_table_parts(path)),
        )


class ParquetFiles:
    """Tables in Parquet files, in memory and as sources."""

    name, suffix = "parquet", ".parquet"
    errors = (ValueError,)

    def good(self):
        import pyarrow as arrow
        import pyarrow.parquet as parquet

        numbers = arrow.table({"a": np.arange(40) / 4, "b": np.arange(40), "y": np.arange(40) % 3})
        mixed = arrow.table(
            {
                "kind": ["cat", "dog", None, "x" * 50] * 10,
                "day": arrow.array(range(40)).cast(arrow.timestamp("s")),
                "yes": [True, None] * 20,
                "price": arrow.array(range(40)).cast(arrow.decimal128(21, 2)),
                "coded": arrow.array(["u", "v"] * 20).dictionary_encode(),
                "y": np.arange(40, dtype=np.uint64),
                "deep": [{"z": [1]}] * 40,
            }
        )
        found = []
        for table, options in (
            (numbers, {"compression": "none"}),
            (numbers, {"compression": "zstd", "row_group_size": 7, "write_page_checksum": True}),
            (mixed.drop_columns("deep"), {"compression": "snappy"}),
            (mixed.drop_columns("deep"), {"compression": "gzip", "use_dictionary": False}),
            (
                numbers,
                {
                    "data_page_version": "2.0",
                    "column_encoding": {
                        "a": "BYTE_STREAM_SPLIT",
                        "b": "DELTA_BINARY_PACKED",
                        "y": "PLAIN",
                    },
                    "use_dictionary": False,
                },
            ),
        ):
            file = io.BytesIO()
            parquet.write_table(table, file, **options)
            found.append(file.getvalue())
        return found

    def mutated(self, content, others, random):
        return mutated_bytes(content, others, random)

    def use(self, path):
        any_of(
            path,
            read_table,
            lambda path: list(read_table_parts(path)),
            lambda path: read_whole(ParquetSource(path, "y")),
            lambda path: read_whole(ParquetSource(path, ["y"], columns=["a"])),
        )
