"""One object for several processes, its large arrays in files that all of them map."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["read_shared", "write_shared"]

_LARGE = 2**16  # bytes: smaller ones are copied as soon as mapped
_NAME = "shared.pkl"


def write_shared(value: Any, folder: Path) -> None:
    """Write an object; NumPy's large arrays in files of their own, once each.

    A memory map of a whole file, as ``numpy.load(path, mmap_mode="r")`` gives it, is not written:
    the others map the same file.

    Raises
    ------
    Exception
        What a part says that cannot be pickled.
    """
    from joblib.externals.loky.backend.reduction import get_loky_pickler

    class Pickler(get_loky_pickler()):  # type: ignore[misc]
        """Names the file of each large array in its place."""

        def persistent_id(self, obj: Any) -> Any:
            if not isinstance(obj, np.ndarray) or obj.nbytes < _LARGE or obj.dtype.hasobject:
                return None
            if type(obj) is np.memmap and (place := _place(obj)):
                return place
            if type(obj) not in (np.ndarray, np.memmap):
                return None
            if id(obj) not in written:
                written[id(obj)] = obj, folder / f"{len(written)}.npy"
                np.save(written[id(obj)][1], obj)
            return ("file", str(written[id(obj)][1]))

    written: dict[int, tuple[Any, Path]] = {}  # the arrays too, so that no other has their id
    content = io.BytesIO()
    Pickler(content).dump(value)
    (folder / _NAME).write_bytes(content.getvalue())


def read_shared(folder: Path) -> Any:
    """What `write_shared` wrote: arrays of files are mapped, and read-only."""
    with (folder / _NAME).open("rb") as file:
        return _Unpickler(file).load()


class _Unpickler(pickle.Unpickler):
    def persistent_load(self, pid: Any) -> Any:
        kind, path, *about = pid
        if kind == "file":
            mapped: Any = np.load(path, mmap_mode="r")
        else:
            dtype, offset, shape, order = about
            mapped = np.memmap(path, dtype, "r", offset, shape, order)
        return mapped.view(np.ndarray)


def _place(array: Any) -> tuple[Any, ...] | None:
    """Where a memory map is in its file; None unless it is the whole that was mapped."""
    import mmap

    order = "C" if array.flags.c_contiguous else "F"
    whole = isinstance(array.base, mmap.mmap) and array.flags.forc
    if not whole or array.filename is None or array.mode == "c":
        return None
    return "map", str(array.filename), array.dtype, array.offset, array.shape, order
