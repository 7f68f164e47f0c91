"""The records of JSON files: an object a line, or an array of objects."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...._lib.wording import shortened, shown
from .text_file import TextFile, too_long

__all__ = ["JsonRecords"]

_RECORDS, _VALUES, _CHARACTERS = 8192, 2**18, 2**22  # of a block, about
_LONGEST_LINE = 4 * 2**20  # characters, which as empty lists take 20 times the bytes
_BYTES_OF_LIST = 128  # or of a dictionary, empty
_BLANKS = re.compile(r"[\s,]*")
_EXPECTED = 'expected an object a line, such as {"age": 3}, or an array of objects'


class JsonRecords:
    """The records of a file, some at a time.

    Parameters
    ----------
    text : TextFile

    Raises
    ------
    ValueError
        If the file is empty, or a line is no JSON or no object; the message gives the line, or of
        an array the record.
    """

    def __init__(self, text: TextFile) -> None:
        self._text = text
        text.longest_line = max(_LONGEST_LINE, text.longest_line if text.max_bytes else 0)
        with text.open() as file:
            first = next((line for line in text.lines(file) if line.strip()), "")
        if not first:
            raise ValueError(f"{text.path}: the file is empty")
        self.is_array = first.lstrip().startswith("[")

    def blocks(self) -> Iterator[tuple[list[int], list[dict[str, Any]]]]:
        """Lines in which records end, or the numbers of an array's records, and the records."""
        numbers: list[int] = []
        block: list[dict[str, Any]] = []
        values = characters = 0
        for number, record, length in self._of_array() if self.is_array else self._of_lines():
            numbers.append(number)
            block.append(record)
            values, characters = values + len(record), characters + length
            if len(block) >= _RECORDS or values >= _VALUES or characters >= _CHARACTERS:
                yield numbers, block
                numbers, block, values, characters = [], [], 0, 0
        if block:
            yield numbers, block

    def _of_lines(self) -> Iterator[tuple[int, dict[str, Any], int]]:
        with self._text.open() as file:
            for number, line in enumerate(self._text.lines(file), 1):
                place = f"line {number}"
                if len(line) >= self._text.longest_line:
                    limit = f"{self._text.longest_line:,} characters"
                    raise ValueError(too_long(self._text.path, place, limit))
                if line.strip():
                    record, end = self._decoded(line, place, len(line) - len(line.lstrip()))
                    if line[end:].strip():
                        raise self._wrong(place, f"{shown(line[end:].strip())} after an object")
                    yield number, record, len(line)

    def _of_array(self) -> Iterator[tuple[int, dict[str, Any], int]]:
        text = self._whole()
        at = text.index("[") + 1
        for number in itertools.count(1):
            at = _after_blanks(text, at)
            place = f"record {number}"
            if at == len(text):
                raise self._wrong(place, "the array is not closed")
            if text[at] == "]":
                break
            record, end = self._decoded(text, place, at)
            yield number, record, end - at
            at = end
        if text[at + 1 :].strip():
            raise self._wrong(place, "something comes after the array")

    def _whole(self) -> str:
        parts: list[str] = []
        used = 0
        with self._text.open() as file:
            for part in self._text.lines(file):
                nested = part.count("[") + part.count("{")
                used += 2 * len(part) + _BYTES_OF_LIST * nested
                self._text.check_unpacked(used)
                parts.append(part)
        return "".join(parts)

    def _decoded(self, text: str, place: str, start: int) -> tuple[dict[str, Any], int]:
        try:
            record, end = _DECODER.raw_decode(text, start)
            if "\\u" in text[start:end]:  # where half a character may be meant
                _check_characters(record)
        except json.JSONDecodeError as error:
            raise self._wrong(place, f"{error.msg}, character {error.pos - start + 1}") from None
        except RecursionError:
            raise self._wrong(place, "too many lists in lists") from None
        except ValueError as error:
            raise self._wrong(place, str(error)) from None
        if not isinstance(record, dict):
            raise self._wrong(place, shown(record))
        return record, end

    def _wrong(self, place: str, what: str) -> ValueError:
        return ValueError(f"{self._text.path}, {place}: {shortened(what)}; {_EXPECTED}")


def _after_blanks(text: str, at: int) -> int:
    found = _BLANKS.match(text, at)
    return found.end() if found else at


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in record if names.count(name) > 1)
        raise ValueError(f"key {shown(twice)} is there twice")
    return record


def _check_characters(record: Any) -> None:
    """Raise where an escape is half a character, which no file can hold."""
    if isinstance(record, Mapping):
        for name, value in record.items():
            for text in (name, value):
                if isinstance(text, str):
                    text.encode()


_DECODER = json.JSONDecoder(object_pairs_hook=_object)
