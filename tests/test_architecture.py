"""What holds the structure together: layers, privacy, sizes of files, light imports, names."""

import ast
import importlib
import inspect
import re
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

import bpnet

PACKAGE = Path(bpnet.__file__).parent
ROOT = PACKAGE.parent
sys.path.insert(0, str(ROOT / "scripts"))

import structure  # noqa: E402 - beside the package

MODULES = [path for path in structure.files() if path != PACKAGE / "__init__.py"]
GRAPH = structure.graph()
HEAVY = (
    "cupy",
    "jax",
    "matplotlib",
    "mpi4py",
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
    return tuple(structure.module_name(path).split("."))


def ids(paths):
    return [".".join(dotted(path)) for path in paths]


# ------------------------------------------------------------------ layers


def upward(module, others):
    """Those of a module's imports that are in a higher layer, or in none."""
    layer = structure.LAYER[structure.part_of(module)]
    return [
        other
        for other in others
        if structure.LAYER.get(structure.part_of(other), 10 if layer < 9 else 0) > layer
    ]


@pytest.mark.parametrize("path", MODULES, ids=ids(MODULES))
def test_imports_run_downward_only(path):
    """By full names, within functions and under TYPE_CHECKING too."""
    module = structure.module_name(path)
    part = structure.part_of(module)
    assert part in structure.LAYER, f"{part} is in no layer: give it one in scripts/structure.py"
    assert upward(module, GRAPH[module]) == []


def test_no_modules_import_each_other_in_a_circle():
    assert structure.circles(GRAPH) == []


def test_no_packages_import_each_other_in_a_circle():
    assert structure.circles(structure.part_graph()) == []


def test_every_layer_is_in_use():
    there = {structure.part_of(module) for module in GRAPH}
    assert there >= {name for names in structure.LAYERS.values() for name in names}


def test_a_circle_is_found():
    edges = {"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": set(), "e": {"e", "f"}, "f": {"e"}}
    assert structure.circles(edges) == [["a", "b", "c"], ["e", "f"]]


@pytest.mark.parametrize(
    ("file", "source", "expected"),
    [
        ("storage/f.py", "from ..network import Network", {"bpnet.network"}),
        ("storage/f.py", "from .. import network, costs", {"bpnet.network", "bpnet.costs"}),
        ("storage/f.py", "import bpnet.network as n", {"bpnet.network"}),
        ("storage/f.py", "from bpnet.training import fit", {"bpnet.training.fit"}),
        ("storage/f.py", "from bpnet.training import Fit", {"bpnet.training"}),
        ("storage/f.py", "def f():\n    from ..loading import load", {"bpnet.loading"}),
        ("storage/f.py", "import numpy\nfrom json import load", set()),
        ("storage/f.py", "if TYPE_CHECKING:\n    from .atomic import w", {"bpnet.storage.atomic"}),
        ("training/__init__.py", "from .fit import Fit", {"bpnet.training.fit"}),
        ("backends/jax.py", "from .base import Backend\nimport jax", {"bpnet.backends.base"}),
    ],
)
def test_the_parser_sees_every_import(file, source, expected):
    assert structure.imported_modules(PACKAGE / file, GRAPH, source) == expected


@pytest.mark.parametrize(
    ("module", "other", "is_upward"),
    [
        ("bpnet.storage.models", "bpnet.network", True),
        ("bpnet.training.fit", "bpnet.model.layout", False),
        ("bpnet.training.fit", "bpnet.training.state", False),
        ("bpnet.network", "bpnet", True),
        ("bpnet.cli.commands", "bpnet", False),
    ],
)
def test_an_import_upward_is_seen(module, other, is_upward):
    assert bool(upward(module, [other])) is is_upward


def test_the_page_has_the_table_of_this_code():
    page = structure.PAGE.read_text(encoding="utf-8")
    assert structure.with_table(page) == page, "run python scripts/structure.py --update"


def test_the_picture_shows_this_code():
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    with image.open(structure.PICTURE) as picture:
        shown = picture.text["Description"]
    assert shown == structure.table(), "run python scripts/structure.py --update"


def test_a_page_without_the_table_is_seen():
    page = f"a\n{structure.BEGIN}\n| old |\n{structure.END}\nb\n"
    expected = f"a\n{structure.BEGIN}\n{structure.table()}{structure.END}\nb\n"
    assert structure.with_table(page) == expected
    assert "| `network.py` |" in expected


# ------------------------------------------------------------------ privacy

# Of named tuples, whose methods begin so that no field has their name.
NAMED_TUPLE = {"_asdict", "_fields", "_replace"}
# Private names of other libraries, each for want of a public one.
FOREIGN = {
    # PyTorch frees what cuBLAS works in by no other way; see targets/torch.py.
    ("bpnet.compiler.targets.torch", "torch._C._cuda_clearCublasWorkspaces"),
    ("bpnet.compiler.targets.torch", "torch._C"),
    # NumPy's extension module, to find the BLAS that it is linked with.
    ("bpnet.compiler.targets.blas", "np._core"),
    ("bpnet.compiler.targets.blas", "np._core._multiarray_umath"),
    # CuPy reads CUPY_TF32 once and hands cuBLAS the type of each product itself: a backend that
    # computes in TF32 beside one that does not can only set it here.
    ("bpnet.backends.cupy", "cupy._core._routines_linalg"),
    # What scikit-learn's own estimators check their parameters and labels with, so that errors and
    # messages are the same; it has no public equal.
    ("bpnet.estimators.scikit_learn", "sklearn.base._fit_context"),
    ("bpnet.estimators.scikit_learn", "sklearn.utils._param_validation.Interval"),
    ("bpnet.estimators.scikit_learn", "sklearn.utils._param_validation.InvalidParameterError"),
    ("bpnet.estimators.scikit_learn", "sklearn.utils._param_validation.Options"),
    ("bpnet.estimators.scikit_learn", "sklearn.utils._param_validation.StrOptions"),
    ("bpnet.estimators.scikit_learn", "sklearn.utils.validation._check_sample_weight"),
    # Ends a process whose other threads hang; Python's public ways wait for them.
    ("bpnet.parallel.ending", "os._exit"),
}


def is_private(name):
    return name.startswith("_") and not name.startswith("__")


def private_accesses(source):
    """Private attributes of anything but ``self`` and ``cls``, as the code writes them.

    And what it imports from private modules, or under private names, of other libraries.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module != "__future__":
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                if any(map(is_private, name.split("."))) and not name.startswith("bpnet."):
                    yield name
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names if any(map(is_private, a.name.split("."))))
        if isinstance(node, ast.Attribute) and is_private(node.attr):
            own = ast.unparse(node.value) in ("self", "cls", "super()")
            if not own and node.attr not in NAMED_TUPLE:
                yield ast.unparse(node)


def private_imports(path, source=None):
    """Private names and modules that a file imports from another package."""
    package = ".".join(dotted(path) if path.name == "__init__.py" else dotted(path)[:-1])
    for module, name in structure.imports(path, source):
        words = [word for word in module.split(".")[1:] if word != "_lib"]
        same = f"{module}.".startswith(f"{package}.") if package != "bpnet" else False
        if not same and any(map(is_private, [*words, name])):
            yield f"{module}.{name}"


@pytest.mark.parametrize("path", structure.files(), ids=ids(structure.files()))
def test_private_attributes_are_their_own_objects(path):
    module = structure.module_name(path)
    found = private_accesses(path.read_text(encoding="utf-8"))
    assert [one for one in found if (module, one) not in FOREIGN] == []


@pytest.mark.parametrize("path", structure.files(), ids=ids(structure.files()))
def test_nothing_private_is_imported_from_another_package(path):
    assert [*private_imports(path)] == []


def test_every_private_name_of_another_library_is_in_use():
    for module, name in FOREIGN:
        path = ROOT / f"{module.replace('.', '/')}.py"
        assert name in private_accesses(path.read_text(encoding="utf-8")), (module, name)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("self._x = net._y", ["net._y"]),
        ("def f(self, other):\n    return self._x == other._x", ["other._x"]),
        ("state._replace(theta=x).__class__", []),
        ("net.state._memory._x", ["net.state._memory._x", "net.state._memory"]),
        ("from cupy._core import x\nfrom torch import _C", ["cupy._core.x", "torch._C"]),
        ("import numpy._core\nfrom __future__ import annotations", ["numpy._core"]),
    ],
)
def test_private_attributes_are_seen(source, expected):
    assert [*private_accesses(source)] == expected


@pytest.mark.parametrize(
    ("file", "source", "expected"),
    [
        ("training/fit.py", "from ..data._words import count", ["bpnet.data._words.count"]),
        ("training/fit.py", "from ..data.targets import _count", ["bpnet.data.targets._count"]),
        ("training/fit.py", "from .state import _each", []),
        ("training/fit.py", "from .._lib.frozen import Frozen", []),
        ("network.py", "from .training import _x", ["bpnet.training._x"]),
    ],
)
def test_private_imports_are_seen(file, source, expected):
    assert [*private_imports(PACKAGE / file, source)] == expected


# ------------------------------------------------------------------ sizes

MOST_LINES = {"network.py": 600}


def lines_of(path):
    return len(path.read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("path", structure.files(), ids=ids(structure.files()))
def test_a_file_holds_one_thing(path):
    assert lines_of(path) <= MOST_LINES.get(path.name, 400)


def test_most_files_are_short():
    assert statistics.median(map(lines_of, structure.files())) <= 120


# ------------------------------------------------------------------ light imports


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
    if name == "bpnet.parallel.nccl":
        pytest.importorskip("cupy_backends.cuda.libs.nccl", exc_type=ImportError)
    if path.parent.name in ("backends", "targets", "parallel"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module]
            for library in {"cupy", "torch", "jax", "mpi4py"} & {
                name.partition(".")[0] for name in names
            }:
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


@pytest.mark.parametrize("path", MODULES, ids=ids(MODULES))
def test_sections_of_docstrings_begin_at_the_margin(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            text = ast.get_docstring(node) or ""
            assert not re.search(r"^ +\w+\n +-{4,}$", text, re.MULTILINE), ast.dump(node)[:80]


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
    parameters = [
        name
        for name, one in inspect.signature(method).parameters.items()
        if name != "self" and one.annotation != "Never"  # there to be refused by name
    ]
    described = re.findall(r"^([\w*, ]+) : ", text, re.MULTILINE)
    told = {one.strip(" *") for line in described for one in line.split(",")}
    assert set(parameters) <= told, f"Network.{name} does not describe {set(parameters) - told}"
    if parameters:
        assert ">>> " in text, f"Network.{name} has no example"


# ------------------------------------------------------------------ written once


@pytest.mark.parametrize(
    "path",
    [p for p in MODULES if "backends" not in dotted(p) and "targets" not in dotted(p)],
    ids=lambda p: dotted(p)[-1],
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
