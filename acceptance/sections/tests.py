"""The whole test suite, on each CUDA device, too."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree

from .. import processes
from ..plan import Plan
from ..processes import tail
from ..report import tell
from ..section import Section

__all__ = ["is_for", "run"]


def run(plan: Plan, section: Section) -> None:
    """The whole test suite, on each CUDA device, too."""
    usual = ["numpy", "numpy-readonly", *(name for name in ("torch", "jax") if find_spec(name))]
    usual += ["strict"] * (find_spec("array_api_strict") is not None)
    on_gpu = ["cupy" if name == "cupy" else f"{name}-cuda" for name, _ in plan.targets]
    what = []
    if plan.tiny:
        on_gpu, what = [], ["bpnet/optimizers/sgd.py"]
    elif find_spec("xdist"):
        what = ["--numprocesses", str(max(1, (os.cpu_count() or 1) - 2)), "--dist", "worksteal"]
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "junit.xml")
        # pytest-benchmark warns beside xdist, and warnings are errors here.
        without = ["-p", "no:cacheprovider", "-p", "no:benchmark"]
        done = processes.run(
            [sys.executable, "-m", "pytest", "-q", *without, *what, f"--junitxml={report}"],
            plan.test_seconds,
            BPNET_TEST_TARGETS=",".join([*usual, *on_gpu]),
            OMP_NUM_THREADS="1",
            XLA_FLAGS="--xla_gpu_autotune_level=0",  # compiles thousands of small steps
        )
        tell("\n".join(tail(done).splitlines()[-12:]))
        verdicts = _verdicts(report) if report.exists() else {}
    for kind in ("passed", "failed", "skipped"):
        section.figures[kind] = {name: why for name, (k, why) in verdicts.items() if k == kind}
    failed, skipped = section.figures["failed"], section.figures["skipped"]
    section.figures["passed"] = len(section.figures["passed"])
    section.check("the test suite", done.returncode == 0, code=done.returncode, failed=[*failed])
    for target in on_gpu:
        there = [name for name in verdicts if is_for(target, name)]
        passed = bool(there) and not set(there) & set(skipped)
        section.check(f"tests on {target} ran, none was skipped", passed, tests=len(there))


def _verdicts(report: Path) -> dict[str, tuple[str, str]]:
    """Of each test in pytest's report: passed, failed or skipped, and why."""
    kinds = {"failure": "failed", "error": "failed", "skipped": "skipped"}
    found = {}
    for case in ElementTree.parse(report).iter("testcase"):
        told = [(kinds[one.tag], one.get("message", "")) for one in case if one.tag in kinds]
        found[f"{case.get('classname')}::{case.get('name')}"] = (told or [("passed", "")])[0]
    return found


def is_for(target: str, name: str) -> bool:
    """Whether a test's parameters name the target: ``test_x[relu-cupy-3]`` for ``cupy``."""
    return re.search(rf"[\[-]{re.escape(target)}[\]-]", name.partition("::")[2]) is not None
