"""Model files: named arrays and one JSON header in the safetensors format."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

__all__ = ["read_model", "write_model"]

_KEY = "bpnet"
SCHEMA_VERSION = 1


def write_model(
    path: str | os.PathLike[str], arrays: dict[str, np.ndarray[Any, Any]], header: dict[str, Any]
) -> None:
    """Write a model's file: to a temporary one first, so that a failure leaves the old one.

    Parameters
    ----------
    path : path
        Its folder must exist.
    arrays : dict of str to numpy.ndarray
    header : dict
        Anything that JSON can say.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    import json
    import tempfile

    from safetensors.numpy import save

    folder, name = os.path.split(os.fspath(path))
    text = json.dumps({"schema_version": SCHEMA_VERSION, **header}, sort_keys=True, allow_nan=False)
    # Safetensors writes the memory behind a view, not the view.
    content = save({name: np.ascontiguousarray(a) for name, a in arrays.items()}, {_KEY: text})
    handle, temporary = tempfile.mkstemp(dir=folder or ".", prefix=f".{name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def read_model(
    path: str | os.PathLike[str],
) -> tuple[dict[str, np.ndarray[Any, Any]], dict[str, Any]]:
    """Arrays and header of a model's file.

    Parameters
    ----------
    path : path

    Returns
    -------
    arrays : dict of str to numpy.ndarray
    header : dict

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no model of bpnet, is damaged, or comes from a newer release.
    """
    import json

    from safetensors import SafetensorError, safe_open

    if not os.path.isfile(path):
        raise FileNotFoundError(f"there is no model file {os.fspath(path)!r}")
    try:
        with safe_open(path, framework="np") as file:
            metadata = file.metadata() or {}
            if _KEY not in metadata:
                raise ValueError(f"{os.fspath(path)!r} is a safetensors file, but no bpnet model")
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            header = json.loads(metadata[_KEY])
    except (SafetensorError, json.JSONDecodeError) as error:
        raise ValueError(f"{os.fspath(path)!r} is damaged or no bpnet model: {error}") from error
    version = header.get("schema_version") if isinstance(header, dict) else None
    if version != SCHEMA_VERSION:
        raise ValueError(
            f"{os.fspath(path)!r} has schema_version {version!r}, this bpnet reads "
            f"{SCHEMA_VERSION}: a newer release wrote it, or it is damaged"
        )
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise ValueError(f"{os.fspath(path)!r} is damaged: {name} is not finite everywhere")
    return arrays, header


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
