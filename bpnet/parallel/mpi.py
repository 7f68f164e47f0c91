"""Ranks that MPI joins, by mpi4py."""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import sys
from collections.abc import Callable
from socket import gethostname
from time import monotonic, sleep
from typing import Any, NoReturn

import numpy as np

from ..backends import Array, Backend
from .collectives import as_bytes, in_one_piece, summed, timed
from .communicator import Communicator
from .ending import end_launcher_after, end_process, end_process_after, tell
from .mpi_library import load_mpi

__all__ = ["MPICommunicator"]

MPI = load_mpi()

_SUMMABLE = {
    np.dtype(kind) for kind in ("f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8")
}
_BRIEFLY, _POLLED_EVERY = 0.0005, 0.05  # seconds between two looks at a request, at first and later
_ABORT_ENDS, _LAUNCHER_ENDS = 3.0, 6.0

_made: list[MPICommunicator] = []


class MPICommunicator(Communicator):
    """Ranks that MPI joins; it takes NumPy arrays, and CuPy arrays where MPI is CUDA-aware.

    Sums of dtypes that MPI lacks (float16, bfloat16, bool) are those of gathered arrays.

    Parameters
    ----------
    comm : mpi4py.MPI.Comm, optional
        The ranks, all of the program's by default. Duplicates of it are used: messages do not mix
        with the program's own. MPI has some thousand for a process: use one communicator for many
        fits.

    Examples
    --------
    >>> import numpy as np
    >>> from bpnet.parallel.mpi import MPICommunicator  # doctest: +SKIP
    >>> MPICommunicator().all_reduce_sum(np.ones(2))  # doctest: +SKIP
    array([2., 2.])
    """

    name = "mpi"

    def __init__(self, comm: Any = None) -> None:
        comm = MPI.COMM_WORLD if comm is None else comm
        self._comm, self._meeting, self._pulse, self._fits = (comm.Dup() for _ in range(4))
        self.rank: int = comm.Get_rank()
        self.size: int = comm.Get_size()
        self._requests: list[Any] = []
        if self.size > 1:
            _made.append(self)

    def takes_device_arrays(self, backend: Backend) -> bool:
        if backend.owns(np.empty(0)):
            return True
        # Where CuPy has not been imported, the backend is another library's.
        cupy = sys.modules.get("cupy") if backend.device.startswith("cuda") else None
        return cupy is not None and cuda_aware() and backend.owns(cupy.empty(0))

    @timed
    def all_reduce_sum(self, array: Array) -> Array:
        array = _ready(array)
        if array.dtype not in _SUMMABLE:
            return summed(self._gathered(array))
        out = _like(array, array.shape)
        self._comm.Allreduce(array, out)
        return out

    @timed
    def all_gather(self, array: Array, out: Array | None = None) -> Array:
        return self._gathered(_ready(array), out)

    def _gathered(self, array: Array, out: Array | None = None) -> Array:
        out = _like(array, (self.size, *array.shape)) if out is None else out
        self._comm.Allgather(as_bytes(array), as_bytes(out))
        return out

    @timed
    def broadcast(self, array: Array, root: int = 0) -> Array:
        out = _ready(array)
        if self.rank != root and isinstance(out, np.ndarray) and not out.flags.writeable:
            out = out.copy()
        self._comm.Bcast(as_bytes(out), root)
        return out

    @timed
    def barrier(self) -> None:
        self._comm.Barrier()

    @timed
    def gather_objects(self, value: Any) -> list[Any]:
        everyone: list[Any] = self._comm.allgather(value)
        return everyone

    @timed
    def meet(self, seconds: float) -> bool:
        return _done_within(self._meeting.Ibarrier(), seconds)

    def pulse(self, ending: bool, seconds: float) -> bool:
        if MPI.Query_thread() != MPI.THREAD_MULTIPLE:
            return ending  # no thread but one may call MPI
        mine, all_ending = np.array([ending], dtype="i1"), np.empty(1, dtype="i1")
        if not _done_within(self._pulse.Iallreduce(mine, all_ending, MPI.MIN), seconds):
            raise TimeoutError
        return bool(all_ending[0])

    def entering(self) -> None:
        after, before = (self.rank + 1) % self.size, (self.rank - 1) % self.size
        self._requests = [one for one in self._requests if not one.Test()]
        self._requests += [self._fits.Isend(b"", after), self._fits.Irecv(bytearray(), before)]

    def leave(self) -> Callable[[], bool]:
        """Whether the programs of all ranks have ended, asked again and again.

        Calls `abort` if one is in a fit that needs this rank.
        """
        all_leave = self._fits.Ibarrier()

        def left() -> bool:
            if all_leave.Test():
                return True
            if self._fits.Iprobe((self.rank - 1) % self.size):
                self.abort(
                    f"rank {self.rank} of {self.size} on {gethostname()} has ended its program, "
                    "and others are in a fit that needs it; the job ends"
                )
            return False

        return left

    def abort(self, message: str) -> NoReturn:
        tell(message)
        sleep(_POLLED_EVERY)  # for mpiexec to read that, before it ends this process
        # Both wait for ever for a host that is gone.
        end_launcher_after(_LAUNCHER_ENDS)
        end_process_after(_ABORT_ENDS)
        with contextlib.suppress(Exception):
            self._comm.Abort(1)
        end_process()


@atexit.register
def _leave() -> None:
    """Wait for the other programs to end, as MPI does, which would wait for ever.

    Of all communicators at once: another rank may be in a fit by any of them.
    """
    if MPI.Is_finalized():
        return
    waiting = [one.leave() for one in _made]
    while waiting := [left for left in waiting if not left()]:
        sleep(_POLLED_EVERY)


def cuda_aware() -> bool:
    """Whether MPI says that it reads and writes a GPU's memory."""
    kinds = MPI.COMM_WORLD.Get_info().Get("mpi_memory_alloc_kinds") or ""
    if any(kind.startswith("cuda") for kind in kinds.split(",")):
        return True
    # What MPICH and Open MPI have beyond the standard; found through mpi4py's own module.
    query = getattr(ctypes.CDLL(MPI.__file__), "MPIX_Query_cuda_support", None)
    return bool(query and query())


def _ready(array: Array) -> Array:
    """The array in one piece; of CuPy, once it is computed, since MPI knows no streams."""
    if not hasattr(array, "__cuda_array_interface__"):
        return in_one_piece(array)
    import cupy

    array = cupy.ascontiguousarray(array).reshape(array.shape)
    cupy.cuda.get_current_stream().synchronize()
    return array


def _like(array: Array, shape: tuple[int, ...]) -> Array:
    if isinstance(array, np.ndarray):
        return np.empty(shape, array.dtype)
    import cupy

    return cupy.empty(shape, array.dtype)


def _done_within(request: Any, seconds: float) -> bool:
    """Whether a request is done within so many seconds."""
    deadline, pause = monotonic() + seconds, _BRIEFLY
    while not _tested(request):
        if monotonic() > deadline:
            return False
        sleep(pause)
        pause = min(2 * pause, _POLLED_EVERY)
    return True


def _tested(request: Any) -> bool:
    try:
        return bool(request.Test())
    except MPI.Exception as error:
        raise ConnectionError(str(error)) from error
