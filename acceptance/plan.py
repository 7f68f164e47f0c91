"""What is to be tried, and how much of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["CPU", "Plan", "Target", "target_text"]

Target = tuple[str, str]  # library, device
CPU: Target = ("numpy", "cpu")


@dataclass(frozen=True)
class Plan:
    """What is to be tried, and how much of it.

    Attributes
    ----------
    targets : list of (library, device)
    mnist : Path or None
        Folder of the four IDX files.
    tiny : bool
        Whether NumPy and PyTorch on the CPU stand in for CUDA, with little of everything.
    test_seconds : float
        How long the tests may take.
    """

    targets: list[Target]
    mnist: Path | None
    tiny: bool
    test_seconds: float = 420

    def size(self, full: int, tiny: int) -> int:
        """How much: ``full``, or for a stand-in ``tiny``."""
        return tiny if self.tiny else full


def target_text(target: Target) -> str:
    """A target as reports name it: "cupy on cuda:0"."""
    return " on ".join(target)
