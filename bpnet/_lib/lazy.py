"""Names of a package whose modules are imported when one is first asked for.

Python asks a module's ``__getattr__`` for what it does not find (PEP 562).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

__all__ = ["lazy_attributes"]


def lazy_attributes(package: str, places: Mapping[str, str]) -> Callable[[str], Any]:
    """A ``__getattr__`` for a package.

    Parameters
    ----------
    package : str
        Its ``__name__``.
    places : mapping of str to str
        Names, and the modules below the package that they lie in.
    """

    def find(name: str) -> Any:
        if name not in places:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(f".{places[name]}", package), name)
        setattr(sys.modules[package], name, value)  # the next look-up finds it
        return value

    return find
