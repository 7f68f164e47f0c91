"""How devices are named."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from .._lib.registry import check_name

__all__ = ["check_device", "device_alias", "device_kind", "device_name"]


def device_kind(device: str) -> str:
    """``"cuda"`` of ``"cuda:1"``."""
    return device.partition(":")[0]


def device_alias(device: str) -> str:
    """``"cuda:1"`` for ``"gpu:1"`` or ``"CUDA:1"``; other names as they are.

    >>> device_alias("GPU")
    'cuda'
    """
    kind, colon, index = device.partition(":")
    found = _ALIASES.get(kind.casefold())
    return device if found is None else f"{found}{colon}{index}"


_ALIASES = {"gpu": "cuda", "cuda": "cuda", "cpu": "cpu"}


def check_device(device: str, kinds: Collection[str]) -> str:
    """``device``, whose kind must be among ``kinds``, with or without a number after a colon.

    ``"gpu"`` is the alias of ``"cuda"``.

    Raises
    ------
    ValueError
        If it is not.
    """
    device = device_alias(device)
    kind, colon, index = device.partition(":")
    check_name(kind, kinds, "device")
    if colon and not index.isdecimal():
        raise ValueError(f"device {device!r}: after the colon a number is expected, as in 'cuda:1'")
    return device


def device_name(device: Any) -> str:
    """The name of a device, given by its name or as an object of whatever library.

    Examples
    --------
    >>> from bpnet.backends.devices import device_name
    >>> device_name("cuda:1")
    'cuda:1'
    >>> import array_api_strict
    >>> device_name(array_api_strict.Device("device1"))
    'device1'
    """
    text = str(device)
    if isinstance(device, str):
        return text
    if " object at 0x" in text:  # the library gives it no name
        return type(device).__name__
    quoted = re.search(r"'([^']+)'", text)
    return quoted[1] if quoted else text
