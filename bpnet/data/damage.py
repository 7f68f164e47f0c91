"""Errors of the libraries that parse files, reported as what they mean: a damaged file."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from .._lib.wording import shortened

__all__ = ["damage_named"]


@contextlib.contextmanager
def damage_named(place: str) -> Iterator[None]:
    """While entered, any error is a ValueError that begins with ``place``.

    A damaged file makes zipfile, pyarrow and NumPy raise some ten types each: of their own, of
    decoders, and whatever happens within them, such as IndexError and MemoryError.
    """
    try:
        yield
    except Exception as error:
        words = str(error).strip().partition("\n")[0] or type(error).__name__
        raise ValueError(f"{place} ({shortened(words)})") from error
