"""The pages: what they show as code runs."""

import doctest
import re
from pathlib import Path

import pytest

import bpnet

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
# Each uses files or functions that only a reader has.
SKETCHES = {"streaming.md"}
HAS_CUDA = any(d.startswith("cuda") for b in bpnet.available_backends() for d in b.devices)


def blocks(page):
    return BLOCK.findall(page.read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_code_runs_from_top_to_bottom(page, tmp_path, monkeypatch, torch):
    monkeypatch.chdir(tmp_path)
    if page.name in SKETCHES:
        for code in blocks(page):
            compile(code, page.name, "exec")
        pytest.skip("its code uses files that only a reader has: it was compiled, and not run")
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    runner, scope = doctest.DocTestRunner(optionflags=flags), {"__name__": page.name}
    for k, code in enumerate(blocks(page)):
        if code.startswith(">>>"):
            test = doctest.DocTestParser().get_doctest(code, scope, f"{page.name}[{k}]", None, 0)
            runner.run(test, clear_globs=False)
            scope |= test.globs
        else:
            block = compile(code, f"{page.name}[{k}]", "exec")
            if HAS_CUDA or '"cuda"' not in code:
                exec(block, scope)
    assert runner.summarize(verbose=False).failed == 0
