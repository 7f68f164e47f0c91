"""Settings that cannot be, in the words of whoever gave them."""

from __future__ import annotations

import re

__all__ = ["SettingError"]

_NAME = re.compile(r"\{([a-z_0-9]+)\}")


class SettingError(ValueError):
    """A setting is wrong, or does not go with another.

    Parameters
    ----------
    message : str
        Names of settings stand in braces: Python reads them as arguments, the command line as
        flags.

    Examples
    --------
    >>> error = SettingError("{batch_size} is too large")
    >>> str(error), error.with_flags
    ('batch_size is too large', '--batch-size is too large')
    """

    def __init__(self, message: str) -> None:
        super().__init__(_NAME.sub(r"\1", message))
        self.with_flags = _NAME.sub(lambda name: f"--{name[1].replace('_', '-')}", message)
