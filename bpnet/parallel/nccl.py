"""Ranks with a GPU each, joined by NCCL: for CuPy."""

from __future__ import annotations

from typing import Any, NoReturn

import cupy
from cupy.cuda import nccl
from cupyx.distributed import NCCLBackend

from ..backends import Array, Backend
from .collectives import as_bytes, summed, timed
from .communicator import Communicator

__all__ = ["NCCLCommunicator"]

_SUMMABLE = "bBiIlLqQefd"  # the characters of the dtypes that NCCL adds


class NCCLCommunicator(Communicator):
    """Ranks with a GPU each, joined by NCCL; it takes CuPy arrays.

    Sums of dtypes that NCCL lacks are those of gathered arrays. A call queues its work on CuPy's
    current stream; ``seconds`` counts until it is queued.

    Parameters
    ----------
    host : Communicator
        Joins the same ranks without their GPUs: for objects, barriers and the end of the job.
    device : int, optional
        Number of this rank's GPU on its host.

    Raises
    ------
    ValueError
        If two ranks have the same GPU, which NCCL refuses.
    """

    name = "nccl"

    def __init__(self, host: Communicator, device: int = 0) -> None:
        self._host = host
        self.rank, self.size = host.rank, host.size
        self._device = cupy.cuda.Device(device)
        own = cupy.cuda.runtime.getDeviceProperties(device)["uuid"]
        gpus = host.gather_objects(bytes(own))
        for rank, gpu in enumerate(gpus):
            if (first := gpus.index(gpu)) != rank:
                raise ValueError(
                    f"ranks {first} and {rank} have the same GPU, and NCCL needs one for each: "
                    "start fewer ranks, give each its own device, or use parallel='mpi'"
                )
        with self._device:
            self._nccl = _Joined(host)

    def takes_device_arrays(self, backend: Backend) -> bool:
        with self._device:
            return backend.owns(cupy.empty(0))

    @timed
    def all_reduce_sum(self, array: Array) -> Array:
        array = _in_one_piece(array)
        if array.dtype.char not in _SUMMABLE:
            return summed(self._gathered(array))
        out = cupy.empty_like(array)
        if array.size:
            self._nccl.all_reduce(array, out, "sum")
        return out

    @timed
    def all_gather(self, array: Array, out: Array | None = None) -> Array:
        return self._gathered(_in_one_piece(array), out)

    def _gathered(self, array: Array, out: Array | None = None) -> Array:
        out = cupy.empty((self.size, *array.shape), array.dtype) if out is None else out
        if array.size:
            self._nccl.all_gather(as_bytes(array), as_bytes(out), array.nbytes)
        return out

    @timed
    def broadcast(self, array: Array, root: int = 0) -> Array:
        out = _in_one_piece(array)
        if out.size:
            self._nccl.broadcast(as_bytes(out), root)
        return out

    @timed
    def barrier(self) -> None:
        cupy.cuda.get_current_stream().synchronize()
        self._host.barrier()

    @timed
    def gather_objects(self, value: Any) -> list[Any]:
        return self._host.gather_objects(value)

    @timed
    def meet(self, seconds: float) -> bool:
        return self._host.meet(seconds)

    def pulse(self, ending: bool, seconds: float) -> bool:
        return self._host.pulse(ending, seconds)

    def entering(self) -> None:
        self._host.entering()

    def abort(self, message: str) -> NoReturn:
        self._host.abort(message)


class _Joined(NCCLBackend):  # type: ignore[misc]
    """CuPy's collectives, whose ranks another communicator brings together.

    CuPy's own way forks a process that has the GPU open, and listens on one port for all programs.
    """

    def __init__(self, host: Communicator) -> None:
        identity = host.gather_objects(nccl.get_unique_id() if host.rank == 0 else None)[0]
        self.rank = host.rank
        self._n_devices = host.size
        self._comm = nccl.NcclCommunicator(host.size, identity, host.rank)


def _in_one_piece(array: Array) -> Array:
    return cupy.ascontiguousarray(array).reshape(array.shape)
