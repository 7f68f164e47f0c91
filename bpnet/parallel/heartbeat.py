"""Signs of life between hosts: a link that is cut, or a host that is gone, ends the job.

On one host the launcher sees whatever happens to a process. Between hosts nothing arrives when a
link is cut, not even an error: the ranks would wait for one another for ever.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Iterator
from time import sleep

from .communicator import Communicator

__all__ = ["heartbeat", "host_identity"]

_beating = threading.Lock()  # held by the outermost, whose signs are those of the whole process
_EVERY, _SILENCE, _LATER = 2.0, 12.0, 5.0  # seconds


def host_identity() -> str:
    """What the processes of one host have in common, and no others: containers are hosts."""
    parts = [socket.gethostname()]
    with contextlib.suppress(OSError):
        parts.append(os.readlink("/proc/self/ns/net"))
    with contextlib.suppress(OSError), open("/proc/sys/kernel/random/boot_id") as file:
        parts.append(file.read().strip())
    return " ".join(parts)


@contextlib.contextmanager
def heartbeat(
    communicator: Communicator, *, every: float = _EVERY, silence: float = _SILENCE
) -> Iterator[None]:
    """Within it, the job ends if a rank on another host gives no sign of life.

    A thread of each rank gives it, however busy the rank is: computing, reading or writing. All
    ranks enter together. They leave together, unless an error takes them out.

    Parameters
    ----------
    communicator : Communicator
    every : float, optional
        Seconds between two signs.
    silence : float, optional
        Seconds without any after which the job ends: more than a rank ever keeps Python's global
        lock within one call.
    """
    hosts = communicator.gather_objects(host_identity())
    if len(set(hosts)) == 1 or _beating.locked():
        yield
        return
    ending = threading.Event()

    def beat() -> None:
        try:
            while not communicator.pulse(ending.is_set(), silence):
                ending.wait(0.0 if ending.is_set() else every)
        except (TimeoutError, ConnectionError) as error:
            where = f"rank {communicator.rank} of {communicator.size} on {socket.gethostname()}"
            if isinstance(error, TimeoutError):
                what = (
                    f"a rank on another host has given no sign of life for {silence:g} seconds; "
                    "that host or the network is down"
                )
            else:
                what = "another rank has ended"
                sleep(_LATER)  # the launcher ends this one, or the fit tells more
            communicator.abort(f"{where}: {what}; the job ends")

    thread = threading.Thread(target=beat, name="bpnet-heartbeat", daemon=True)
    with _beating:
        thread.start()
        try:
            yield
        except BaseException:
            ending.set()  # the others end too, or the job does
            raise
        ending.set()
    thread.join()
