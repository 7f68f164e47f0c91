"""What bpnet asks of an array library beyond the array API standard."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from .._lib.constraints import Boolean
from .availability import Availability
from .dtypes import check_dtype
from .host_arrays import host_array, refuse_masked
from .interop import Array, library_of

if TYPE_CHECKING:
    from .uploads import Uploads

__all__ = ["Backend"]


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

    name: str
    """What a user calls the library."""

    xp: Any

    target: Any = None
    """What compiles steps for it, or the import path of that. None: the plain loop runs them."""
    entries_per_pass: int | None = None
    """Number of entries that stay in a core's cache: larger arrays are better gone through in
    parts of so many. None: in one part."""
    compute_dtype: str | None = None
    """What training computes in, if not in `dtype`; see `configured`."""
    deterministic = False
    """Whether the same bits in every run are preferred to speed."""

    def __init__(self, device: str, dtype: str) -> None:
        self.device = device
        self.dtype = dtype

    def configured(self, compute_dtype: str | None, deterministic: bool) -> Backend:
        """The same backend with other settings of training.

        Parameters
        ----------
        compute_dtype : {"bfloat16", "float16", "tf32"} or None
            What training computes in; None for the parameters' own dtype.
        deterministic : bool
            Prefer the same bits in every run to speed.

        Raises
        ------
        ValueError
            If the library cannot do so on this device, or the parameters are not float32.
        """
        deterministic = Boolean()("deterministic", deterministic)
        if compute_dtype is not None:
            kinds = ("bfloat16", "float16", "tf32")
            compute_dtype = check_dtype(compute_dtype, kinds, "compute_dtype")
        if (compute_dtype, deterministic) == (self.compute_dtype, self.deterministic):
            return self
        if compute_dtype is not None:
            reason = self.why_no_compute_dtype(compute_dtype)
            if self.dtype != "float32":
                reason = f"the parameters are {self.dtype}, and must be float32"
            if reason:
                raise ValueError(
                    f"compute_dtype {compute_dtype!r} on {self.name}, {self.device}: {reason} "
                    "(compute_dtype=None trains in the parameters' own dtype)"
                )
        if deterministic and (reason := self.why_not_deterministic()):
            raise ValueError(f"deterministic=True on {self.name}, {self.device}: {reason}")
        return self.with_attributes(compute_dtype=compute_dtype, deterministic=deterministic)

    def with_attributes(self, **attributes: Any) -> Self:
        """A copy that has other attributes."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__, **attributes)
        return other

    def arguments(self, device: str, dtype: str) -> tuple[Any, ...]:
        """What to call this class with for the same library on that device, in that dtype."""
        return device, dtype

    def on(self, device: Any, dtype: str) -> Backend:
        """The same library on another device or in another dtype, with no settings of training."""
        other = type(self)(*self.arguments(device, dtype))
        own = {name: vars(self)[name] for name in ("name", "target") if name in vars(self)}
        return other.with_attributes(**own)

    def why_not_deterministic(self) -> str:
        """Why it cannot compute the same bits in every run; empty where it can."""
        return ""

    def why_no_compute_dtype(self, compute_dtype: str) -> str:
        """Why training cannot compute in that type here; empty where it can."""
        return f"{self.name} computes in the parameters' own dtype only"

    @property
    def cast_dtype(self) -> str:
        """The dtype that arrays are cast to for training; empty where they are not."""
        return "" if self.compute_dtype in (None, "tf32") else str(self.compute_dtype)

    @classmethod
    def probe(cls) -> Availability:
        """Find out, without raising, on which devices the library can compute."""
        return Availability(cls.name, None, ("cpu",))

    @classmethod
    def device_name(cls, device: Any) -> str:
        """The name of a device, given by its name or as the library's own object."""
        from .devices import device_name

        return device_name(device)

    def why_no_dtype(self, dtype: str) -> str:
        """Why the device cannot compute in ``dtype``; empty where it can."""
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
        with np.errstate(over="ignore"):  # a value that the dtype cannot hold is refused by name
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
            from .registry import BUILT_IN
            from .unsuitable import refuse_sparse

            refuse_sparse(x, name)
            known = library in BUILT_IN
            named = repr(library) if known else f"<the array namespace of {library}>"
            raise TypeError(
                f"{name} is an array of {library}, but the network computes with {self.name} "
                f"on {self.device}: move the network by net.to(backend={named}), "
                f"or {name} to NumPy"
            )

    def to_dtype(self, x: Array, name: str, dtype: str) -> Array:
        """Bring one of this library's arrays to ``dtype``; refuse a masked one."""
        refuse_masked(x, name)
        kinds = ("bool", "integral", "real floating")
        if not self.xp.isdtype(x.dtype, kinds):
            hint = ""
            if self.xp.isdtype(x.dtype, "complex floating"):
                hint = "; give their real and imaginary parts as columns of their own"
            raise TypeError(f"{name} has dtype {x.dtype}: real numbers are needed{hint}")
        own = getattr(self.xp, dtype)
        return x if x.dtype == own else self.xp.astype(x, own)

    def scope(self) -> contextlib.AbstractContextManager[Any]:
        """A context with the settings of the library that bpnet computes under."""
        return contextlib.nullcontext()

    def one_thread(self) -> contextlib.AbstractContextManager[Any]:
        """A context in which the library's products have one thread, where it can be told so."""
        return contextlib.nullcontext()

    def uploads(self) -> Uploads:
        """What moves samples to the device during the computation; one for each feed."""
        from .uploads import Uploads

        return Uploads(self.scope)

    def synchronize(self) -> None:
        """Wait until the device has finished what it was given."""
        return

    def all_finite_on_device(self, x: Array) -> Any:
        """Whether every entry is finite, without waiting: a bool, or one in a 0-d array."""
        return self.xp.all(self.xp.isfinite(x))

    def all_finite(self, x: Array) -> bool:
        """Whether every entry is finite."""
        return bool(self.all_finite_on_device(x))

    def copy(self, x: Array) -> Array:
        """A new array with the values of ``x``."""
        return self.xp.asarray(x, copy=True)

    def __repr__(self) -> str:
        return f"<{self.name} on {self.device}, {self.dtype}>"

    def identity(self) -> tuple[Any, ...]:
        """What two equal backends have in common."""
        own = self.name, self.compute_dtype, self.deterministic
        return type(self), self.arguments(self.device, self.dtype), *own

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Backend):
            return NotImplemented
        return self.identity() == other.identity()

    def __hash__(self) -> int:
        return hash((type(self), self.device, self.dtype))

    def __reduce__(self) -> tuple[Any, ...]:
        names = ("name", "target", "compute_dtype", "deterministic")
        own = {name: value for name, value in vars(self).items() if name in names}
        if isinstance(own.get("target"), type):
            own["target"] = (_by_path(own["target"]),)  # text alone is a target too
        arguments = self.arguments(self.device, self.dtype)
        told = self.name, self.device, self.dtype
        return _restored, (_by_path(type(self)), arguments, own, told)


def _by_path(kind: type) -> Any:
    """The import path of a class, which can be read where its library is missing.

    A class of a script or of a function has none that another process could import.
    """
    if kind.__module__ == "__main__" or "<locals>" in kind.__qualname__:
        return kind
    return f"{kind.__module__}:{kind.__qualname__}"


def _restored(
    kind: type[Backend] | str,
    arguments: tuple[Any, ...],
    own: dict[str, Any],
    told: tuple[str, str, str] | None = None,  # not in pickles of earlier releases
) -> Any:
    from pkgutil import resolve_name  # not needed by `import bpnet`

    restored = resolve_name("bpnet.backends.restored:restored_backend")  # which needs this module
    return restored(kind, arguments, own, *(told or ("another library", *arguments[:2])))
