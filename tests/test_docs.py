"""The pages: what they show as code runs."""

import doctest
import inspect
import pkgutil
import re
import sys
from pathlib import Path

import numpy as np
import pytest

import bpnet

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = Path(bpnet.__file__).parent
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
# Each uses files or functions that only a reader has.
SKETCHES = {"streaming.md"}
# Libraries of extras that a page's code needs.
NEEDS = {"per_example.md": "dp_accounting"}
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
    if page.name in NEEDS:
        pytest.importorskip(NEEDS[page.name])
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


def test_the_page_on_tables_has_the_rules_of_the_code():
    from bpnet.data.tables.columns import decisions

    page = (ROOT / "docs" / "tables.md").read_text(encoding="utf-8")
    rules = re.search(r"<!-- rules: begin -->\n(.*?)\n<!-- rules: end -->", page, re.DOTALL)[1]
    documented = decisions.__doc__.replace("``", "`")
    assert rules == documented[documented.index("1. ") :].rstrip()


# ------------------------------------------------------------------ names of files and objects

# Places that a page may write a path from.
FOLDERS = (ROOT, PACKAGE, PACKAGE / "compiler", ROOT / "docs")


FOREIGN = {"examples/mnist_mlp.py"}  # of Keras


def named_files(text):
    """Paths of Python files, and of folders of the package, that a text has as code."""
    found = re.findall(r"`((?:[\w.]+/)*\w+\.py|(?:\w+/)+)`", text)
    return [name for name in found if name not in FOREIGN]


def missing(files):
    """Those that exist in no such place; a bare name may be anywhere in the package."""
    return [
        file
        for file in files
        if not any((folder / file).exists() for folder in FOLDERS)
        and ("/" in file or not any(PACKAGE.rglob(file)))
    ]


def unknown(names):
    """Dotted names that no module or object of the package has."""
    found = []
    for name in names:
        try:
            pkgutil.resolve_name(name)
        except (AttributeError, ImportError):
            found.append(name)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_are_named_exist(page):
    assert missing(named_files(page.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_names_of_the_package_exist(page):
    names = re.findall(
        r"(?:`|automodule:: )(bpnet(?:\.\w+)+)(?!\w*/)", page.read_text(encoding="utf-8")
    )
    assert unknown(name for name in names if not name.endswith(".py")) == []


def test_wrong_names_are_seen():
    text = "`bpnet/backprop.py`, `layers/old.py` and `passes/`, not `x.py` in a `pip/`"
    assert missing(named_files(text)) == ["layers/old.py", "x.py", "pip/"]
    assert unknown(["bpnet.Network", "bpnet.model.layers.LayerPass"]) == [
        "bpnet.model.layers.LayerPass"
    ]


# ------------------------------------------------------------------ the path of a mini-batch


def path_in_the_page():
    """File and function of each row of the table in docs/architecture.md."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    section = page.partition("<!-- path: begin -->")[2].partition("<!-- path: end -->")[0]
    return re.findall(r"^\| `([\w/]+\.py)` \| `([\w.]+)` \|", section, re.MULTILINE)


def first_calls(function):
    """The functions of the package in the order in which each is first called."""
    seen = {}

    def watch(frame, event, argument):
        code = frame.f_code
        if event == "call" and code.co_flags & inspect.CO_OPTIMIZED:  # not the body of a class
            file = Path(code.co_filename)
            if file.is_relative_to(PACKAGE):
                key = file.relative_to(PACKAGE).as_posix(), code.co_qualname
                seen.setdefault(key, len(seen))

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        function()
    finally:
        sys.setprofile(before)
    return list(seen)


def test_a_mini_batch_takes_the_path_of_the_page():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 6)), rng.integers(0, 3, 40)
    net = bpnet.Network([6, 5, 3], cost="log_likelihood", backend="numpy", seed=0)
    calls = first_calls(
        lambda: net.fit(
            x,
            y,
            epochs=1,
            batch_size=8,
            optimizer=bpnet.Momentum(0.1),
            validation=(x, y),
            callbacks=[bpnet.Callback()],
            progress=False,
        )
    )
    path = path_in_the_page()
    assert len(path) > 25
    assert [one for one in path if one not in calls] == []
    assert sorted(path, key=calls.index) == path
