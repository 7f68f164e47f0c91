"""What went wrong, in one or two lines."""

from __future__ import annotations

import contextlib
import sys
import traceback
from collections.abc import Iterator

from ..backends import BackendUnavailableError
from ..storage.claims import InUseError
from ..tabular.setting_error import SettingError
from ..training import DivergenceError

__all__ = ["RunError", "UsageError", "code_of", "in_words", "tell", "usage"]


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


_OF_RUNS = (RunError, DivergenceError, OSError, MemoryError)


@contextlib.contextmanager
def usage() -> Iterator[None]:
    """While entered, errors of what a user gave are told as such: files, names, numbers."""
    try:
        yield
    except _OF_USERS as error:
        raise UsageError(in_words(error)) from error


def tell(error: BaseException, debug: bool) -> int:
    """Tell an error on standard error; its exit code.

    Parameters
    ----------
    error : BaseException
    debug : bool
        Whether its traceback comes first.
    """
    if debug:
        traceback.print_exception(error)
    if isinstance(error, KeyboardInterrupt):
        message = str(error) or "interrupted"
    elif isinstance(error, UsageError):
        message = str(error)
    elif isinstance(error, _OF_RUNS):
        message = in_words(error)
    else:
        message = f"{type(error).__name__}: {in_words(error)}"
        message += "\nthis should not happen; --debug shows where"
    print(f"bpnet: {message}", file=sys.stderr, flush=True)
    return code_of(error)


def code_of(error: BaseException) -> int:
    """The exit code of a command that ends with an error."""
    if isinstance(error, KeyboardInterrupt):
        return 130
    return 2 if isinstance(error, UsageError) else 1


def in_words(error: BaseException) -> str:
    """The message of an error, at most two lines of it, without Python's own trimmings."""
    if isinstance(error, SettingError):
        return error.with_flags
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return "\n".join(str(error).strip().splitlines()[:2]) or type(error).__name__
