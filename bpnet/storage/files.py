"""Files of models and checkpoints: named arrays and a JSON header in the safetensors format."""

from __future__ import annotations

import contextlib
import os
from typing import Any

import numpy as np

__all__ = ["read_checkpoint_file", "read_model", "write_checkpoint_file", "write_model"]

_MODEL, _CHECKPOINT, _DIGEST = "bpnet", "bpnet-checkpoint", "digest"
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

    text = json.dumps({"schema_version": SCHEMA_VERSION, **header}, sort_keys=True, allow_nan=False)
    _write(path, arrays, {_MODEL: text})


def write_checkpoint_file(
    path: str | os.PathLike[str], arrays: dict[str, np.ndarray[Any, Any]], header: dict[str, Any]
) -> None:
    """Write a checkpoint as `write_model` does, with a digest of all that is in it.

    Parameters
    ----------
    path : path
        Its folder must exist.
    arrays : dict of str to numpy.ndarray
    header : dict
        Anything that JSON can say, NaN and infinity too.

    Raises
    ------
    OSError
        If the file cannot be written; one that was there is kept.
    """
    import json

    header = {"schema_version": SCHEMA_VERSION, **header}
    text = json.dumps(header, default=_plain)  # unsorted: a history's columns have an order
    _write(path, arrays, {_CHECKPOINT: text, _DIGEST: _digest(arrays, text)})


def read_model(
    path: str | os.PathLike[str],
) -> tuple[dict[str, np.ndarray[Any, Any]], dict[str, Any]]:
    """Arrays and header of a model's file, or of the network in a checkpoint.

    Parameters
    ----------
    path : path

    Returns
    -------
    arrays : dict of str to numpy.ndarray
        By the names that `write_model` was given; of a checkpoint ``theta``, and ``running`` where
        there is one.
    header : dict

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no model of bpnet, is damaged, or comes from a newer release.
    """
    arrays, texts = _read(path, "model")
    if _CHECKPOINT in texts:
        arrays, header = _checked(path, arrays, texts)
        network = header["network"]
        names = {"state.0": "theta", "state.2.0": "running"}
        arrays = {names[name]: array for name, array in arrays.items() if name in names}
        header = {**network}
    elif _MODEL in texts:
        header = _header(path, texts[_MODEL], "model")
    else:
        raise ValueError(f"{os.fspath(path)!r} is a safetensors file, but no bpnet model")
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise ValueError(f"{os.fspath(path)!r} is damaged: {name} is not finite everywhere")
    return arrays, header


def read_checkpoint_file(
    path: str | os.PathLike[str],
) -> tuple[dict[str, np.ndarray[Any, Any]], dict[str, Any]]:
    """Arrays and header that `write_checkpoint_file` was given.

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
        If it is no checkpoint of bpnet, is damaged, or comes from a newer release.
    """
    arrays, texts = _read(path, "checkpoint")
    if _MODEL in texts:
        raise ValueError(
            f"{os.fspath(path)!r} is a model, no checkpoint: bpnet.load reads it, but there is "
            "nothing in it to go on from"
        )
    if _CHECKPOINT not in texts:
        raise ValueError(f"{os.fspath(path)!r} is a safetensors file, but no bpnet checkpoint")
    return _checked(path, arrays, texts)


def _write(
    path: str | os.PathLike[str], arrays: dict[str, np.ndarray[Any, Any]], texts: dict[str, str]
) -> None:
    import tempfile

    from safetensors.numpy import save

    folder, name = os.path.split(os.fspath(path))
    # Safetensors writes the memory behind a view, not the view.
    content = save({name: np.asarray(a, order="C") for name, a in arrays.items()}, texts)
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
    _synchronize(folder or ".")


def _synchronize(folder: str) -> None:
    """Have a new name outlive a loss of power, where the system can."""
    if os.name == "posix":  # elsewhere a folder cannot be opened
        with contextlib.suppress(OSError):  # and some file systems refuse; the file is there
            handle = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


def _read(
    path: str | os.PathLike[str], what: str
) -> tuple[dict[str, np.ndarray[Any, Any]], dict[str, str]]:
    """Arrays and texts of a safetensors file."""
    from safetensors import safe_open

    if not os.path.isfile(path):
        raise FileNotFoundError(f"there is no {what} file {os.fspath(path)!r}")
    try:
        with safe_open(path, framework="np") as file:
            texts = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except OSError:
        raise
    except Exception as error:  # a type of array that NumPy does not know is not safetensors' own
        raise _damaged(path, what, error) from error
    return arrays, texts


def _header(path: str | os.PathLike[str], text: str, what: str) -> dict[str, Any]:
    import json

    try:
        header = json.loads(text)
    except json.JSONDecodeError as error:
        raise _damaged(path, what, error) from error
    version = header.get("schema_version") if isinstance(header, dict) else None
    if version != SCHEMA_VERSION:
        raise ValueError(
            f"{os.fspath(path)!r} has schema_version {version!r}, this bpnet reads "
            f"{SCHEMA_VERSION}: a newer release wrote it, or it is damaged"
        )
    found: dict[str, Any] = header
    return found


def _checked(
    path: str | os.PathLike[str], arrays: dict[str, np.ndarray[Any, Any]], texts: dict[str, str]
) -> tuple[dict[str, np.ndarray[Any, Any]], dict[str, Any]]:
    """Arrays and header of a checkpoint whose digest is right."""
    header = _header(path, texts[_CHECKPOINT], "checkpoint")
    if texts.get(_DIGEST) != _digest(arrays, texts[_CHECKPOINT]):
        raise ValueError(f"{os.fspath(path)!r} is damaged: its digest is not that of its content")
    return arrays, header


def _damaged(path: str | os.PathLike[str], what: str, error: Exception) -> ValueError:
    return ValueError(f"{os.fspath(path)!r} is damaged or no bpnet {what}: {error}")


def _digest(arrays: dict[str, np.ndarray[Any, Any]], text: str) -> str:
    """A digest of a header and of every array's name, type, shape and bytes."""
    import hashlib

    found = hashlib.blake2b(text.encode(), digest_size=16)
    for name, array in sorted(arrays.items()):
        found.update(f"{name} {array.dtype.str} {array.shape}".encode())
        content: Any = np.asarray(array, order="C").reshape(-1).view(np.uint8)
        found.update(content)
    return found.hexdigest()


def _plain(value: Any) -> Any:
    """A NumPy scalar as Python's own; a metric of a user's may be one."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"a checkpoint keeps what JSON can say, and arrays, not {value!r}")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
