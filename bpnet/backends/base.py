"""What bpnet asks of an array library beyond the array API standard."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np

from .._lib.registry import check_name
from .availability import Availability
from .interop import host_array, library_of
from .namespaces import Array
from .uploads import Uploads

__all__ = ["Array", "Backend"]


class Backend(ABC):
    """One array library on one device in one floating-point type.

    Everything that is special about a library lives in a subclass; the mathematics sees only
    `xp`. Each hook has a default that does nothing, and results agree with and without it.

    Parameters
    ----------
    device : str
        ``"cpu"``, ``"cuda"``, ``"cuda:1"`` or another name that the library knows.
    dtype : {"float32", "float64"}
        Type of parameters and activations.

    Attributes
    ----------
    xp : Namespace
        The functions of the array API standard, ``erf`` and ``sigmoid``.
    """

    name: ClassVar[str]
    """What a user calls the library."""

    xp: Any

    target: ClassVar[Any] = None
    """What makes steps fast on it, or its import path; see `bpnet.compiler`. None: nothing."""
    compute_dtype: str | None = None
    """What training computes in, if not in `dtype`; see `configured`."""
    entries_per_pass: ClassVar[int | None] = None
    """Entries that stay in the cache; functions of more go part by part. None: all at once."""
    deterministic = False
    """Whether what has the same bits each time is preferred to what is faster."""

    def __init__(self, device: str, dtype: str) -> None:
        self.device = device
        self.dtype = dtype

    def configured(self, compute_dtype: str | None, deterministic: bool) -> Backend:
        """The same backend, with other settings of training.

        Parameters
        ----------
        compute_dtype : {"bfloat16", "float16", "tf32"} or None
            In what to train, if not in the parameters' own type.
        deterministic : bool
            Prefer what has the same bits each time to what is faster.

        Raises
        ------
        ValueError
            If the library cannot on this device, or the parameters are not float32.
        """
        if (compute_dtype, deterministic) == (self.compute_dtype, self.deterministic):
            return self
        if compute_dtype is not None:
            check_name(compute_dtype, ("bfloat16", "float16", "tf32"), "compute_dtype")
            lacking = self.why_no_compute_dtype(compute_dtype)
            if self.dtype != "float32":
                lacking = f"the parameters are {self.dtype}, and must be float32"
            if lacking:
                raise ValueError(
                    f"compute_dtype {compute_dtype!r} on {self.name}, {self.device}: {lacking}"
                )
        if deterministic and (lacking := self.why_not_deterministic()):
            raise ValueError(f"deterministic=True on {self.name}, {self.device}: {lacking}")
        other = type(self)(self.device, self.dtype)
        other.compute_dtype, other.deterministic = compute_dtype, deterministic
        return other

    def why_not_deterministic(self) -> str:
        """Why the same bits cannot be had each time; empty where they can."""
        return ""

    def why_no_compute_dtype(self, compute_dtype: str) -> str:
        """Why training cannot compute in that type here; empty where it can."""
        return f"{self.name} computes in the type of the parameters only"

    @property
    def cast_dtype(self) -> str:
        """The type that arrays are brought to for training; empty for the parameters' own."""
        return "" if self.compute_dtype in (None, "tf32") else str(self.compute_dtype)

    @classmethod
    @abstractmethod
    def probe(cls) -> Availability:
        """Look, without raising, whether the library is here and on which devices."""

    @classmethod
    def why_no_dtype(cls, device: str, dtype: str) -> str:
        """Why ``dtype`` cannot be had on ``device``; empty where it can."""
        return ""

    @abstractmethod
    def owns(self, x: object) -> bool:
        """Whether ``x`` is an array of this library."""

    @abstractmethod
    def device_of(self, x: Array) -> str:
        """Device of one of this library's arrays, written like `device`."""

    @abstractmethod
    def from_host(self, x: np.ndarray[Any, Any], dtype: str) -> Array:
        """Move a NumPy array to the device; the result never shares memory with ``x``."""

    @abstractmethod
    def to_numpy(self, x: Array) -> np.ndarray[Any, Any]:
        """Copy an array of this backend to a new NumPy array."""

    def asarray(self, x: object, name: str = "x", dtype: str | None = None) -> Array:
        """Bring ``x`` to this backend's device and type; the argument is never modified.

        Parameters
        ----------
        x : array or nested sequence of numbers
            A list or NumPy array is moved; an array of this library on this device is taken.
        name : str, optional
            What messages call it.
        dtype : str, optional
            Type of the result; `dtype` of the backend by default.

        Returns
        -------
        array
            May be ``x`` itself where nothing had to change.

        Raises
        ------
        TypeError
            If ``x`` is an array of a third library or on another device, or holds no numbers.
        """
        dtype = dtype or self.dtype
        self.reject_foreign(x, name)
        if self.owns(x):
            return self.to_dtype(x, name, dtype)
        return self.from_host(host_array(x, name), dtype)

    def reject_foreign(self, x: object, name: str) -> None:
        """Raise TypeError if ``x`` is an array of a third library or on another device."""
        if self.owns(x):
            device = self.device_of(x)
            if device != self.device:
                raise TypeError(
                    f"{name} is on {device}, but the network computes with {self.name} on "
                    f"{self.device}: move the network by net.to(device={device!r}), or {name}"
                )
        elif (library := library_of(x)) not in (None, "numpy"):
            raise TypeError(
                f"{name} is an array of {library}, but the network computes with {self.name} "
                f"on {self.device}: move the network by net.to(backend={library!r}), "
                f"or {name} to NumPy"
            )

    def to_dtype(self, x: Array, name: str, dtype: str) -> Array:
        """Bring one of this library's arrays to ``dtype``."""
        kinds = ("bool", "integral", "real floating")
        if not self.xp.isdtype(x.dtype, kinds):
            raise TypeError(f"{name} has dtype {x.dtype}: real numbers are needed")
        return self.xp.astype(x, getattr(self.xp, dtype), copy=False)

    def scope(self) -> contextlib.AbstractContextManager[Any]:
        """Settings of the library that hold while bpnet computes, and only then."""
        return contextlib.nullcontext()

    def uploads(self) -> Uploads:
        """What moves samples to the device beside the computation; one for each feed."""
        return Uploads(self.scope)

    def synchronize(self) -> None:
        """Wait until the device has finished what it was given."""
        return

    def all_finite_on_device(self, x: Array) -> Any:
        """Whether no entry is infinite or NaN: a bool, or an array on the device that is one."""
        return self.xp.all(self.xp.isfinite(x))

    def all_finite(self, x: Array) -> bool:
        """`all_finite_on_device`, waited for."""
        return bool(self.all_finite_on_device(x))

    def copy(self, x: Array) -> Array:
        """A new array with the values of ``x``."""
        return self.xp.asarray(x, copy=True)

    def write_into(self, x: Array, values: Array) -> Array:
        """An array of those values, which is ``x`` itself where the library can write to it."""
        return self.copy(values)

    def __repr__(self) -> str:
        return f"<{self.name} on {self.device}, {self.dtype}>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Backend):
            return NotImplemented
        return self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def __reduce__(self) -> Any:
        return _restored, self._key

    @property
    def _key(self) -> tuple[Any, ...]:
        return type(self), self.device, self.dtype, self.compute_dtype, self.deterministic


def _restored(kind: type[Backend], device: str, dtype: str, *settings: Any) -> Backend:
    return kind(device, dtype).configured(*settings)
