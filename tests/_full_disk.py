"""A disk with little room: a limit on the size of files stands for it."""

import contextlib
import os
import signal

import pytest


@contextlib.contextmanager
def room_for(size):
    """While entered, no file of this process can grow beyond so many bytes; EFBIG says so."""
    resource = pytest.importorskip("resource", reason="sets a limit of POSIX")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def full(*arguments, **options):
    """What a call says on a full disk."""
    raise OSError(28, os.strerror(28))
