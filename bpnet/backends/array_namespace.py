"""The functions that go with an array, whatever library it is of."""

from __future__ import annotations

import functools
from typing import Any

from .interop import Array, library_of

__all__ = ["namespace"]


def namespace(x: Array) -> Any:
    """The functions that go with an array: the array API standard's, ``erf`` and ``sigmoid``.

    Parameters
    ----------
    x : array

    Returns
    -------
    Namespace

    Examples
    --------
    >>> import numpy as np
    >>> from bpnet.backends import namespace
    >>> float(namespace(np.zeros(2)).erf(np.asarray([1.0]))[0])
    0.8427007929497149
    """
    from .loading import load  # which `import bpnet` does not need
    from .registry import BUILT_IN

    library = library_of(x) or "numpy"
    if library in BUILT_IN:
        return load(BUILT_IN[library]).xp
    if hasattr(x, "__array_namespace__"):
        return _standard(x.__array_namespace__())
    import array_api_compat

    return _standard(array_api_compat.array_namespace(x))


@functools.cache
def _standard(module: Any) -> Any:
    from .library_info import LibraryInfo
    from .standard_namespace import StandardNamespace

    return StandardNamespace(module, LibraryInfo(module).takes_device)
