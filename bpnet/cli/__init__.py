"""The command line: ``bpnet train | predict | check | devices``."""

from .commands import main

__all__ = ["main"]
