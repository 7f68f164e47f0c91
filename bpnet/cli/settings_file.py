"""Settings from a TOML file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from .._lib.files import check_regular_file
from .._lib.registry import check_name
from .._lib.wording import shown
from ..tabular.recipe import Settings
from .errors import UsageError, in_words
from .settings import ALIASES, SETTINGS

__all__ = ["read_settings"]

_MOST_BYTES = 256 * 1024
_MOST_DOTS = 50
_STRINGS = re.compile(
    r'"""(?:\\.|[^\\])*?"""|' + r"'''.*?'''|" + r'"(?:\\.|[^"\\\n])*"|' + r"'[^'\n]*'|#[^\n]*",
    re.DOTALL,
)


def read_settings(path: Path) -> Settings:
    """Settings of a TOML file, each checked; paths in it are relative to its folder.

    Raises
    ------
    UsageError
        If there is no such file, it is no TOML, too large, or a setting is unknown or wrong.
    """
    settings: Settings = {}
    for key, value in _content(path).items():
        name = ALIASES.get(key, key)
        if name in settings:
            raise UsageError(f"{path}: {name} is given twice, once by another name: remove one")
        try:
            setting = SETTINGS[check_name(name, SETTINGS, "setting")]
        except ValueError as error:
            raise UsageError(f"{path}: {error}") from error
        kind = setting.kind
        values = value if isinstance(value, list) and setting.many else [value]
        if not all(_fits(one, setting.kind) for one in values):
            expected = _WORDS[setting.kind] + " or a list of such" * setting.many
            raise UsageError(f"{path}: {name} must be {expected}, not {shown(value)}")
        try:
            read = [path.parent / one if kind is Path else kind(one) for one in values]
        except OverflowError:  # an integer beyond the largest float
            raise UsageError(f"{path}: {name} is too large: {shown(value)}") from None
        settings[name] = read if setting.many else read[0]
    if settings.get("early_stopping") and not settings.get("best", True):
        del settings["best"]  # earlier versions wrote both, and went back to the best epoch
    return settings


def _content(path: Path) -> dict[str, Any]:
    """What a TOML file says, whose size and dots bound what the parser makes of it."""
    import tomllib

    try:
        check_regular_file(path)
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise UsageError(in_words(error)) from error
    if len(data) > _MOST_BYTES:
        raise UsageError(
            f"{path}: larger than {_MOST_BYTES:,} bytes, the limit for settings; give long lists "
            "as flags"
        )
    try:
        text = data.decode()
        for number, line in enumerate(_STRINGS.sub("", text).split("\n"), 1):
            if line.count(".") > _MOST_DOTS:  # the parser takes memory by their square
                raise UsageError(
                    f"{path}: more than {_MOST_DOTS} dots outside of strings in a line (line "
                    f"{number} without strings of several lines); settings have one name each"
                )
        return tomllib.loads(text)
    except RecursionError:
        raise UsageError(f"{path}: lists or tables are nested too deeply") from None
    except ValueError as error:  # of TOML, UTF-8 or numbers of thousands of digits
        raise UsageError(f"{path}: {error}") from error


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
