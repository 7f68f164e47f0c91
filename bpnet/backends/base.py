"""What a library of arrays must offer beyond the array API standard."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, TypeAlias

import numpy as np

from .._lib.frozen import Frozen
from .._lib.registry import check_name
from .counter_random import keep_bits, normal
from .erf import erf

__all__ = [
    "Array",
    "Availability",
    "Backend",
    "BackendUnavailableError",
    "Namespace",
    "Uploads",
    "host_array",
    "library_of",
]

Array: TypeAlias = Any
"""An array of whatever library computes; the array API standard says what it can do."""

_LIBRARIES = {
    "numpy": "numpy",
    "cupy": "cupy",
    "torch": "torch",
    "jax": "jax",
    "jaxlib": "jax",
    "array_api_strict": "array-api-strict",
    "dask": "dask",
    "tensorflow": "tensorflow",
    "mlx": "mlx",
}


class BackendUnavailableError(RuntimeError):
    """A library or device that was asked for cannot compute here; the message says why.

    Examples
    --------
    >>> import bpnet
    >>> try:
    ...     bpnet.get_backend("numpy", device="cuda")
    ... except bpnet.BackendUnavailableError as error:
    ...     print(error)
    numpy ... has no device 'cuda' here; it has cpu
    """


class Availability(Frozen):
    """What is known of one backend on this machine.

    Parameters
    ----------
    name : str
        ``"numpy"``, ``"cupy"``, ``"torch"`` or ``"jax"``.
    version : str or None
        Version of the installed library; None where it is not installed.
    devices : tuple of str
        Devices it can compute on now, the first being its default.
    reason : str
        Why it cannot be used, or what it lacks; empty where nothing is amiss.
    """

    name: str
    version: str | None
    devices: tuple[str, ...]
    reason: str = ""

    @property
    def usable(self) -> bool:
        """Whether there is a device to compute on."""
        return bool(self.devices)


def sigmoid_by_tanh(x: Array, xp: Any) -> Array:
    """``1 / (1 + exp(-x))``, which overflows nowhere, and in NumPy takes half as long as that."""
    return 0.5 * xp.tanh(0.5 * x) + 0.5


class Namespace:
    """A library's array API namespace, and what the standard lacks.

    Parameters
    ----------
    module : module
        The namespace of the array API standard.
    erf, sigmoid : callable, optional
        The library's own; by default both are made of standard operations, erf approximately.
    """

    def __init__(
        self,
        module: Any,
        erf: Callable[[Array], Array] | None = None,
        sigmoid: Callable[[Array], Array] | None = None,
    ) -> None:
        self._module = module
        self.erf = erf if erf is not None else self._approximate_erf
        self.sigmoid = sigmoid if sigmoid is not None else self._sigmoid_by_tanh

    def _approximate_erf(self, x: Array) -> Array:
        return erf(x, self._module)

    def _sigmoid_by_tanh(self, x: Array) -> Array:
        return sigmoid_by_tanh(x, self._module)

    def keep_mask(self, like: Array, probability: float, key: Any, first: int = 0) -> Array:
        """Zeros, and ``1 / probability`` where kept, of the shape and type of ``like``.

        Parameters
        ----------
        like : array, shape (m, n)
        probability : float
            In steps of 2**-24.
        key : int or array of int32, shape ()
            What differs between layers and steps; see `randomness.mask_key`.
        first : int, optional
            Number of the first sample within its mini-batch.
        """
        device = getattr(like, "device", None)  # of what JAX traces there is none
        kept = keep_bits(like.shape, probability, key, self._module, device, first)
        return self._module.astype(kept, like.dtype) * (1.0 / probability)

    def normal(self, like: Array, key: Any, first: int = 0) -> Array:
        """Standard normal numbers, of the shape and type of ``like``."""
        device = getattr(like, "device", None)
        return normal(like.shape, key, self._module, like.dtype, device, first)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._module, name)
        setattr(self, name, value)  # the next look-up is a plain attribute
        return value

    def __repr__(self) -> str:
        return f"<namespace of {self._module.__name__}>"


def new_memory(size: int) -> np.ndarray[Any, Any]:
    """So many bytes on the host."""
    return np.empty(size, np.uint8)


class Uploads:
    """How a thread brings samples to the device while another computes there.

    Parameters
    ----------
    backend : Backend
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def scope(self) -> contextlib.AbstractContextManager[Any]:
        """In the thread that brings them: what it works in, and when left has done all of."""
        return self._backend.scope()

    def done(self) -> None:
        """In the thread that computes: all was asked for that reads what it was given so far."""

    def memory(self, size: int) -> np.ndarray[Any, Any]:
        """So many bytes on the host, for samples to be copied from."""
        return new_memory(size)


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
    at_once: ClassVar[int | None] = None
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
            lacking = self.lacks_compute(compute_dtype)
            if self.dtype != "float32":
                lacking = f"the parameters are {self.dtype}, and must be float32"
            if lacking:
                raise ValueError(
                    f"compute_dtype {compute_dtype!r} on {self.name}, {self.device}: {lacking}"
                )
        if deterministic and (lacking := self.lacks_determinism()):
            raise ValueError(f"deterministic=True on {self.name}, {self.device}: {lacking}")
        other = type(self)(self.device, self.dtype)
        other.compute_dtype, other.deterministic = compute_dtype, deterministic
        return other

    def lacks_determinism(self) -> str:
        """Why the same bits cannot be had each time; empty where they can."""
        return ""

    def lacks_compute(self, compute_dtype: str) -> str:
        """Why training cannot compute in that type here; empty where it can."""
        return f"{self.name} computes in the type of the parameters only"

    @property
    def low_dtype(self) -> str:
        """The type that arrays are brought to for training; empty for the parameters' own."""
        return "" if self.compute_dtype in (None, "tf32") else str(self.compute_dtype)

    @classmethod
    @abstractmethod
    def probe(cls) -> Availability:
        """Look, without raising, whether the library is here and on which devices."""

    @classmethod
    def lacks_dtype(cls, device: str, dtype: str) -> str:
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
        self.admit(x, name)
        if self.owns(x):
            return self.as_own(x, name, dtype)
        return self.from_host(host_array(x, name), dtype)

    def admit(self, x: object, name: str) -> None:
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

    def as_own(self, x: Array, name: str, dtype: str) -> Array:
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
        return Uploads(self)

    def synchronize(self) -> None:
        """Wait until the device has finished what it was given."""
        return

    def finite(self, x: Array) -> Any:
        """Whether no entry is infinite or NaN: a bool, or an array on the device that is one."""
        return self.xp.all(self.xp.isfinite(x))

    def all_finite(self, x: Array) -> bool:
        """`finite`, waited for."""
        return bool(self.finite(x))

    def copy(self, x: Array) -> Array:
        """A new array with the values of ``x``."""
        return self.xp.asarray(x, copy=True)

    def overwritten(self, x: Array, values: Array) -> Array:
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


def library_of(x: object) -> str | None:
    """Name of the array library that ``x`` belongs to, or None for anything else."""
    for kind in type(x).__mro__:
        root = kind.__module__.partition(".")[0]
        if root in _LIBRARIES:
            return _LIBRARIES[root]
    if hasattr(x, "__array_namespace__"):
        return type(x).__module__.partition(".")[0]
    return None


def host_array(x: object, name: str = "x") -> np.ndarray[Any, Any]:
    """A NumPy array of real numbers from a list, a NumPy array or a table.

    Raises
    ------
    TypeError
        If it holds anything but real numbers.
    ValueError
        If rows differ in length.
    """
    if type(x).__module__.startswith("scipy.sparse"):
        raise TypeError(f"{name} is a sparse matrix: pass {name}.toarray()")
    try:
        array = np.asarray(x)
    except ValueError as error:
        raise ValueError(f"{name} is no array: {error}") from error
    if array.dtype.kind not in "biuf":
        raise TypeError(
            f"{name} has dtype {array.dtype}: real numbers are needed; "
            f"convert it first, as by {name}.astype('float32')"
        )
    return array
