"""Locks on open files, which end with the process that holds them."""

from __future__ import annotations

import os

__all__ = ["SAFE_TO_OPEN", "try_lock"]

# Flags for names that others may have given: no link is followed, no pipe is waited for, and no
# child process inherits the file.
SAFE_TO_OPEN = (
    getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
_FAR = 2**30  # on Windows a locked byte cannot be read, so it is one behind the content


def try_lock(handle: int) -> bool:
    """Lock an open file, unless someone else has.

    The lock belongs to the open file: a second `os.open` of it, in this process or another, cannot
    lock it until the handle is closed, or its process ends, however it does.

    Parameters
    ----------
    handle : int
        Of a file that may be written to.

    Returns
    -------
    bool
        False if it is locked already.

    Raises
    ------
    OSError
        If the file system has no locks.
    """
    if os.name == "posix":
        import fcntl

        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
    import msvcrt

    os.lseek(handle, _FAR, os.SEEK_SET)
    try:
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    except PermissionError:
        return False
    return True
