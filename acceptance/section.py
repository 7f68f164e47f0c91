"""What one section found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .report import shortened, tell

__all__ = ["Section"]


@dataclass
class Section:
    """What one section found."""

    figures: dict[str, Any] = field(default_factory=dict)
    checks: list[dict[str, Any]] = field(default_factory=list)
    error: str = ""
    seconds: float = 0.0

    def check(self, what: str, passed: bool, **figures: Any) -> None:
        """Record and tell whether something holds, with the figures that show it."""
        self.checks.append({"what": what, "passed": bool(passed), **figures})
        shown = "".join(f", {name} {shortened(figure)}" for name, figure in figures.items())
        tell(f"  {'ok    ' if passed else 'FAILED'} {what}{shown}")

    @property
    def failures(self) -> list[str]:
        """Checks that did not pass, and the last line of an error."""
        failed = [check["what"] for check in self.checks if not check["passed"]]
        return [*failed, *self.error.strip().splitlines()[-1:]]
