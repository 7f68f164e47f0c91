"""Files that are replaced whole, or left as they are."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
from collections.abc import Callable, Iterator
from typing import IO, Any

from .files import kind_of_file
from .locks import SAFE_TO_OPEN, try_lock

__all__ = ["open_atomically", "remove_leftovers", "write_atomically", "write_target"]

_TEMPORARY = re.compile(r"\.(?P<name>.+)\.[0-9a-f]{8}\.bpnet-tmp", re.DOTALL)
_LONGEST = 200  # bytes of a name within that of its temporary file; a name has 255 at most
_NO_ROOM = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}


def write_atomically(path: str | os.PathLike[str], content: bytes | str) -> None:
    """Write a file, or replace the one that is there; see `open_atomically`.

    Parameters
    ----------
    path : path
    content : bytes or str
        Text is written in UTF-8.

    Raises
    ------
    OSError
        If the file cannot be written; one that was there is kept.
    """
    with open_atomically(path) as file:
        file.write(content.encode() if isinstance(content, str) else content)


@contextlib.contextmanager
def open_atomically(path: str | os.PathLike[str], *, text: bool = False) -> Iterator[IO[Any]]:
    """A file that appears under its name when the context is left without an error.

    Until then it has a temporary name in the same folder. It is flushed to the disk, and then
    renamed. A file that it replaces hands on its permissions. A symbolic link stays one: the file
    that it leads to is replaced. What a killed process left of the same file is removed.

    Parameters
    ----------
    path : path
        Its folder must exist.
    text : bool, optional
        Whether text is written, in UTF-8 with lines as given, rather than bytes.

    Raises
    ------
    OSError
        If the file cannot be written, or ``path`` is a folder, pipe, socket or device. The error
        names ``path``, and a file that was there is kept.
    """
    given = os.fsdecode(path)
    with _naming(given):
        target, before = write_target(given)
        folder, name = os.path.split(target)
        remove_leftovers(folder, name.__eq__)
        handle, temporary = _create(folder, name, 0o666 if before is None else 0o600)
    file: IO[Any] | None = None
    try:
        with _naming(given):
            options: dict[str, Any] = {"encoding": "utf-8", "newline": ""} if text else {}
            file = os.fdopen(handle, "w" if text else "wb", **options)
        with _naming(given, _NO_ROOM):  # other errors may be those of what is read meanwhile
            yield file
        with _naming(given):
            file.flush()
            os.fsync(file.fileno())
            if before is not None:
                _hand_on(before, temporary)
            if os.name != "posix":  # Windows renames no open file; elsewhere this ends the lock
                file.close()
            os.replace(temporary, target)
            file.close()
    except BaseException:
        with contextlib.suppress(OSError):
            os.close(handle) if file is None else file.close()
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    _synchronize(folder)


def write_target(path: str | os.PathLike[str]) -> tuple[str, os.stat_result | None]:
    """Where a path leads to, for writing a file there.

    Parameters
    ----------
    path : path

    Returns
    -------
    target : str
        Absolute, without symbolic links.
    before : os.stat_result or None
        Of the file that is there.

    Raises
    ------
    OSError
        If the folder is missing, if something other than a regular file is there, or a file that
        must not be written to.
    """
    given = os.fsdecode(path)
    if "\0" in given:
        raise OSError(errno.EINVAL, "A path has no null byte", given)
    try:
        before = os.stat(given)  # not of what `realpath` says: that of /dev/stdout is no path
    except FileNotFoundError:
        before = None
    if before is not None:
        if kind := kind_of_file(before.st_mode):
            number = errno.EISDIR if stat.S_ISDIR(before.st_mode) else errno.EINVAL
            raise OSError(number, f"This is {kind}, and only regular files are replaced", given)
        os.close(os.open(given, os.O_WRONLY))  # which renaming would not ask for
    elif not os.path.basename(given):
        raise OSError(errno.EISDIR, os.strerror(errno.EISDIR), given)
    if _is_open_file(given):
        raise OSError(errno.EINVAL, "This is an open file, which cannot be replaced", given)
    target = os.path.realpath(given)
    folder = os.path.dirname(target)
    if not os.path.isdir(folder):
        raise OSError(errno.ENOENT, f"There is no folder {folder!r}, create it first", given)
    return target, before


def remove_leftovers(folder: str | os.PathLike[str], written_here: Callable[[str], object]) -> None:
    """Remove the temporary files of processes that were killed while they wrote.

    Those that a process is writing now are locked, and stay.

    Parameters
    ----------
    folder : path
    written_here : callable
        ``written_here(name)`` says whether the caller writes files of that name. Temporary files
        of others stay.
    """
    with contextlib.suppress(OSError):
        for one in os.listdir(folder):
            found = _TEMPORARY.fullmatch(one)
            if found and written_here(found["name"]):
                _remove_unless_locked(os.path.join(folder, one))


def _create(folder: str, name: str, mode: int) -> tuple[int, str]:
    """Make a temporary file, and lock it so that `remove_leftovers` leaves it."""
    while len(os.fsencode(name)) > _LONGEST:
        name = name[:-1]
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | SAFE_TO_OPEN
    while True:
        path = os.path.join(folder, f".{name}.{os.urandom(4).hex()}.bpnet-tmp")
        try:
            handle = os.open(path, flags, mode)
        except FileExistsError:
            continue
        try:
            locked = try_lock(handle)
        except OSError:  # no locks here, and so nothing that removes leftovers
            return handle, path
        if locked and os.path.lexists(path):
            return handle, path
        os.close(handle)  # `remove_leftovers` came between


def _is_open_file(path: str) -> bool:
    """Whether links lead to an open file of a process, as /dev/stdout does on Linux."""
    for _ in range(40):  # as many as the system follows
        folder = os.path.realpath(os.path.dirname(path))
        if folder.startswith("/proc/"):
            return True
        path = os.path.join(folder, os.path.basename(path))
        if not os.path.islink(path):
            return False
        path = os.path.join(folder, os.readlink(path))
    return False


def _hand_on(before: os.stat_result, path: str) -> None:
    """Give a file the owner, as far as possible, and the permissions of the one it replaces."""
    mode = stat.S_IMODE(before.st_mode)
    if os.name == "posix":
        for owner in (before.st_uid, -1):
            with contextlib.suppress(OSError):
                os.chown(path, owner, before.st_gid)
                break
        else:  # another group must not see more than everyone does
            mode = mode & ~0o070 | (mode & 0o007) << 3
    os.chmod(path, mode)


def _remove_unless_locked(path: str) -> None:
    if os.name != "posix":  # there no open file can be removed
        with contextlib.suppress(OSError):
            os.unlink(path)
        return
    with contextlib.suppress(OSError):
        handle = os.open(path, os.O_RDWR | SAFE_TO_OPEN)
        try:
            about = os.fstat(handle)
            own = stat.S_ISREG(about.st_mode) and about.st_uid == os.geteuid()
            if own and try_lock(handle):
                os.unlink(path)
        finally:
            os.close(handle)


@contextlib.contextmanager
def _naming(path: str, only: set[int] | None = None) -> Iterator[None]:
    """While entered, errors of the system name the path that the user gave."""
    try:
        yield
    except OSError as error:
        if error.errno is None or (only is not None and error.errno not in only):
            raise
        words = error.strerror or str(error)
        raise OSError(error.errno, words, path) from error


def _synchronize(folder: str) -> None:
    """Make a new name survive a loss of power, where the system can."""
    if os.name == "posix":  # elsewhere a folder cannot be opened
        with contextlib.suppress(OSError):  # and some file systems refuse; the file is there
            handle = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
