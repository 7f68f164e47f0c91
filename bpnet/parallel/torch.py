"""Ranks that torch.distributed joins: gloo on the CPU, NCCL on CUDA GPUs."""

from __future__ import annotations

import atexit
from datetime import timedelta
from time import monotonic, sleep
from typing import Any, NoReturn

import numpy as np
import torch
import torch.distributed as dist

from ..backends import Array, Backend
from .collectives import as_bytes, in_one_piece, summed, timed
from .communicator import Communicator
from .ending import end_process, tell
from .launched import launcher

__all__ = ["TorchCommunicator"]

# Its name before PyTorch 2.13 is the second, which warns since.
_gather = getattr(dist, "all_gather_single", None) or dist.all_gather_into_tensor
_SUMMABLE = {torch.float32, torch.float64, torch.int32, torch.int64}
_SUMMABLE |= {np.dtype(kind) for kind in ("f4", "f8", "i4", "i8")}
_TIMEOUT = timedelta(minutes=30)
_LINGERS = 0.5  # seconds in which other ranks receive what this one's last call sent them


class TorchCommunicator(Communicator):
    """Ranks that torch.distributed joins; it takes PyTorch's tensors, and NumPy arrays.

    Tensors on a GPU go by NCCL if every rank has a GPU of its own. All else goes by gloo. Sums of
    dtypes other than float32, float64, int32 and int64 are those of gathered arrays.

    Parameters
    ----------
    group : torch.distributed.ProcessGroup, optional
        The ranks, all of the program's by default. Groups of the same ranks are made of it:
        messages do not mix with the program's own.
    device : str, optional
        Of the tensors.

    Notes
    -----
    ``torch.distributed`` is initialised from the environment that ``torchrun`` sets, unless the
    program has done so; without either, this process is the only rank. A call waits for
    other ranks half an hour at most.

    Examples
    --------
    >>> import torch
    >>> from bpnet.parallel.torch import TorchCommunicator  # doctest: +SKIP
    >>> TorchCommunicator().all_reduce_sum(torch.ones(2))  # doctest: +SKIP
    tensor([2., 2.])
    """

    name = "torch"

    def __init__(self, group: Any = None, device: str = "cpu") -> None:
        if not dist.is_initialized():
            alone = {"store": dist.HashStore(), "rank": 0, "world_size": 1}
            place = {} if launcher() == "torch" else alone
            dist.init_process_group("gloo", timeout=_TIMEOUT, **place)
        # Threads of gloo that are left when Python ends would abort it.
        atexit.register(_leave)
        ranks = None if group is None else dist.get_process_group_ranks(group)
        self._ranks = ranks or list(range(dist.get_world_size()))
        self._host, self._meeting, self._pulse = (self._group("gloo") for _ in range(3))
        self.rank: int = dist.get_rank(self._host)
        self.size: int = len(self._ranks)
        self.device = torch.device(device)
        self._on_device = self._group("nccl") if self._has_nccl() else None

    def _group(self, engine: str) -> Any:
        """The same ranks, joined by an engine."""
        local = len(self._ranks) < dist.get_world_size()
        return dist.new_group(
            self._ranks, timeout=_TIMEOUT, backend=engine, use_local_synchronization=local
        )

    def _has_nccl(self) -> bool:
        """Whether every rank has a GPU of its own, and NCCL."""
        own = None
        if self.device.type == "cuda" and dist.is_nccl_available():
            own = str(torch.cuda.get_device_properties(self.device).uuid)
        everyone = self.gather_objects(own)
        return None not in everyone and len(set(everyone)) == len(everyone)

    def takes_device_arrays(self, backend: Backend) -> bool:
        if backend.owns(torch.empty(0)) and backend.device != "cpu":
            return self._on_device is not None and torch.device(backend.device) == self.device
        return backend.owns(torch.empty(0)) or backend.owns(np.empty(0))

    @timed
    def all_reduce_sum(self, array: Array) -> Array:
        if array.dtype not in _SUMMABLE:
            return summed(self._gathered(array))
        ours = isinstance(array, torch.Tensor)
        tensor = array.detach() if ours else torch.from_numpy(np.array(array, order="C"))
        out = tensor.clone(memory_format=torch.contiguous_format) if ours else tensor
        dist.all_reduce(out, group=self._group_of(out))
        return out if ours else out.numpy()

    @timed
    def all_gather(self, array: Array, out: Array | None = None) -> Array:
        return self._gathered(array, out)

    def _gathered(self, array: Array, out: Array | None = None) -> Array:
        sent, kind = _bytes_of(array)
        if out is not None:
            _gather(_bytes_of(out)[0].view(-1), sent, group=self._group_of(sent))
            return out
        new = torch.empty((self.size, *sent.shape), dtype=torch.uint8, device=sent.device)
        _gather(new.view(-1), sent, group=self._group_of(sent))
        return kind(new, (self.size, *array.shape))

    @timed
    def broadcast(self, array: Array, root: int = 0) -> Array:
        sent, kind = _bytes_of(array)
        out = sent.clone()
        dist.broadcast(out, self._ranks[root], group=self._group_of(out))
        return kind(out, array.shape)

    def _group_of(self, tensor: Any) -> Any:
        if tensor.device.type == "cpu":
            return self._host
        if self._on_device is None:
            raise TypeError(
                f"a tensor on {tensor.device} cannot be sent: this communicator takes tensors on "
                "the CPU, since ranks share a GPU or its device is the CPU "
                f"(TorchCommunicator(device={str(tensor.device)!r}) takes those)"
            )
        return self._on_device

    @timed
    def barrier(self) -> None:
        dist.barrier(group=self._host)

    @timed
    def gather_objects(self, value: Any) -> list[Any]:
        everyone: list[Any] = [None] * self.size
        dist.all_gather_object(everyone, value, group=self._host)
        return everyone

    @timed
    def meet(self, seconds: float) -> bool:
        return self._reached(self._meeting, seconds) is not None

    def pulse(self, ending: bool, seconds: float) -> bool:
        count = self._reached(self._pulse, seconds, ending)
        if count is None:
            raise TimeoutError
        return count == self.size

    def _reached(self, group: Any, seconds: float, value: int = 1) -> int | None:
        """The sum of the ranks' values; None if one is not here within so many seconds."""
        total, deadline = torch.tensor([int(value)]), monotonic() + seconds
        try:
            work = dist.all_reduce(total, group=group, async_op=True)
            work.wait(timedelta(seconds=seconds))
        except RuntimeError as error:  # one class for all that can happen
            if monotonic() < deadline:
                raise ConnectionError(str(error)) from error
            return None
        return int(total)

    def abort(self, message: str) -> NoReturn:
        tell(message)
        end_process()


def _leave() -> None:
    """Leave all groups, unless the program has done so."""
    if dist.is_initialized():
        if dist.get_world_size() > 1:
            sleep(_LINGERS)
        dist.destroy_process_group()


def _bytes_of(array: Array) -> tuple[Any, Any]:
    """An array's bytes as a tensor, and what makes an array of its kind of such bytes."""
    if isinstance(array, torch.Tensor):
        dtype = array.dtype
        flat = array.detach().contiguous().reshape(-1)
        flat = flat.view(torch.uint8) if flat.numel() else flat.new_empty(0, dtype=torch.uint8)
        return flat, lambda out, shape: out.view(-1).view(dtype).reshape(shape)
    array = in_one_piece(array)
    kind = array.dtype
    flat = as_bytes(array)
    if not flat.flags.writeable:
        flat = flat.copy()  # PyTorch warns of read-only arrays
    return torch.from_numpy(
        flat
    ), lambda out, shape: out.numpy().reshape(-1).view(kind).reshape(shape)
