"""From lines to a function: what tracebacks show, and that it goes with its plan."""

import gc
import linecache
import traceback

import pytest

from bpnet.compiler.source import load, write_source

TEMPLATE = """\
def run(x, *, {bound}):
    if True:
        {rates} = x
{body}\
    return r0
"""


@pytest.fixture
def run():
    names = {"v0": [], "fail": lambda: 1 / 0}
    source = write_source(TEMPLATE, ["v0.append(r0)", "fail()"], list(names), "(r0,)")
    return load(source, names)


def file_of(function):
    return function.__code__.co_filename


def test_names_are_bound_as_defaults():
    source = write_source(TEMPLATE, ["v0.append(r0)"], ["v0"], "(r0,)")
    assert source.startswith("def run(x, *, v0=v0):\n")
    v0 = []
    assert load(source, {"v0": v0})((5,)) == 5
    assert v0 == [5]


def test_a_traceback_shows_the_line(run):
    with pytest.raises(ZeroDivisionError) as error:
        run((5,))
    shown = "".join(traceback.format_exception(error.value))
    assert f'File "{file_of(run)}", line 5, in run\n    fail()\n' in shown


def test_each_has_a_file_of_its_own(run):
    other = load(write_source(TEMPLATE, ["pass"], [], "(r0,)").replace(", *, ", ""), {})
    assert file_of(other) != file_of(run)
    linecache.checkcache()  # which forgets files that are not there
    assert linecache.getline(file_of(run), 4) == "        v0.append(r0)\n"


def test_the_source_goes_without_a_collection():
    gc.disable()
    try:
        run = load("def run():\n    pass\n", {})
        file = file_of(run)
        assert linecache.getlines(file) == ["def run():\n", "    pass\n"]
        del run
        assert file not in linecache.cache
    finally:
        gc.enable()
