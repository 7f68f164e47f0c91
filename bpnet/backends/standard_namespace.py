"""The functions of any library that follows the array API standard."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from .._lib.wording import described
from .interop import Array
from .namespaces import Namespace

__all__ = ["StandardNamespace", "as_standard", "library_name"]

# What every network needs. That others are missing is noticed when they are called.
REQUIRED = (
    *("asarray", "arange", "zeros", "astype", "isdtype", "float32", "reshape", "concat", "stack"),
    *("take", "sum", "all", "isfinite"),
)
_CREATION = (
    *("arange", "asarray", "empty", "empty_like", "eye", "full", "full_like", "linspace", "ones"),
    *("ones_like", "zeros", "zeros_like"),
)


def library_name(namespace: Any) -> str:
    """What messages call a library: the import path of its namespace."""
    name = str(getattr(namespace, "__name__", None) or described(namespace))
    return name.removeprefix("array_api_compat.")


def as_standard(namespace: Any) -> Any:
    """A namespace of the array API standard, through array_api_compat if need be.

    Raises
    ------
    TypeError
        If it is none; the message names what it lacks.
    """
    missing = _missing(namespace)
    if missing and "asarray" not in missing:
        import array_api_compat

        try:
            namespace = array_api_compat.array_namespace(namespace.asarray([0.0]))
        except TypeError:  # one that array_api_compat does not know either
            pass
        else:
            missing = _missing(namespace)
    if missing:
        what = "the module " * isinstance(namespace, ModuleType) + library_name(namespace)
        more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        raise TypeError(f"{what} lacks {', '.join(missing[:3])}{more}")
    return namespace


def _missing(namespace: Any) -> list[str]:
    return [name for name in REQUIRED if not hasattr(namespace, name)]


class StandardNamespace(Namespace):
    """A namespace of the standard; it names what the library lacks.

    Parameters
    ----------
    module : module
        The library's.
    takes_device : bool, optional
        Whether the creation functions of the library take a ``device``; those of this namespace
        do.
    """

    def __init__(self, module: Any, takes_device: bool = True) -> None:
        super().__init__(module)
        if not takes_device:
            for name in _CREATION:
                if hasattr(module, name):
                    setattr(self, name, _without_device(getattr(module, name)))

    def astype(self, x: Array, dtype: Any, /, *, copy: bool = True) -> Array:
        """The standard's ``astype``; not every library's takes ``copy``."""
        return self._module.astype(x, dtype) if copy or x.dtype != dtype else x

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            raise AttributeError(
                f"{library_name(self._module)} has no {name!r}, which the array API standard asks "
                "for and this computation needs"
            ) from None


def _without_device(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, device: Any = None, **options: Any) -> Any:
        return function(*args, **options)

    return call
