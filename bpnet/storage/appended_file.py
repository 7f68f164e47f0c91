"""A text file that grows line by line, and that one writer at a time has."""

from __future__ import annotations

import contextlib
import os

from .._lib.atomic import remove_leftovers, write_atomically, write_target
from .._lib.locks import SAFE_TO_OPEN, try_lock
from .claims import InUseError

__all__ = ["AppendedFile"]


class AppendedFile:
    """Appends whole pieces of text to a file, or nothing of them.

    The file is locked while it is open, where the file system has locks.

    Parameters
    ----------
    path : str
        Of a file, made where there is none.

    Raises
    ------
    OSError
        If it cannot be opened for writing, or is no regular file; the error names ``path``.
    InUseError
        If another writer has it.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._handle: int | None = None
        self._open()

    def begin_with(self, content: str) -> None:
        """Replace what is in the file, unless it is the same."""
        with open(self._path, encoding="utf-8", newline="") as file:
            if file.read() == content:
                return
        self.close()  # the lock belongs to the file that is replaced
        try:
            write_atomically(self._path, content)
        finally:
            self._open()

    def append(self, text: str) -> None:
        """Write text at the end; if there is no room for all of it, the file stays as it was."""
        assert self._handle is not None
        size, rest = os.fstat(self._handle).st_size, text.encode()
        try:
            while rest:
                rest = rest[os.write(self._handle, rest) :]
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._handle, size)
            raise

    def close(self) -> None:
        """Close the file, and unlock it; done already, it does nothing."""
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)

    def _open(self) -> None:
        target, _ = write_target(self._path)  # to open a pipe might wait for ever
        handle = os.open(target, os.O_RDWR | os.O_CREAT | os.O_APPEND | SAFE_TO_OPEN, 0o666)
        try:
            locked = try_lock(handle)
        except OSError:  # no locks on this file system
            locked = True
        if not locked:
            os.close(handle)
            raise InUseError(
                f"{self._path!r} is in use: another fit is writing to it. Wait until it ends, or "
                "name another file"
            )
        self._handle = handle
        folder, name = os.path.split(target)
        remove_leftovers(folder, name.__eq__)
