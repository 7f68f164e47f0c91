"""Other processes: commands run in the checkout."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

__all__ = ["ROOT", "run", "tail"]

ROOT = Path(__file__).resolve().parent.parent


def run(command: list[str], seconds: float, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command in the checkout, apart from a pytest that may run this."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    path = os.pathsep.join(filter(None, [str(ROOT), inherited.get("PYTHONPATH")]))
    return subprocess.run(
        command,
        cwd=ROOT,
        env={**inherited, "PYTHONPATH": path, **variables},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def tail(done: subprocess.CompletedProcess[str]) -> str:
    """The end of what a command printed."""
    return (done.stdout + done.stderr)[-3000:]
