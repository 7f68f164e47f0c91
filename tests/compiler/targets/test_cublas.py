"""cuBLAS's interface without a GPU: what it is told is what NumPy would multiply."""

import ctypes
import itertools
from types import SimpleNamespace

import numpy as np
import pytest

cupy = pytest.importorskip("cupy", reason="cupy is not installed")

from bpnet.backends import cublas as backend_cublas  # noqa: E402 - needs cupy
from bpnet.compiler.targets import cublas as _cublas  # noqa: E402

NUMBERS = {"S": (ctypes.c_float, np.float32), "D": (ctypes.c_double, np.float64)}


# What the headers of CUDA and of cuBLAS have for these.
TYPES = {0: np.float32, 14: np.uint16}
COMPUTE_32F, BY_DEFAULT = 68, -1


def values(x):
    """What 16-bit integers hold, which are the upper half of float32, or any other array."""
    return (x.astype(np.uint32) << 16).view(np.float32) if x.dtype == np.uint16 else x


def upper_half(x):
    """The other way, for numbers that have no lower half."""
    return (np.asarray(x, np.float32).view(np.uint32) >> 16).astype(np.uint16)


class Device:
    """An array as CuPy's are: of which addresses and steps are known."""

    def __init__(self, host):
        self.host, self.data = host, SimpleNamespace(ptr=host.ctypes.data)

    def __getattr__(self, name):
        return getattr(self.host, name)


class Library:
    """The functions of cuBLAS that are used, with the types of its header."""

    def __init__(self, status=0):
        self.log, self.status = [], status
        for letter in NUMBERS:
            setattr(self, f"cublas{letter}gemm_v2", lambda *a, kind=letter: self.gemm(kind, *a))

    def __getattr__(self, name):
        def call(*arguments):
            self.log.append((name, [getattr(one, "value", one) for one in arguments[1:]]))
            return self.status

        return call

    def gemm(self, kind, handle, flip_a, flip_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc):
        number, dtype = NUMBERS[kind]
        sizes = (flip_a, flip_b, m, n, k, lda, ldb, ldc)
        self.multiply(number, sizes, alpha, (a, dtype), (b, dtype), beta, (c, dtype))
        return self.status

    def cublasGemmEx(  # noqa: N802 - the library's name
        self, handle, flip_a, flip_b, m, n, k, alpha, a, type_a, lda, b, type_b, ldb, beta, c,
        type_c, ldc, compute, algorithm,
    ):  # fmt: skip
        assert all(
            type(one) is ctypes.c_int for one in (type_a, type_b, type_c, compute, algorithm)
        )
        assert (compute.value, algorithm.value) == (COMPUTE_32F, BY_DEFAULT)
        places = [(at, TYPES[one.value]) for at, one in ((a, type_a), (b, type_b), (c, type_c))]
        sizes = (flip_a, flip_b, m, n, k, lda, ldb, ldc)
        self.multiply(ctypes.c_float, sizes, alpha, *places[:2], beta, places[2])
        return self.status

    @staticmethod
    def multiply(number, sizes, alpha, a, b, beta, c):
        """C <- alpha op(A) op(B) + beta C, all of them column by column."""
        assert all(type(one) is ctypes.c_int for one in sizes)
        flip_a, flip_b, m, n, k, lda, ldb, ldc = (one.value for one in sizes)

        def matrix(at, dtype, rows, columns, ld):
            assert ld >= rows
            size = np.dtype(dtype).itemsize
            memory = (ctypes.c_char * (size * (ld * (columns - 1) + rows))).from_address(at.value)
            flat = np.frombuffer(memory, dtype)
            return np.lib.stride_tricks.as_strided(flat, (rows, columns), (size, ld * size))

        a = values(matrix(*a, *((k, m) if flip_a else (m, k)), lda))
        b = values(matrix(*b, *((n, k) if flip_b else (k, n)), ldb))
        c = matrix(*c, m, n, ldc)
        alpha, beta = (ctypes.cast(one, ctypes.POINTER(number))[0] for one in (alpha, beta))
        product = (a.T if flip_a else a) @ (b.T if flip_b else b)
        found = alpha * product + (beta * values(c) if beta else 0.0)
        c[...] = found if c.dtype != np.uint16 else upper_half(found)


@pytest.fixture
def room(monkeypatch):
    memory = SimpleNamespace(data=SimpleNamespace(ptr=77))
    monkeypatch.setattr(cupy, "empty", lambda size, dtype: memory)


@pytest.mark.usefixtures("room")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("flipped", list(itertools.product([False, True], repeat=2)))
@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 3, 4), (4, 1, 3), (3, 4, 1), (2, 3, 4)])
def test_products_are_numpys(dtype, flipped, shape):
    m, k, n = shape
    rng = np.random.default_rng(0)
    left, right, out = (rng.random(size).astype(dtype) for size in ((m, k), (k, n), (m, n)))
    if flipped[0]:
        left = np.ascontiguousarray(left.T).T
    if flipped[1]:
        right = np.ascontiguousarray(right.T).T
    expected = left @ right, 0.5 * out - 2.0 * (left @ right)
    product, found = _cublas.Products(Library()), out.copy()
    product(Device(left), Device(right), Device(out), -2.0, 0.5)
    product(Device(left), Device(right), Device(found))
    np.testing.assert_allclose(found, expected[0], rtol=10 * np.finfo(dtype).eps)
    np.testing.assert_allclose(out, expected[1], rtol=10 * np.finfo(dtype).eps, atol=1e-6)


@pytest.mark.usefixtures("room")
@pytest.mark.parametrize("flipped", list(itertools.product([False, True], repeat=2)))
@pytest.mark.parametrize("into", [np.float32, np.uint16])
@pytest.mark.parametrize("shape", [(1, 3, 4), (4, 1, 3), (2, 3, 4)])
def test_products_of_bfloat16_are_those_of_what_is_held(flipped, into, shape):
    m, k, n = shape
    rng = np.random.default_rng(0)
    left, right, out = (
        rng.integers(-3, 4, size).astype(np.float32) for size in ((m, k), (k, n), (m, n))
    )
    expected = 2.0 * left @ right - out
    pair = [upper_half(one) for one in (left, right)]
    pair = [
        np.ascontiguousarray(one.T).T if flip else one
        for one, flip in zip(pair, flipped, strict=True)
    ]
    out = upper_half(out) if into is np.uint16 else out
    _cublas.Products(Library())(*map(Device, (*pair, out)), 2.0, -1.0)
    np.testing.assert_array_equal(values(out), expected)


@pytest.mark.usefixtures("room")
def test_a_stream_comes_before_the_memory_that_it_takes_back():
    library = Library()
    _cublas.Products(library).on(SimpleNamespace(ptr=5))
    names = [name for name, _ in library.log]
    assert names[:3] == ["cublasCreate_v2", "cublasSetStream_v2", "cublasSetWorkspace_v2"]
    assert names[3:] == ["cublasDestroy_v2"]  # nothing holds the handle any more
    assert library.log[1][1] == [5]
    assert library.log[2][1] == [77, 32 * 2**20]


@pytest.mark.usefixtures("room")
def test_tf32_is_cupys_own_setting(monkeypatch):
    monkeypatch.setenv("CUPY_TF32", "1")
    library = Library()
    _cublas.Products(library)
    assert ("cublasSetMathMode", [3]) in library.log


@pytest.mark.usefixtures("room")
def test_what_is_to_be_exact_is_no_tf32():
    library = Library()
    library.cublasSgemm_v2 = lambda *given: library.log.append(("gemm", [])) or 0
    products, x = _cublas.Products(library, True), Device(np.ones((2, 2), np.float32))
    library.log.clear()
    for exact in (False, True):
        products(x, x, x, exact=exact)
    mode = "cublasSetMathMode"
    assert library.log == [("gemm", []), (mode, [0]), ("gemm", []), (mode, [3])]


@pytest.mark.usefixtures("room")
def test_tf32_is_asked_of_the_handle_alone(monkeypatch):
    monkeypatch.delenv("CUPY_TF32", raising=False)
    logs = []
    for tf32 in (False, True):
        library = Library()
        _cublas.Products(library, tf32)
        logs.append(("cublasSetMathMode", [3]) in library.log)
    assert logs == [False, True]


@pytest.mark.usefixtures("room")
@pytest.mark.parametrize(("status", "words"), [(3, "out of memory"), (99, "status 99")])
def test_a_failure_tells_function_and_status(status, words):
    with pytest.raises(RuntimeError, match=f"cublasCreate_v2 of cuBLAS failed: {words}"):
        _cublas.Products(Library(status=status))


def test_where_there_is_no_library_there_is_none(monkeypatch):
    def absent(name):
        raise OSError(name)

    backend_cublas.library.cache_clear()
    monkeypatch.setattr(ctypes, "CDLL", absent)
    assert backend_cublas.library() is None
    backend_cublas.library.cache_clear()
