"""Fixtures that all tests share: the compute targets, and the same settings for every test."""

import atexit
import os
import signal
import sys
import tempfile
from pathlib import Path

import hypothesis
import pytest

# Test modules are imported each by itself (importlib mode); the helpers beside them are not found
# otherwise.
sys.path.insert(0, str(Path(__file__).parent))

from _backends import TARGETS, Target

# The helpers hold no tests, and some need libraries. As a glob this would match tests/_lib too.
HERE = Path(__file__).parent
collect_ignore = [path.name for path in HERE.glob("_*.py")]
collect_ignore += [path.name for path in HERE.glob("fuzz_*.py")]
collect_ignore += [
    f"fuzz/{path.name}" for path in HERE.glob("fuzz/*.py") if "test_" not in path.name
]

# JAX compiles each network's steps anew; what one test had compiled serves the next. JAX reads
# these when it is imported.
if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
    _compiled = tempfile.TemporaryDirectory(prefix="bpnet-tests-")
    atexit.register(_compiled.cleanup)
    os.environ["JAX_COMPILATION_CACHE_DIR"] = _compiled.name
    os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
    os.environ["JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES"] = "-1"

# The same examples in every run, and no time limit for one: a test asserts no duration.
hypothesis.settings.register_profile("bpnet", deadline=None, derandomize=True, max_examples=60)
hypothesis.settings.load_profile("bpnet")


def pytest_collection_modifyitems(items):
    """Refuse names with an address: each process of a parallel run would have others."""
    changing = [item.nodeid for item in items if " at 0x" in item.nodeid]
    if changing:
        raise pytest.UsageError(f"give the cases of this test names, by ids: {changing[0]}")


def pytest_addoption(parser):
    parser.addoption("--runs", type=int, help="how many cases of each fuzzer")


@pytest.fixture
def runs(request):
    """``runs(600)`` is how many cases a fuzzer does: so many, or what ``--runs`` says."""
    given = request.config.getoption("--runs")
    return lambda usual: usual if given is None else given


@pytest.fixture(autouse=True)
def _no_default_of_the_environment(monkeypatch):
    monkeypatch.delenv("BPNET_BACKEND", raising=False)
    monkeypatch.delenv("BPNET_DEVICE", raising=False)


@pytest.fixture(autouse=True)
def _graphs_are_verified(monkeypatch):
    """After every pass of the compiler."""
    monkeypatch.setenv("BPNET_DEBUG", "1")


@pytest.fixture(params=TARGETS)
def target(request):
    """Each compute target in turn; one that is not to be had here skips with its reason."""
    chosen = Target(request.param)
    if reason := chosen.missing():
        pytest.skip(reason)
    return chosen


@pytest.fixture(scope="session")
def torch():
    """PyTorch with one thread, or a skip."""
    module = pytest.importorskip("torch", reason="torch is not installed")
    module.set_num_threads(1)
    return module


@pytest.fixture
def jax_compiled(caplog):
    """Names of what JAX compiled since the last time that they were asked for."""

    jax = pytest.importorskip("jax", reason="jax is not installed")

    def names():
        found = [one.getMessage().split()[1] for one in caplog.records if "Compiling" in one.msg]
        caplog.clear()
        return found

    with jax.log_compiles():
        yield names


@pytest.fixture
def ctrl_c():
    """A function that presses Ctrl-C, with Python's own handler in place before and after."""
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield lambda: signal.raise_signal(signal.SIGINT)
    signal.signal(signal.SIGINT, previous)
