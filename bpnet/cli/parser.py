"""An argument parser that tells a mistake as every other error is told."""

from __future__ import annotations

import argparse
from typing import Any, NoReturn

from .._lib.registry import closest
from .errors import UsageError

__all__ = ["Parser"]


class Parser(argparse.ArgumentParser):
    """Raises instead of printing its usage and exiting, and takes flags by their full names."""

    def __init__(self, **options: Any) -> None:
        formatter = argparse.RawDescriptionHelpFormatter
        super().__init__(formatter_class=formatter, allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}\n({self.prog} --help lists what can be given)")

    def refuse(self, unknown: str) -> NoReturn:
        """Raise for an unknown argument, and name the flag that was probably meant."""
        flag = unknown.partition("=")[0]
        meant = closest(flag, self._option_string_actions)
        hint = "" if meant is None else f": did you mean {meant!r}?"
        if not hint and flag.startswith("-"):
            hint = f"; a value that begins with a dash is given as --missing={flag}"
        self.error(f"unknown argument {flag!r}{hint}")
