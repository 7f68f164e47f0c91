"""What a user gave in place of an array of real numbers, and what to do about it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sized
from typing import Any, NoReturn

import numpy as np

from .._lib.wording import in_code, shortened

__all__ = [
    "is_missing",
    "place_of",
    "refuse_entries",
    "refuse_kind",
    "refuse_mask",
    "refuse_sparse",
    "refuse_unreadable",
]

HostArray = np.ndarray[Any, Any]


def refuse_mask(x: Any, name: str) -> NoReturn:
    """Say that masked arrays are not supported, how much is masked, and what to do."""
    it = in_code(name)
    if not isinstance(x, np.ma.MaskedArray):
        raise TypeError(
            f"{name} is masked, a {type(x).__name__}: masks are not supported; fill in what is "
            "masked, or leave these samples out"
        )
    missing = int(np.ma.getmaskarray(x).sum())
    if missing:
        raise TypeError(
            f"{name} is a masked array with {missing} of {x.size} values masked: masks are not "
            f"supported; fill in the values, for example by {it}.filled(0.0), or leave these "
            "samples out"
        )
    raise TypeError(
        f"{name} is a masked array, though nothing in it is masked: masks are not supported; "
        f"{it}.data is the array itself"
    )


def refuse_sparse(x: object, name: str) -> None:
    """Raise TypeError for sparse matrices of any library."""
    if hasattr(x, "todense") or (hasattr(x, "toarray") and hasattr(x, "nnz")):
        way = "toarray" if hasattr(x, "toarray") else "todense"
    elif str(getattr(x, "layout", "")).startswith("torch.sparse"):
        way = "to_dense"
    else:
        return
    it, kind = in_code(name), type(x).__name__
    raise TypeError(f"{name} is a sparse matrix ({kind}): pass {it}.{way}()")


def refuse_kind(x: object, name: str) -> None:
    """Raise TypeError for objects that NumPy would take for a single thing, or read wrongly."""
    it, kind = in_code(name), type(x)
    if x is None:
        raise TypeError(f"{name} is None: an array or a list of numbers is needed")
    if isinstance(x, str | bytes | os.PathLike):
        raise TypeError(
            f"{name} is text, {_short(x)}: numbers are needed; bpnet.data.load_table(path, target) "
            "reads a table from a file, numpy.load(path) an array"
        )
    refuse_sparse(x, name)
    if isinstance(x, Mapping):
        keys = ", ".join(repr(key) for key in list(x)[:3])
        raise TypeError(
            f"{name} is a {kind.__name__} with the keys {keys}{', ...' * (len(x) > 3)}: an array "
            f"is needed; numpy.column_stack(list({it}.values())) makes its entries the columns"
        )
    if isinstance(x, Iterator):
        raise TypeError(
            f"{name} is a {kind.__name__}, an iterator, which can be read only once: give an array "
            f"or list(...) of it; bpnet.data.IterableSource(make, samples) reads what is larger "
            "than memory"
        )
    if isinstance(x, set | frozenset):
        raise TypeError(f"{name} is a {kind.__name__}, which has no order: give a list or an array")
    if any(base.__module__.startswith("torch.utils.data") for base in kind.__mro__):
        raise TypeError(
            f"{name} is a {kind.__name__} of PyTorch: net.fit(data, epochs=...) trains on a "
            "dataset; elsewhere arrays are needed, as bpnet.data.source(data).read(0, len(data)) "
            "gives them"
        )


def refuse_unreadable(x: object, name: str, error: Exception) -> NoReturn:
    """Say why NumPy cannot make an array of something."""
    it = in_code(name)
    if isinstance(x, list | tuple):
        if _are_pairs(x):
            raise ValueError(
                f"{name} is a {type(x).__name__} of pairs, as of samples and targets: "
                f"x, y = zip(*pairs) takes them apart"
            ) from error
        sizes = [len(row) if isinstance(row, Sized) else None for row in x]
        for row, size in enumerate(sizes):
            if size != sizes[0]:
                raise ValueError(
                    f"{name} is ragged: row 0 has {_values(sizes[0])}, row {row} has "
                    f"{_values(size)}; every sample needs as many"
                ) from error
        tensors = {type(part) for part in x if hasattr(part, "detach")}
        if tensors:
            raise TypeError(
                f"{name} is a list of tensors that NumPy cannot read ({_first_line(error)}): "
                f"torch.stack({it}).detach().cpu().numpy() is one array"
            ) from error
    raise ValueError(
        f"{name} cannot be read as an array, a {type(x).__name__}: {_first_line(error)}"
    ) from error


def refuse_entries(x: object, array: HostArray, name: str) -> NoReturn:
    """Say what an array holds in place of real numbers, and what to do."""
    it, kind = in_code(name), array.dtype.kind
    if kind == "O" and array.ndim == 0:
        raise TypeError(
            f"{name} is a {type(x).__name__}: an array or a list of numbers is needed, one row per "
            "sample"
        )
    if kind == "c":
        raise TypeError(
            f"{name} holds complex numbers ({array.dtype}): real ones are needed; "
            f"numpy.column_stack([numpy.real({it}), numpy.imag({it})]) makes columns of both parts"
        )
    if kind in "Mm":
        what, start = ("dates", f" - numpy.min({it})") if kind == "M" else ("durations", "")
        raise TypeError(
            f"{name} holds {what} ({array.dtype}): numbers are needed, such as days: "
            f"(numpy.asarray({it}){start}) / numpy.timedelta64(1, 'D')"
        )
    if array.dtype.names:
        raise TypeError(
            f"{name} is a structured array with the fields {', '.join(array.dtype.names)}: "
            f"numpy.lib.recfunctions.structured_to_unstructured({it}) makes columns of them"
        )
    if kind in "USTO":
        _refuse_objects(array, name)
    raise TypeError(f"{name} has dtype {array.dtype}: real numbers are needed")


def place_of(index: tuple[int, ...]) -> str:
    """How messages name an entry: by row and column."""
    if len(index) <= 2:
        words = zip(("row", "column"), index, strict=False)
        return ", ".join(f"{word} {number}" for word, number in words)
    return f"index {index}"


def _refuse_objects(array: HostArray, name: str) -> NoReturn:
    """Name the first entry that is no number; if there is none, what makes numbers of them."""
    it = in_code(name)
    for index, entry in np.ndenumerate(array):
        if is_missing(entry):
            raise TypeError(
                f"{name} has a missing value: {place_of(index)} is {entry!r}; fill it in, or leave "
                "this sample out"
            )
        if isinstance(entry, complex) or not _reads_as_number(entry):
            if isinstance(entry, str | bytes):
                raise TypeError(
                    f"{name} holds text, such as {_short(entry)}: {_for_text(array, it)}"
                )
            where = f": {place_of(index)} is" if index else " is"
            raise TypeError(
                f"{name}{where} {_short(entry)}, a {type(entry).__name__}: real numbers are needed"
            )
    if not array.size:
        raise ValueError(f"{name} is empty: it has shape {array.shape}")
    text = isinstance(array.flat[0], str | bytes)
    whole = all(type(one) in (int, bool) and abs(one) < 2**63 for one in array.flat)
    kind = "int" if whole else "float"
    what = f"text, such as {_short(array.flat[0])}" if text else "Python objects (dtype object)"
    raise TypeError(f"{name} holds {what}: numpy.asarray({it}, {kind}) makes numbers of them")


def _for_text(array: HostArray, it: str) -> str:
    if array.ndim == 0:
        return "numbers are needed, for classes those from 0 on"
    if array.ndim == 1:
        return (
            "numbers are needed; if these are class labels, "
            f"classes, {it} = numpy.unique({it}, return_inverse=True) numbers them from 0"
        )
    return (
        "numbers are needed; bpnet.data.load_table(table, target) encodes a frame or a file "
        "with text"
    )


def is_missing(entry: Any) -> bool:
    """Whether a Python object stands for a value that is missing: None, NaN, NA or NaT."""
    if entry is None or type(entry).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(entry, float | np.floating) and bool(entry != entry)


def _reads_as_number(entry: Any) -> bool:
    if getattr(entry, "shape", ()) != ():
        return False
    try:
        float(entry)
    except OverflowError:  # an integer beyond the largest float
        return True
    except Exception:
        return False
    return True


def _are_pairs(x: list[Any] | tuple[Any, ...]) -> bool:
    return all(isinstance(one, tuple | list) and len(one) == 2 for one in x) and any(
        isinstance(one[0], Sized) for one in x
    )


def _values(size: int | None) -> str:
    if size is None:
        return "a single number"
    return f"{size} value" if size == 1 else f"{size} values"


def _short(entry: object) -> str:
    return shortened(repr(entry.item() if isinstance(entry, np.generic) else entry), 40)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
