"""What went wrong, in one or two lines."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from ..backends import BackendUnavailableError
from ..storage.claims import InUseError
from ..tabular.setting_error import SettingError

__all__ = ["RunError", "UsageError", "in_words", "usage"]


_OF_USERS = (
    ValueError,
    TypeError,
    OSError,
    ImportError,
    BackendUnavailableError,
    InUseError,
)


class UsageError(Exception):
    """Something was asked for that cannot be; the exit code is 2."""


class RunError(Exception):
    """A run failed; the exit code is 1."""


@contextlib.contextmanager
def usage() -> Iterator[None]:
    """While entered, errors of what a user gave are told as such: files, names, numbers."""
    try:
        yield
    except _OF_USERS as error:
        raise UsageError(in_words(error)) from error


def in_words(error: BaseException) -> str:
    """The message of an error, at most two lines of it, without Python's own trimmings."""
    if isinstance(error, SettingError):
        return error.with_flags
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return "\n".join(str(error).strip().splitlines()[:2]) or type(error).__name__
