"""What holds the house together: import floors, light imports, documented names."""

import ast
import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import bpnet

PACKAGE = Path(bpnet.__file__).parent
ROOT = PACKAGE.parent

# Each module of the package stands on a floor, and imports from its own or from lower ones. Within
# a floor the order is that of the list: a module may import those before it.
FLOORS = (
    ("_lib",),
    ("backends",),
    ("compiler",),
    ("activations", "costs", "initializers", "metrics", "randomness", "storage", "normalization"),
    ("model",),
    ("backprop", "schedules", "optimizers", "data"),
    ("training",),
    ("network",),
    ("gradients",),
    ("rate_finder",),
    ("cli", "__main__"),
)
PLACES = {name: (k, i) for k, floor in enumerate(FLOORS) for i, name in enumerate(floor)}
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")
HEAVY = (
    "cupy",
    "jax",
    "matplotlib",
    "onnx",
    "pandas",
    "pyarrow",
    "safetensors",
    "scipy",
    "sklearn",
    "torch",
    "tqdm",
)


def dotted(path):
    """``("bpnet", "data", "idx")`` of a file."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return parts[:-1] if parts[-1] == "__init__" else parts


def while_running(tree):
    """Nodes of a module but those under ``if TYPE_CHECKING``."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            for one in node.orelse:
                yield one
                yield from while_running(one)
        else:
            yield node
            yield from while_running(node)


def imported(path, source=None):
    """Modules of the package, by their first name below it, that a file imports when it runs."""
    here = dotted(path)
    package = here if path.name == "__init__.py" else here[:-1]
    found = set()
    for node in while_running(ast.parse(source or path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [tuple(alias.name.split(".")) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            base += tuple(node.module.split(".")) if node.module else ()
            names = [(*base, alias.name) for alias in node.names]
        else:
            continue
        found |= {name[1] for name in names if name[0] == "bpnet" and len(name) > 1}
    return found - {here[1]}


def ids(paths):
    return [".".join(dotted(path)) for path in paths]


def is_module(name):
    return (PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").exists()


@pytest.mark.parametrize("path", MODULES, ids=ids(MODULES))
def test_imports_run_downward_only(path):
    name = dotted(path)[1]
    assert name in PLACES, f"{name} stands on no floor: give it one in {Path(__file__).name}"
    for other in imported(path):
        if name in ("cli", "__main__") and not is_module(other):
            continue  # a name of the package itself, as its version
        assert other in PLACES, f"{name} imports {other}, which stands on no floor"
        assert PLACES[other] < PLACES[name], f"{name} imports {other}, which stands above it"


def test_every_floor_is_in_use():
    there = {dotted(path)[1] for path in MODULES}
    assert there >= {name for floor in FLOORS for name in floor}


@pytest.mark.parametrize(
    ("file", "source", "expected"),
    [
        ("storage/models.py", "from ..network import Network", {"network"}),
        ("storage/models.py", "from .. import network, costs", {"network", "costs"}),
        ("storage/models.py", "import bpnet.network as n", {"network"}),
        ("storage/models.py", "from bpnet.training import fit", {"training"}),
        ("storage/models.py", "def f():\n    from ..network import load", {"network"}),
        ("storage/models.py", "import numpy\nfrom json import load", set()),
        ("storage/models.py", "if TYPE_CHECKING:\n    from .network import Network", set()),
        (
            "storage/models.py",
            "if TYPE_CHECKING:\n    import x\nelse:\n    from ..cli import main",
            {"cli"},
        ),
        ("training/loop.py", "from ..network import load\nfrom .history import H", {"network"}),
        ("training/__init__.py", "from .loop import fit\nfrom .. import data", {"data"}),
        ("backends/jax.py", "from .base import Backend\nimport jax", set()),
    ],
)
def test_the_parser_sees_every_import(file, source, expected):
    assert imported(PACKAGE / file, source) == expected


def run(code):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout.split()


def test_importing_bpnet_loads_numpy_alone():
    loaded = run("import bpnet, sys; print(*sys.modules)")
    assert "numpy" in loaded
    assert sorted({name.partition(".")[0] for name in loaded} & set(HEAVY)) == []
    assert "array_api_compat.numpy" not in loaded


def test_training_on_numpy_loads_no_other_library():
    loaded = run(
        "import bpnet, sys\n"
        "net = bpnet.Network([2, 3, 1], seed=0)\n"
        "net.fit([[0.0, 1.0]], [1], epochs=1, batch_size=1)\n"
        "net.predict([[0.0, 1.0]])\n"
        "print(*sys.modules)"
    )
    assert sorted({name.partition(".")[0] for name in loaded} & set(HEAVY)) == []


# ------------------------------------------------------------------ names and docstrings


@pytest.mark.parametrize("path", MODULES, ids=ids(MODULES))
def test_modules_declare_names_that_exist(path):
    name = ".".join(dotted(path))
    if path.name == "__main__.py":
        return
    if path.parent.name in ("backends", "targets"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for library in {"cupy", "torch", "jax"}.intersection(names):
                pytest.importorskip(library, reason=f"{library} is not installed")
    module = importlib.import_module(name)
    assert module.__doc__, f"{name} has no docstring"
    if not hasattr(module, "__all__"):
        assert path.stem.startswith("_") or "cli" in dotted(path), f"{name} declares no __all__"
        return
    assert sorted(set(module.__all__)) == sorted(module.__all__)
    for public in module.__all__:
        assert hasattr(module, public), f"{name} has no {public}"


def test_the_package_names_what_it_has():
    assert sorted(set(bpnet.__all__)) == sorted(bpnet.__all__)
    for name in bpnet.__all__:
        assert hasattr(bpnet, name)
    public = {
        name
        for name, value in vars(bpnet).items()
        if not name.startswith("_") and not inspect.ismodule(value)
    }
    assert public <= set(bpnet.__all__)


def documented():
    for name in bpnet.__all__:
        value = getattr(bpnet, name)
        inner = value.__all__ if inspect.ismodule(value) else ()
        yield from [(name, value), *((f"{name}.{one}", getattr(value, one)) for one in inner)]


PUBLIC = [pytest.param(*pair, id=pair[0]) for pair in documented() if callable(pair[1])]


@pytest.mark.parametrize(("name", "value"), PUBLIC)
def test_public_names_have_a_docstring_of_their_own(name, value):
    assert value.__doc__, f"{name} has no docstring"
    assert len(value.__doc__.strip().splitlines()[0]) > 10
    if inspect.isclass(value):
        assert value.__doc__ not in [base.__doc__ for base in value.__mro__[1:]]


CALLABLES = [name for name in bpnet.__all__ if callable(getattr(bpnet, name))]


@pytest.mark.parametrize("name", CALLABLES)
def test_public_callables_show_an_example(name):
    text = inspect.getdoc(getattr(bpnet, name)) or ""
    section = re.search(r"^Examples\n-{8}\n(.*)", text, re.MULTILINE | re.DOTALL)
    assert section, f"bpnet.{name} has no Examples section"
    assert ">>> " in section[1], f"bpnet.{name} has no example that runs"


METHODS = [
    name
    for name, value in vars(bpnet.Network).items()
    if inspect.isfunction(value) and not name.startswith("_")
]


@pytest.mark.parametrize("name", METHODS)
def test_methods_of_a_network_say_what_they_take_and_give(name):
    method = getattr(bpnet.Network, name)
    text = inspect.getdoc(method) or ""
    assert text, f"Network.{name} has no docstring"
    parameters = [one for one in inspect.signature(method).parameters if one != "self"]
    described = re.findall(r"^([\w*, ]+) : ", text, re.MULTILINE)
    told = {one.strip(" *") for line in described for one in line.split(",")}
    assert set(parameters) <= told, f"Network.{name} does not describe {set(parameters) - told}"
    if parameters:
        assert ">>> " in text, f"Network.{name} has no example"


# ------------------------------------------------------------------ written once


@pytest.mark.parametrize(
    "path", [p for p in MODULES if "backends" not in dotted(p)], ids=lambda p: dotted(p)[-1]
)
def test_no_library_is_asked_for_by_name_outside_backends(path):
    """What differs between libraries lives in the backends, not behind a question elsewhere."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Compare):
            sides = [ast.unparse(side) for side in (node.left, *node.comparators)]
        elif isinstance(node, ast.Match):
            sides = [ast.unparse(node.subject)]
        else:
            continue
        asked = [side for side in sides if re.search(r"\bbackend\.name$", side)]
        assert not asked, f"{path.name}, line {node.lineno}: {ast.unparse(node)[:60]}"


MATHEMATICS = ("activations", "costs", "backprop", "optimizers", "schedules")


@pytest.mark.parametrize(
    "path", [p for p in MODULES if dotted(p)[1] in MATHEMATICS], ids=lambda p: ".".join(dotted(p))
)
def test_the_mathematics_imports_no_array_library(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    roots = {
        one.name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for one in node.names
    }
    assert not roots & {"numpy", "cupy", "torch", "jax", "array_api_compat"}


def test_the_version_is_written_in_one_place():
    pattern = re.compile(r"""^(__version__|version|release)\s*=\s*["']\d""", re.MULTILINE)
    files = [*MODULES, PACKAGE / "__init__.py", ROOT / "pyproject.toml", *ROOT.glob("docs/conf.py")]
    found = [path.name for path in files if path.exists() and pattern.search(path.read_text())]
    assert found == ["__init__.py"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", bpnet.__version__)


def test_there_is_a_place_for_everything_and_no_utils():
    assert not [path for path in MODULES if path.stem in ("utils", "util", "helpers", "misc")]
