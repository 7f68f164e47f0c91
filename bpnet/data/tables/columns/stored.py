"""Entries that several kinds of stored columns have."""

from __future__ import annotations

from collections.abc import Mapping

from ...._lib.wording import shown
from ..stored_entries import read_entry

__all__ = ["read_flag", "read_texts"]


def read_texts(data: object, key: str, where: str) -> tuple[str, ...]:
    """A list of texts."""
    texts = read_entry(data, key, list, where)
    if not all(isinstance(text, str) for text in texts):
        raise ValueError(f"{where}: {key!r} are {shown(texts)}, expected text")
    return tuple(texts)


def read_flag(data: object, key: str, where: str, *, default: bool | None = None) -> bool:
    """True or False, which must be there unless there is a default."""
    if isinstance(data, Mapping) and key not in data and default is not None:
        return default
    if not isinstance(data, Mapping) or not isinstance(data.get(key), bool):
        given = data.get(key) if isinstance(data, Mapping) else data
        raise ValueError(f"{where}: {key!r} is {shown(given)}, expected true or false")
    return bool(data[key])
