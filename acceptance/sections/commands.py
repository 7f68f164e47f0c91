"""What a person types: ``train.py --device cuda`` for each library, and without naming one."""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

from .. import processes
from ..plan import Plan
from ..processes import ROOT, tail
from ..section import Section
from ..training import ACCURACY_TOLERANCE

__all__ = ["run"]


def run(plan: Plan, section: Section) -> None:
    """What a person types: ``train.py --device cuda`` for each library, and without naming one."""
    shared = ["--epochs", str(plan.size(20, 2)), "--seed", "0", "--quiet"]
    kinds = [(library, device.partition(":")[0]) for library, device in plan.targets]
    asked = [["--device", kinds[0][1]]]
    if not plan.tiny:
        asked += [["--backend", library, "--device", kind] for library, kind in kinds]
    for given in (["--backend", "numpy"], *asked):
        with tempfile.TemporaryDirectory() as folder:
            path, out = ROOT / "scripts" / "train.py", str(Path(folder, "run"))
            done = processes.run([sys.executable, str(path), *given, *shared, "--out", out], 120)
        last = (done.stdout.strip().splitlines() or [""])[-1]
        accuracy = re.fullmatch(r"test accuracy ([\d.]+) ?%", last)
        what = " ".join(["train.py", *given])
        if done.returncode or not accuracy:
            section.check(what, False, code=done.returncode, output=tail(done))
            continue
        found = float(accuracy[1]) / 100
        expected = section.figures.setdefault("accuracy on the CPU", found)
        section.check(what, abs(found - expected) <= ACCURACY_TOLERANCE, accuracy=found)
