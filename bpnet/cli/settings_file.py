"""Settings from a TOML file."""

from __future__ import annotations

from pathlib import Path

from .._lib.registry import check_name
from .errors import UsageError
from .settings import SETTINGS, Settings

__all__ = ["read_settings"]


def read_settings(path: Path) -> Settings:
    """Settings of a TOML file, each checked; paths in it are relative to its folder."""
    import tomllib

    try:
        with path.open("rb") as file:
            content = tomllib.load(file)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: {error}") from error
    settings = {}
    for name, value in content.items():
        try:
            setting = SETTINGS[check_name(name, SETTINGS, "setting")]
        except ValueError as error:
            raise UsageError(f"{path}: {error}") from error
        values = value if isinstance(value, list) and setting.many else [value]
        if not all(_fits(one, setting.kind) for one in values):
            expected = _WORDS[setting.kind] + " or a list of such" * setting.many
            raise UsageError(f"{path}: {name} must be {expected}, not {value!r}")
        read = [path.parent / one if setting.kind is Path else setting.kind(one) for one in values]
        settings[name] = read if setting.many else read[0]
    return settings


_WORDS = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "text",
    Path: "text",
}


def _fits(value: object, kind: type) -> bool:
    """Whether TOML's value is of that kind; true is no number, but 3 is one like 3.0."""
    if kind is float:
        return type(value) in (int, float)
    return type(value) is (str if kind is Path else kind)
