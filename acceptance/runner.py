"""Running sections one by one, and the JSON file of what they found."""

from __future__ import annotations

import datetime
import json
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .plan import Plan, target_text
from .report import tell
from .section import Section
from .sections import SECTIONS, UNTIMED

__all__ = ["run_sections"]


def run_sections(plan: Plan, chosen: list[str], out: Path | None) -> bool:
    """Run the sections one by one; each that ends is written at once. Whether all passed.

    The tests run beside those that measure no time.
    """
    found: dict[str, Section] = {}
    names, tested = [name for name in SECTIONS if name in ("devices", *chosen)], None
    with ThreadPoolExecutor(1) as aside:
        for name in names:
            if tested is None and name in UNTIMED and "tests" in names:
                tested = aside.submit(_run_section, plan, "tests")
            tell(f"{name}: {SECTIONS[name].__doc__}")
            together = tested if name == "tests" else None
            found[name] = together.result() if together else _run_section(plan, name)
            if out is not None:
                _write(out, plan, found)
    checks = [check for section in found.values() for check in section.checks]
    failures = [f"{name}: {one}" for name, section in found.items() for one in section.failures]
    tell(f"{sum(check['passed'] for check in checks)} of {len(checks)} checks passed")
    for failure in failures:
        tell(f"FAILED {failure}")
    if out is not None:
        tell(f"written to {out}")
    return not failures


def _run_section(plan: Plan, name: str) -> Section:
    section, began = Section(), time.perf_counter()
    try:
        SECTIONS[name](plan, section)
    except Exception as error:
        section.error = traceback.format_exc()
        tell(f"  FAILED {name}: {type(error).__name__}: {error}")
    section.seconds = time.perf_counter() - began
    return section


def _write(out: Path, plan: Plan, found: dict[str, Section]) -> None:
    record = {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "passed": not any(section.failures for section in found.values()),
        "targets": [target_text(target) for target in plan.targets],
        "stand-in": plan.tiny,
        "sections": {
            name: {"passed": not section.failures, **vars(section)}
            for name, section in found.items()
        },
    }
    # What is not finite is no JSON: it becomes a string.
    plain = json.loads(json.dumps(record, default=str), parse_constant=str)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(plain, indent=2) + "\n", encoding="utf-8")
