"""The right to write to a folder, which one training has at a time."""

from __future__ import annotations

import contextlib
import errno
import gc
import os
import socket
import stat
import warnings
import weakref

from .._lib.locks import SAFE_TO_OPEN, try_lock

__all__ = ["LOCK_FILE", "FolderClaim", "InUseError", "holder_of"]

LOCK_FILE = ".bpnet.lock"
_CANNOT = {  # a full disk, or a file system without locks
    getattr(errno, name)
    for name in ("ENOSPC", "EDQUOT", "ENOLCK", "ENOSYS", "ENOTSUP", "EOPNOTSUPP")
    if hasattr(errno, name)
}


class InUseError(RuntimeError):
    """Another training writes to a folder or file."""


class FolderClaim:
    """Claims a folder for one training, by a lock on a file in it.

    The lock ends with the process, however it ends: what a killed one left is no obstacle. Where
    the file system has no locks, or no room for the file, a warning says so and nothing is locked.

    Parameters
    ----------
    folder : path
        It must exist.

    Raises
    ------
    InUseError
        If another process, or another training of this one, has claimed it; the message says who.
    OSError
        If nothing can be written to it.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._folder = os.fspath(folder)
        self._path = os.path.join(os.path.realpath(folder), LOCK_FILE)
        self._handle: int | None = None
        try:
            if not self._lock():
                gc.collect()  # a fit of this process that was never run to its end may have it
                if not self._lock():
                    raise InUseError(
                        f"{self._folder!r} is in use: {self._holder()} is training in it. Wait "
                        "until it ends, or name another folder"
                    )
        except OSError as error:
            if error.errno not in _CANNOT:
                raise
            with contextlib.suppress(OSError):
                os.unlink(self._path)
            warnings.warn(
                f"{self._folder!r} cannot be locked: {error.strerror or error}. Nothing keeps a "
                "second training from writing to it",
                stacklevel=2,
            )
            return
        _CLAIMS.add(self)

    def release(self) -> None:
        """Give the folder back; done already, it does nothing."""
        handle, self._handle = self._handle, None
        if handle is None:
            return
        own = self._is(handle)  # not so if the folder was removed meanwhile, or is another one
        if own and os.name == "posix":
            with contextlib.suppress(OSError):  # first, so that nobody locks what is then removed
                os.unlink(self._path)
        os.close(handle)
        if own and os.name != "posix":  # there an open file cannot be removed
            with contextlib.suppress(OSError):
                os.unlink(self._path)

    def forget(self) -> None:
        """In a forked process: leave the claim to the parent alone."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _lock(self) -> bool:
        while True:
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT | SAFE_TO_OPEN, 0o666)
            try:
                if not stat.S_ISREG(os.fstat(handle).st_mode):
                    raise OSError(errno.EINVAL, "This is not a regular file", self._path)
                locked = try_lock(handle)
                if locked and self._is(handle):
                    self._handle, handle = handle, -1
                    self._sign()
                    return True
            finally:
                if handle >= 0:
                    os.close(handle)
            if not locked:
                return False
            # Its holder removed the file between the two calls.

    def _is(self, handle: int) -> bool:
        """Whether an open file is the one in the folder."""
        try:
            return os.path.samestat(os.fstat(handle), os.stat(self._path, follow_symlinks=False))
        except OSError:
            return False

    def _sign(self) -> None:
        assert self._handle is not None
        with contextlib.suppress(OSError):  # a full disk: the lock holds without a name
            os.ftruncate(self._handle, 0)
            os.lseek(self._handle, 0, os.SEEK_SET)
            os.write(self._handle, f"{os.getpid()} {socket.gethostname()}\n".encode())

    def _holder(self) -> str:
        """Who has locked the file, in words."""
        signed = _signature(self._path)
        if signed is None:
            return "another process"
        process, host = signed
        if host != socket.gethostname():
            return f"process {process} on {host}"
        return "another fit of this process" if process == os.getpid() else f"process {process}"


def holder_of(folder: str | os.PathLike[str]) -> str | None:
    """Which process trains in a folder, in words; None if none does, as far as can be seen.

    Nothing is locked for that, so that a training which begins meanwhile is not disturbed.
    """
    signed = _signature(os.path.join(os.path.realpath(folder), LOCK_FILE))
    if signed is None:
        return None
    process, host = signed
    if host != socket.gethostname():
        return f"process {process} on {host}"
    if os.name == "posix":
        try:
            os.kill(process, 0)
        except ProcessLookupError:  # it was killed
            return None
        except (OSError, OverflowError):  # it is another user's
            pass
    return f"process {process}"


def _signature(path: str) -> tuple[int, str] | None:
    """Number and host of the process that signed a lock file."""
    try:
        handle = os.open(path, os.O_RDONLY | SAFE_TO_OPEN)
        with os.fdopen(handle, encoding="utf-8", errors="replace") as file:
            process, host = file.readline(300).split()
    except (OSError, ValueError):
        return None
    return (int(process), host) if process.isdecimal() else None


_CLAIMS: weakref.WeakSet[FolderClaim] = weakref.WeakSet()


def _forget_all() -> None:
    for claim in list(_CLAIMS):
        claim.forget()


if hasattr(os, "register_at_fork"):
    # Otherwise a child that outlives a killed training would hold the folder.
    os.register_at_fork(after_in_child=_forget_all)
