"""The JSON text that says what the arrays of a file are."""

from __future__ import annotations

import os
from typing import Any

from .._lib.wording import shown
from .safetensors import damaged

__all__ = ["CHECKPOINT", "MODEL", "decode_header", "encode_header"]

MODEL, CHECKPOINT = "bpnet", "bpnet-checkpoint"  # keys of a header among the texts of a file

# Values in a header, by which a text of some megabytes can take a hundred times as much memory.
# That is the history of half a million epochs, which earlier checkpoints have there.
_MOST_VALUES = 6_000_000


def encode_header(header: dict[str, Any], version: int, **options: Any) -> str:
    """A header as JSON, with the version of its schema.

    Parameters
    ----------
    header : dict
        JSON values, or what ``options`` encode as such.
    version : int
    options
        Of ``json.dumps``.

    Returns
    -------
    str

    Raises
    ------
    TypeError, ValueError
        If a value cannot be encoded.
    """
    import json

    return json.dumps({"schema_version": version, **header}, **options)


def decode_header(
    path: str | os.PathLike[str], text: str, what: str, versions: tuple[int, ...]
) -> dict[str, Any]:
    """The header that `encode_header` wrote, with its version checked, but nothing else.

    Parameters
    ----------
    path : path
        For messages.
    text : str
    what : str
        What the file should be, for messages.
    versions : tuple of int
        Those that can be read, the latest last.

    Raises
    ------
    ValueError
        If the text is no JSON object, or of another version; the message gives both versions.
    """
    import json

    if sum(map(text.count, ",[{")) > _MOST_VALUES:
        raise damaged(path, what, f"its header has more than {_MOST_VALUES:,} values")
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as error:  # also for a number of thousands of digits
        raise damaged(path, what, error) from error
    version = header.get("schema_version") if isinstance(header, dict) else None
    if isinstance(version, bool) or version not in versions:
        known = " and ".join(map(str, versions))
        raise ValueError(
            f"{os.fspath(path)!r} has schema_version {shown(version)}, this bpnet reads "
            f"{known}: a newer release wrote it, so update bpnet, or it is damaged"
        )
    found: dict[str, Any] = header
    return found
