"""NumPy arrays of real numbers, from whatever a user gives; what is refused says what to do."""

import collections
import datetime
import decimal
import fractions
import io
import re

import numpy as np
import numpy.lib.recfunctions
import pytest

import bpnet
from bpnet.backends.host_arrays import host_array

MASKED = np.ma.masked_array([[1.0, 2.0], [3.0, 4.0]], mask=[[0, 1], [0, 0]])


@pytest.mark.parametrize(
    "given",
    [
        [1, 2],
        (1, 2),
        range(1, 3),
        collections.deque([1, 2]),
        memoryview(np.asarray([1, 2])),
        np.asarray([1, 2], ">i4"),
        np.asarray([1.0, 2.0], ">f8"),
        np.asarray([1.0, 2.0], ">f2"),
        [np.float32(1), np.int8(2)],
        np.asarray([1, 2]).view(type("Mine", (np.ndarray,), {})),
        np.rec.fromarrays([[1, 2]], names="a").a,
    ],
)
def test_numbers_of_every_kind_become_a_native_array(given):
    found = host_array(given)
    assert type(found) is np.ndarray
    assert found.dtype.isnative
    assert found.tolist() == [1, 2]


def test_types_that_numpy_lacks_become_float32():
    ml_dtypes = pytest.importorskip("ml_dtypes", reason="ml_dtypes is not installed")
    found = host_array(np.asarray([0.5, -2.0], ml_dtypes.bfloat16))
    assert found.dtype == np.float32
    assert found.tolist() == [0.5, -2.0]


def test_nothing_is_copied_without_need():
    x = np.ones(3)
    assert host_array(x) is x


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (MASKED, "y is a masked array with 1 of 4 values masked: .*y.filled"),
        ([MASKED[0], MASKED[1]], "y is a masked array with 1 of 2 values masked"),
        (([[1.0], MASKED[:1, 1]],), "y is a masked array with 1 of 1"),
        ([1.0, np.ma.masked], "y is a masked array with 1 of 1"),
        (np.ma.masked_array([1.0]), "y is a masked array, though nothing in it is masked.*y.data"),
        ("file.csv", "y is text, 'file.csv': numbers are needed; bpnet.data.load_table"),
        (None, "y is None"),
        ({"a": [1], "b": [2]}, "y is a dict with the keys 'a', 'b': .*numpy.column_stack"),
        (zip([1], [2], strict=True), "y is a zip, an iterator, which can be read only once"),
        ((k for k in range(3)), "y is a generator, an iterator"),
        (io.StringIO("1,2"), "y is a StringIO, an iterator"),
        ({1, 2}, "y is a set, which has no order"),
        (object(), "y is a object: an array or a list of numbers is needed"),
        (np.float64, "y is a type: an array"),
        (len, "y is a builtin_function_or_method: an array"),
        ([1.0, None], "y has a missing value: row 1 is None"),
        ([[1, 2], [3, None]], "y has a missing value: row 1, column 1 is None"),
        (np.asarray([1, float("nan")], object), "y has a missing value: row 1 is nan"),
        (np.asarray([1, {}], object), "y: row 1 is {}, a dict: real numbers are needed"),
        ([datetime.date(2020, 1, 1)], r"y: row 0 is datetime.date\(2020, 1, 1\), a date"),
        (["1.5", "cat"], "y holds text, such as 'cat': .*numpy.unique"),
        ([[1.0, "cat"]], "y holds text, such as 'cat': .*bpnet.data.load_table"),
        ([b"cat"], "y holds text, such as b'cat'"),
        (np.zeros(2, "V4"), r"y has dtype \|V4: real numbers are needed"),
        (np.asarray([["cat"]], np.dtypes.StringDType()), "y holds text, such as 'cat'"),
    ],
)
def test_what_is_no_array_of_numbers_is_refused_by_name(given, words):
    with pytest.raises(TypeError, match=words):
        host_array(given, "y")


@pytest.mark.parametrize(
    ("given", "right"),
    [
        (np.asarray(["1.5", "2"]), [1.5, 2.0]),
        (np.asarray([1, 2], object), [1, 2]),
        (np.asarray([True, 2], object), [1, 2]),
        ([decimal.Decimal("1.5"), fractions.Fraction(1, 2)], [1.5, 0.5]),
        ([2**70, 1], [2.0**70, 1.0]),
        (["cat", "dog", "cat"], [0, 1, 0]),
        (np.asarray([1 + 2j, 3.0]), [[1.0, 2.0], [3.0, 0.0]]),
        (np.asarray(["2020-01-03", "2020-01-01"], "datetime64[D]"), [2.0, 0.0]),
        ([np.datetime64("2020-01-03T12"), np.datetime64("2020-01-01T00")], [2.5, 0.0]),
        (np.asarray([24, 12], "timedelta64[h]"), [1.0, 0.5]),
        (np.asarray([(1, 2.5)], [("a", "i4"), ("b", "f4")]), [[1.0, 2.5]]),
        ({"a": [1, 2], "b": [3, 4]}, [[1, 3], [2, 4]]),
        (np.ma.masked_array([1.0, 2.0], mask=[False, False]), [1.0, 2.0]),
    ],
)
def test_what_messages_advise_works(given, right):
    with pytest.raises(TypeError) as caught:
        host_array(given, "validation y")
    told = str(caught.value)
    start = r"(?:^|[ :])((?:classes, y = )?\(?(?:numpy|y)\..*?)"
    code = re.search(start + r"(?: (?:makes|reads|numbers|is) |$)", told)
    space = {"numpy": np, "y": given}
    if code[1].startswith("classes"):
        exec(code[1], space)
        found = space["y"]
    else:
        found = eval(code[1], space)
    np.testing.assert_array_equal(host_array(found), right)


def test_ragged_lists_name_the_rows():
    with pytest.raises(ValueError, match="x is ragged: row 0 has 2 values, row 2 has 1 value;"):
        host_array([[1, 2], [3, 4], [5]])
    with pytest.raises(ValueError, match="row 0 has 1 value, row 1 has a single number"):
        host_array([[1], 2])
    with pytest.raises(ValueError, match="x is a list of pairs, as of samples and targets: x, y ="):
        host_array([([1.0, 2.0], 0), ([3.0, 4.0], 1)])
    with pytest.raises(ValueError, match="x cannot be read as an array, a list"):
        host_array([[[1], [2, 3], []], [[1], [2, 3], []]])


def test_objects_that_are_none_have_their_shape_told():
    with pytest.raises(ValueError, match=r"x is empty: it has shape \(0, 3\)"):
        host_array(np.empty((0, 3), object))


def test_lists_that_hold_themselves_end():
    loop = []
    loop.append(loop)
    with pytest.raises((TypeError, ValueError)):
        host_array(loop)


def test_sparse_matrices_name_what_makes_them_dense():
    sparse = pytest.importorskip("scipy.sparse", reason="scipy is not installed")
    for made in (sparse.csr_array, sparse.coo_matrix, sparse.dok_array):
        with pytest.raises(TypeError, match=r"x is a sparse matrix \(.*pass x.toarray\(\)"):
            host_array(made(np.eye(2)))


def test_tensors_in_lists():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    assert host_array([torch.ones(2), torch.zeros(2)]).tolist() == [[1, 1], [0, 0]]
    with pytest.raises(TypeError, match=r"list of tensors.*torch.stack\(x\).detach\(\)") as caught:
        host_array([torch.ones(2, requires_grad=True)] * 2)
    assert isinstance(caught.value.__cause__, RuntimeError)
    found = host_array(torch.stack([torch.ones(2, requires_grad=True)] * 2).detach().cpu().numpy())
    assert found.tolist() == [[1, 1], [1, 1]]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", ["i2", "i4", "i8", "u2", "u4", "u8"])
def test_labels_of_every_byte_order_are_classes(target, order, kind):
    labels = np.asarray([0, 2, 1, 2], order + kind)
    x = np.linspace(-1.0, 1.0, 8).reshape(4, 2)
    net = bpnet.Network([2, 3], cost="log_likelihood", backend=target.backend(), seed=0)
    right = net.total_cost(x, [0, 2, 1, 2])
    assert net.total_cost(x, labels) == right
    assert net.accuracy(x, labels) == net.accuracy(x, [0, 2, 1, 2])


@pytest.mark.parametrize("kind", [">f2", ">f4", ">f8", "<f8"])
def test_numbers_of_every_byte_order(target, kind):
    x, y = np.asarray([[0.5, -2.0], [0.25, 1.0]]), np.asarray([0.5, 0.25])
    net = bpnet.Network([2, 1], backend=target.backend(), task="regression", seed=0)
    net.set_parameters([np.asarray([[0.5, 1.0]], kind)], [np.asarray([0.25], kind)])
    same = bpnet.Network([2, 1], backend=target.backend(), task="regression", seed=0)
    same.set_parameters([[[0.5, 1.0]]], [[0.25]])
    w = np.asarray([1.0, 3.0])
    net.fit(x.astype(kind), y.astype(kind), epochs=1, sample_weight=w.astype(kind))
    same.fit(x, y, epochs=1, sample_weight=w)
    host = net.backend.to_numpy
    assert np.array_equal(host(net.weights[0]), host(same.weights[0]))


def test_masked_arrays_are_refused_wherever_arrays_are_taken():
    x, y = np.ma.masked_array(np.ones((2, 2)), mask=np.eye(2)), np.asarray([0, 1])
    masked = np.ma.masked_array(y, mask=[1, 0])
    net = bpnet.Network([2, 2], cost="log_likelihood", seed=0)
    plain = np.ones((2, 2))
    calls = [
        lambda: net.predict(x),
        lambda: net.predict([x[0], x[1]]),
        lambda: net.total_cost(plain, masked),
        lambda: net.fit(plain, masked, epochs=1),
        lambda: net.step(x, y),
        lambda: net.fit(plain, y, epochs=1, validation=(x, y)),
        lambda: net.fit(plain, y, epochs=1, validation=(plain, masked)),
        lambda: net.fit(plain, y, epochs=1, sample_weight=np.ma.masked_array([1.0, 2.0])),
        lambda: net.set_parameters([x], [np.zeros(2)]),
        lambda: bpnet.data.ArraySource(x, y),
        lambda: bpnet.data.ArraySource(plain, masked),
        lambda: bpnet.data.SequenceSource([(x[0], 1)]).read(0, 1),
        lambda: bpnet.metrics.MAE()(x, plain),
        lambda: bpnet.metrics.Accuracy()(plain, x),
    ]
    for call in calls:
        with pytest.raises(TypeError, match="masked array"):
            call()
    assert net.epochs == 0


def test_masked_dask_arrays_are_refused():
    dask = pytest.importorskip("dask.array", reason="dask is not installed")
    x = dask.ma.masked_array(dask.ones((2, 2)), mask=np.eye(2))
    net = bpnet.Network([2, 1], backend=dask, seed=0)
    with pytest.raises(TypeError, match="x is masked"):
        net.predict(x)
