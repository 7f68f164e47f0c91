"""Names of a package whose modules are imported when a name is first used.

Python calls a module's ``__getattr__`` for names that it does not have (PEP 562).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

__all__ = ["lazy_attributes"]


def lazy_attributes(package: str, places: Mapping[str, str]) -> Callable[[str], Any]:
    """A ``__getattr__`` for a package, whose ``dir`` then shows these names too.

    Parameters
    ----------
    package : str
        Its ``__name__``.
    places : mapping of str to str
        By name, the module that has it, relative to the package; "" for a module of the package.
    """
    module = sys.modules[package]

    def find(name: str) -> Any:
        if name not in places:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        if place := places[name]:
            value = getattr(import_module(f".{place}", package), name)
        else:
            value = import_module(f".{name}", package)
        setattr(module, name, value)  # the next access finds it there
        return value

    if "__dir__" not in vars(module):
        vars(module)["__dir__"] = lambda: sorted({*vars(module), *places})
    return find
