"""What a path leads to, found out before it is opened."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Any

from .wording import described

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["as_path", "check_regular_file", "is_path", "kind_of_file"]

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def as_path(path: Any, what: str = "path") -> Path:
    """A path that was given as text, bytes or a path object.

    Raises
    ------
    TypeError
        If it is none of these; ``what`` is what the message calls it.

    Examples
    --------
    >>> as_path(b"runs/digits-1").name
    'digits-1'
    """
    from pathlib import Path  # not needed by `import bpnet`

    if not is_path(path):
        raise TypeError(f"{what} must be a path, as text or pathlib.Path, not {described(path)}")
    return Path(os.fsdecode(path))


def is_path(data: Any) -> bool:
    """Whether it is what `as_path` takes."""
    return isinstance(data, str | bytes | os.PathLike)


def check_regular_file(path: str | os.PathLike[str]) -> None:
    """Raise unless there is a file of bytes at this path.

    Opening a pipe may block for ever, and a device may never end. Both can be read only once, while
    most formats take more than one pass.

    Parameters
    ----------
    path : str or path

    Raises
    ------
    FileNotFoundError
        If there is nothing.
    OSError
        If it cannot be found out, as in a folder without the right to enter it.
    ValueError
        If it is a folder, pipe, socket or device, or the path is none that a file can have.
    """
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        raise FileNotFoundError(f"{os.fspath(path)}: no such file") from None
    except ValueError as error:  # a null byte
        raise ValueError(f"{os.fspath(path)!r} cannot be a path: {error}") from None
    kind = kind_of_file(mode)
    if kind is None:
        return
    hint = "" if kind == "a folder" else "; write what it gives to a file first"
    raise ValueError(f"{os.fspath(path)}: {kind}, expected a file{hint}")


def kind_of_file(mode: int) -> str | None:
    """What ``st_mode`` says is there, in words; None for a regular file."""
    if stat.S_ISREG(mode):
        return None
    return next((name for is_kind, name in _KINDS if is_kind(mode)), "something else")
