"""Samples in sparse matrices, as they come to the device, without a network."""

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from _errors import raises

import bpnet
from bpnet.data.inputs import as_inputs
from bpnet.data.sparse import dense, is_sparse

sparse = pytest.importorskip("scipy.sparse", reason="scipy is not installed")

FORMATS = ["bsr", "coo", "csc", "csr", "dia", "dok", "lil"]
X = np.random.default_rng(0).normal(size=(9, 4)) * (np.random.default_rng(1).random((9, 4)) < 0.4)
NUMPY = bpnet.get_backend("numpy", dtype="float32")


def taken(x, backend=NUMPY, name="x"):
    """All samples as NumPy holds them after they went to the device."""
    with backend.scope():
        return backend.to_numpy(dense(as_inputs(x, 4, backend, name)))


def csr(data, columns, starts, shape, kind=sparse.csr_array):
    """A matrix of just these arrays, whatever they hold."""
    made = kind(shape, dtype=np.asarray(data).dtype)
    made.data, made.indices, made.indptr = map(np.asarray, (data, columns, starts))
    return made


@pytest.mark.parametrize("kind", ["array", "matrix"])
@pytest.mark.parametrize("form", FORMATS)
def test_every_format_gives_the_rows_of_its_dense_array(target, form, kind):
    x = getattr(sparse, f"{form}_{kind}")(X)
    for dtype in ("float32", "float64"):
        found = taken(x, target.backend(dtype))
        assert found.dtype == dtype
        assert np.array_equal(found, x.toarray().astype(dtype))


@pytest.mark.filterwarnings("ignore:x holds integers")
@pytest.mark.parametrize("dtype", ["bool", "int8", "uint64", "int64", "float32", "longdouble"])
def test_every_dtype_is_converted_as_in_a_dense_array(target, dtype):
    x = (X * 8).astype(dtype)
    found = taken(sparse.csr_matrix(x), target.backend("float32"))
    assert np.array_equal(found, x.astype("float32"))


def test_some_rows_in_any_order():
    rows = as_inputs(sparse.csr_array(X), 4, NUMPY)
    chosen = np.array([8, 0, 0, 5])
    assert np.array_equal(rows.dense(chosen), X[chosen].astype("f4"))
    assert np.array_equal(rows.take(chosen).dense(slice(1, 4)), X[chosen[1:]].astype("f4"))


@pytest.mark.filterwarnings("ignore:x holds integers")
@pytest.mark.parametrize("dtype", ["float64", "int8", "bool"])
def test_entries_stored_twice_add_up_as_in_a_dense_array(dtype):
    rng = np.random.default_rng(0)
    data, columns = (rng.normal(size=600) * 90).astype(dtype), rng.integers(0, 4, 600)
    x = csr(data, columns, [0, 200, 200, 600], (3, 4))
    before = [one.copy() for one in (x.data, x.indices, x.indptr)]
    with np.errstate(over="ignore"):
        assert np.array_equal(taken(x), x.toarray().astype("f4"))
    for one, old in zip((x.data, x.indices, x.indptr), before, strict=True):
        assert np.array_equal(one, old)
    assert x.nnz == 600


def test_no_attribute_of_the_matrix_changes():
    x = csr([1.0, 2.0], [2, 1], [0, 2], (1, 4))
    before = dict(vars(x))
    taken(x)
    assert {name: id(one) for name, one in vars(x).items()} == {
        name: id(one) for name, one in before.items()
    }


def test_a_matrix_of_the_dtype_is_not_copied():
    x = sparse.csr_array(X.astype("f4"))
    assert np.shares_memory(as_inputs(x, 4, NUMPY)._matrix.data, x.data)


@pytest.mark.parametrize(
    ("x", "words"),
    [
        (sparse.csr_array(np.ones((2, 3))), ["layer 1 expects 4 inputs, t has 3 columns"]),
        (sparse.csc_matrix((0, 4)), ["t is empty: it has 0 samples"]),
        (sparse.coo_array((X != 0) * np.nan), ["t is not finite everywhere: row 0, column "]),
        (
            sparse.csc_array(np.diag([0.0, 2.0, -np.inf, np.nan])),
            ["t is not finite everywhere: row 2, column 2 is -inf; fill in"],
        ),
        (
            csr([1e300], [3], [0, 0, 0, 1], (3, 4)),
            ["t is 1e+300 in row 2, column 3, which float32 cannot hold", "dtype='float64'"],
        ),
        (csr([1.0], [4], [0, 1], (1, 4)), ["t is a damaged csr matrix: ", "indices"]),
        (csr([1.0], [-1], [0, 1], (1, 4)), ["t is a damaged csr matrix: ", "indices"]),
        (csr([1.0], [9], [0, 0, 0, 0, 1], (3, 4), sparse.csc_array), ["damaged csc matrix: "]),
        (csr([1.0, 2.0], [1, 2], [0, 2, 1], (2, 4)), ["t is a damaged csr matrix: "]),
    ],
)
def test_what_is_refused(x, words):
    with raises(*words):
        taken(x, name="t")


def test_sums_of_entries_may_not_be_finite_either():
    x = csr([1e308, 1e308], [2, 2], [0, 0, 2], (2, 4))
    with raises("x is not finite everywhere: row 1, column 2 is inf"):
        taken(x, bpnet.get_backend("numpy", dtype="float64"))


def test_one_dimension_is_refused_and_the_ways_out_work():
    for x, way in (
        (sparse.coo_array(np.ones(4)), "; for a single sample x.reshape(1, -1)"),
        (sparse.coo_array(np.ones(3)), "; for a single column x.reshape(-1, 1)"),
    ):
        with raises("x has one dimension, shape (", way):
            taken(x)
        assert eval(way.partition("x.")[1] + way.partition("x.")[2], {"x": x}).ndim == 2


def test_complex_numbers_are_refused_and_the_way_out_works():
    x = sparse.csr_array(np.eye(2) * (1 + 2j))
    way = "scipy.sparse.hstack([x.real, x.imag])"
    with raises("x holds complex numbers (complex128): real ones", way, kind=TypeError):
        taken(sparse.csr_array(np.ones((2, 4)) * 1j))
    found = eval(way.removeprefix("scipy."), {"sparse": sparse, "x": x})
    assert np.array_equal(taken(found), [[1, 0, 2, 0], [0, 1, 0, 2]])


def test_integers_beyond_sixteen_are_told():
    taken(sparse.csr_array(np.full((2, 4), 16)))
    with pytest.warns(UserWarning, match="x holds integers from 0 to 17, which are converted"):
        taken(sparse.csr_array(np.diag([17, 3, 0, 0])))
    with pytest.warns(UserWarning, match="x holds integers from 17 to 17"):
        taken(sparse.csr_array(np.full((2, 4), 17)))
    taken(sparse.csr_array((2, 4), dtype=int))


def test_matrices_of_cupy_need_a_network_that_computes_with_it(monkeypatch):
    data = type("ndarray", (), {"__module__": "cupy", "dtype": np.dtype("f4")})()
    x = SimpleNamespace(nnz=0, shape=(3, 4), data=data, todense=None, dtype=data.dtype)
    module = SimpleNamespace(issparse=lambda one: one is x)
    monkeypatch.setitem(sys.modules, "cupyx.scipy.sparse", module)
    assert is_sparse(x)
    words = "x is an array of cupy, but the network computes with numpy on cpu: "
    with raises(words, "net.to(backend='cupy')", kind=TypeError):
        taken(x)


def test_what_is_used_of_cupy_exists():
    module = pytest.importorskip("cupyx.scipy.sparse", reason="cupy is not installed")
    used = {"tocsr", "toarray", "nnz", "shape", "dtype", "real", "imag", "__getitem__"}
    assert used <= {*dir(module.csr_matrix)}
    assert callable(module.issparse)
    assert callable(module.hstack)


def test_matrices_of_cupy_stay_on_the_device(target):
    if target.library != "cupy":
        pytest.skip("for CuPy")
    module = pytest.importorskip("cupyx.scipy.sparse")
    for form in ("csr", "csc", "coo"):
        x = getattr(module, f"{form}_matrix")(sparse.csr_matrix(X))
        assert np.array_equal(taken(x, target.backend("float64")), X)
    bad = module.csr_matrix(sparse.csr_matrix(np.diag([1.0, np.nan, 2.0, 3.0])))
    with raises("x is not finite everywhere: row 1, column 1 is nan"):
        taken(bad, target.backend("float64"))


def test_scipy_is_not_imported():
    code = (
        "import sys, numpy, bpnet; net = bpnet.Network([2, 1], seed=0); "
        "net.fit(numpy.ones((3, 2)), numpy.ones((3, 1)), epochs=1, batch_size=2); "
        "net.predict([[1.0, 2.0]]); assert not [m for m in sys.modules if m.startswith('scipy')]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
