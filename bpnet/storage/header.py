"""The JSON text that says what the arrays of a file are."""

from __future__ import annotations

import os
from typing import Any

from .safetensors import damaged

__all__ = ["CHECKPOINT", "MODEL", "SCHEMA_VERSION", "encode_header", "read_header"]

SCHEMA_VERSION = 1
MODEL, CHECKPOINT = "bpnet", "bpnet-checkpoint"  # keys of a header among the texts of a file


def encode_header(header: dict[str, Any], **options: Any) -> str:
    """A header as JSON, with the version of its schema.

    Parameters
    ----------
    header : dict
        JSON values, or what ``options`` encode as such.
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

    return json.dumps({"schema_version": SCHEMA_VERSION, **header}, **options)


def read_header(path: str | os.PathLike[str], text: str, what: str) -> dict[str, Any]:
    """The header that `encode_header` wrote, with its version checked.

    Raises
    ------
    ValueError
        If the text is no JSON object, or of another version; the message gives both versions.
    """
    import json

    try:
        header = json.loads(text)
    except json.JSONDecodeError as error:
        raise damaged(path, what, error) from error
    version = header.get("schema_version") if isinstance(header, dict) else None
    if version != SCHEMA_VERSION:
        raise ValueError(
            f"{os.fspath(path)!r} has schema_version {version!r}, this bpnet reads "
            f"{SCHEMA_VERSION}: a newer release wrote it, or it is damaged"
        )
    found: dict[str, Any] = header
    return found
