"""Files of text, in whatever encoding, compressed by gzip or not, line by line."""

from __future__ import annotations

import codecs
import gzip
import io
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TextIO, cast

from ...idx import GZIP_MAGIC
from ...memory_limit import BYTES_OF_COLUMN, memory_limit

__all__ = ["TextFile", "too_long"]

_LONGEST_LINE = 16 * 2**20  # characters
_SEEN = 4096  # bytes from which the encoding is told
_BYTES_OF_CHARACTER = 40  # once it is a cell, at most
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # which begins like UTF-16
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_OTHER_FILES = (
    (b"PK\3\4", "a zip archive, as files of Excel are: save the sheet as CSV"),
    (b"\xd0\xcf\x11\xe0", "a file of Excel or the like: save the sheet as CSV"),
    (b"PAR1", "a Parquet file: let its name end in .parquet"),
    (b"BZh", "compressed by bzip2; unpack it first"),
    (b"\xfd7zXZ", "compressed by xz; unpack it first"),
    (b"\x28\xb5\x2f\xfd", "compressed by zstd; unpack it first"),
)


class TextFile:
    """A file of text.

    Parameters
    ----------
    path : Path
    encoding : str, optional
        UTF-8 if not given; a byte order mark comes first.
    max_bytes : int, optional
        As for `read_table`.

    Attributes
    ----------
    encoding : str
    packed : bool
        Whether it is compressed.
    longest_line : int
        Characters that a line may have.

    Raises
    ------
    ValueError
        If it is a file of another kind, or damaged.
    """

    def __init__(self, path: Path, encoding: str | None = None, max_bytes: int | None = None):
        self.path, self.max_bytes = path, max_bytes
        self.longest_line = max(_LONGEST_LINE, max_bytes or 0)
        with path.open("rb") as file:
            self.packed = file.read(len(GZIP_MAGIC)) == GZIP_MAGIC
        with self._open_bytes() as file:
            try:
                seen = file.read(_SEEN)
            except (EOFError, gzip.BadGzipFile, zlib.error) as error:
                raise self._damaged(error) from None
        for mark, what in _OTHER_FILES:
            if seen.startswith(mark):
                raise ValueError(f"{path}: {what}")
        found = (known for mark, known in _MARKS if seen.startswith(mark))
        self._is_given = encoding is not None
        self.encoding = next(found, encoding or "utf-8")
        if self.encoding == "utf-8" and not encoding:
            _refuse_utf_16(path, seen)

    def open(self) -> TextIO:
        """The text, with line ends as they are."""
        return io.TextIOWrapper(self._open_bytes(), encoding=self.encoding, newline="")

    def lines(self, file: TextIO) -> Iterator[str]:
        """The lines of the opened file, none longer than one may be."""
        number = 1
        try:
            while line := file.readline(self.longest_line):
                yield line
                number += 1
        except UnicodeDecodeError as error:
            raise self._undecodable(number, error) from None
        except UnicodeError as error:  # UTF-16 without a byte order mark
            raise ValueError(f"{self.path}: {error}; give the encoding as 'utf-16-le'") from None
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise self._damaged(error) from None

    def check_unpacked(self, used: int) -> None:
        """Raise if what is compressed takes more memory than it may.

        Parameters
        ----------
        used : int
            Bytes so far.
        """
        limit = memory_limit(self.path, self.max_bytes)
        if not self.packed or used <= limit:
            return
        with self.path.open("rb") as file:
            file.seek(-4, io.SEEK_END)
            (size,) = struct.unpack("<I", file.read(4))  # of an honest file, unpacked
        enough = max(_BYTES_OF_CHARACTER * size, 2 * limit)
        raise ValueError(
            f"{self.path}: unpacked it takes more than {limit:,} bytes of memory, the limit for "
            f"this file; if you trust the file, raise it: max_bytes={enough} in Python, "
            f"--max-bytes {enough} on the command line; or unpack it first, for example by "
            f"gunzip --keep {self.path}"
        )

    def _open_bytes(self) -> IO[bytes]:
        return cast(IO[bytes], gzip.open(self.path)) if self.packed else self.path.open("rb")

    def _damaged(self, error: Exception) -> ValueError:
        return ValueError(f"{self.path}: damaged gzip data ({error})")

    def _undecodable(self, line: int, error: UnicodeDecodeError) -> ValueError:
        byte = error.object[error.start]
        called = self.encoding.removesuffix("-sig").upper()
        told = f"{self.path}: byte 0x{byte:02x} is not {called} text"
        if self._is_given:
            return ValueError(f"{told}; save the file as CSV in UTF-8")
        # Windows has letters and signs where Latin-1 has control characters.
        other = "cp1252" if 0x80 <= byte < 0xA0 else "latin-1"
        return ValueError(
            f"{told} (in line {line} or soon after); it may be {other}: encoding={other!r} in "
            f"Python, --encoding {other} on the command line; or save the file in UTF-8"
        )


def _refuse_utf_16(path: Path, seen: bytes) -> None:
    """Raise for text of which every other byte is null."""
    if seen and not any(seen):
        raise ValueError(f"{path}: nothing but null bytes: is its download or copy complete?")
    nulls = (seen[::2].count(0), seen[1::2].count(0))
    if len(seen) > 3 and 3 * max(nulls) >= len(seen):
        name = "utf-16-be" if nulls[0] > nulls[1] else "utf-16-le"
        raise ValueError(
            f"{path}: every other byte is null, as in UTF-16: encoding={name!r} in Python, "
            f"--encoding {name} on the command line; or save the file in UTF-8"
        )


def too_long(path: Path, place: str, limit: str) -> str:
    """Say that a line is, and how to read it all the same."""
    enough = BYTES_OF_COLUMN * path.stat().st_size  # whatever its characters are
    return (
        f"{path}, {place}: longer than {limit}, the limit; if that is right, raise it: "
        f"max_bytes={enough} in Python, --max-bytes {enough} on the command line"
    )
