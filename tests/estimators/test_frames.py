"""Frames, lists, sparse matrices and labels of every kind: as scikit-learn's own estimators.

Each case goes to both: the same answers, types, attributes and warnings, or the same refusal.
"""

import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from estimators._cases import ours, theirs
from numpy.testing import assert_array_equal
from sklearn.exceptions import ConvergenceWarning

from bpnet.data.sparse import SparseRows

pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")

RNG = np.random.RandomState(0)
X = RNG.randn(40, 3)
TWO = (X[:, 0] > 0).astype(int)
THREE = TWO + (X[:, 1] > 0.5)
NUMBERS = X[:, 0] - X[:, 1]
LABELS = np.stack([TWO, X[:, 1] > 0], axis=1).astype(int)
FRAME = pd.DataFrame(X, columns=["a", "b", "c"])
POLARS = pl.DataFrame(X, schema=["a", "b", "c"])
ROUND = FRAME.round().astype("Int64")
SPARSE = np.where(X > 0.3, X, 0.0)
FORMATS = ("csr", "csc", "coo", "lil", "dok", "bsr", "dia")
BOTH = ("MLPClassifier", "MLPRegressor")
CLASSES = BOTH[:1]


def wide(matrix):
    """With indices of 64 bits."""
    matrix = matrix.copy()
    matrix.indices, matrix.indptr = (
        one.astype(np.int64) for one in (matrix.indices, matrix.indptr)
    )
    return matrix


def with_nan(matrix):
    matrix = matrix.copy()
    matrix.data[3] = np.nan
    return matrix


# name: samples, targets, samples to predict if the fit is not refused
ON_BOTH = {
    "lists": (X.tolist(), TWO.tolist(), X.tolist()),
    "frame and series": (FRAME, pd.Series(TWO), FRAME),
    "frame then array": (FRAME, TWO, X),
    "array then frame": (X, TWO, FRAME),
    "columns in another order": (FRAME, TWO, FRAME[["b", "a", "c"]]),
    "a column missing": (FRAME, TWO, FRAME[["b", "a"]]),
    "other columns": (FRAME, TWO, FRAME.rename(columns={"a": "d"})),
    "columns that are numbers": (pd.DataFrame(X), TWO, pd.DataFrame(X)),
    "columns that are numbers and text": (pd.DataFrame(X, columns=["a", 1, 2]), TWO, X),
    "Polars": (POLARS, pl.Series(TWO), POLARS),
    "Polars, targets in a frame": (POLARS, pl.DataFrame({"y": TWO}), X),
    "Polars then pandas": (POLARS, TWO, FRAME),
    "Polars, missing": (pl.DataFrame({"a": [1.0, None] * 20, "b": X[:, 0]}), TWO, None),
    "Polars, text": (pl.DataFrame({"a": ["1", "x"] * 20, "b": X[:, 0]}), TWO, None),
    "text": (FRAME.assign(b="x"), TWO, None),
    "text of numbers": (FRAME.astype(str), TWO, FRAME.astype(str)),
    "objects": (FRAME.astype(object), TWO, FRAME),
    "objects, text": (FRAME.astype(object).assign(a="q"), TWO, None),
    "categories of numbers": (FRAME.assign(a=pd.Categorical([1, 2] * 20)), TWO, FRAME),
    "Int64": (ROUND, TWO, ROUND),
    "Int64, missing": (ROUND.mask(FRAME > 1), TWO, None),
    "Float64, missing": (FRAME.astype("Float64").mask(FRAME > 1), TWO, None),
    "Float32": (FRAME.astype("Float32"), TWO, FRAME.astype("Float32")),
    "boolean": ((FRAME > 0).astype("boolean"), TWO, (FRAME > 0).astype("boolean")),
    "bool": (FRAME > 0, TWO, FRAME > 0),
    "missing": (FRAME.mask(FRAME > 1), TWO, None),
    "dates": (FRAME.assign(a=pd.Timestamp("2020")), TWO, None),
    "a sparse frame": (FRAME.round().astype(pd.SparseDtype(float, 0)), TWO, FRAME),
    "a frame with a sparse column": (
        FRAME.assign(a=pd.arrays.SparseArray(FRAME.a.round())),
        TWO,
        FRAME,
    ),
    "a series": (FRAME["a"], TWO, None),
    "targets in a frame": (FRAME, pd.DataFrame({"y": TWO}), FRAME),
    "a column of targets": (X, TWO[:, None], X),
    "a row of targets": (X, TWO[None, :], None),
    "three dimensions of targets": (X, TWO[:, None, None], None),
    "one target": (X, 3, None),
    "no targets": (X, None, None),
    "categories of integers": (X, pd.Series(pd.Categorical(THREE)), X),
    "boolean targets": (X, TWO.astype(bool), X),
    "boolean series": (X, pd.Series(TWO, dtype="boolean"), X),
    "boolean series, missing": (X, pd.Series([None, True] * 20, dtype="boolean"), None),
    "Int64 targets": (X, pd.Series(THREE, dtype="Int64"), X),
    "Int64 targets, missing": (X, pd.Series([None, 1] * 20, dtype="Int64"), None),
    "Float64 targets": (X, pd.Series(NUMBERS, dtype="Float64"), X),
    "text and missing": (X, pd.Series(["a", None] * 20), None),
    "objects that are integers": (X, THREE.astype(object), X),
    "targets that are missing": (X, np.where(NUMBERS > 1, np.nan, NUMBERS), None),
    "targets that are infinite": (X, np.where(NUMBERS > 1, np.inf, NUMBERS), None),
    "complex targets": (X, NUMBERS + 1j, None),
    "numbers": (X, NUMBERS, X),
    "floating classes": (X, THREE.astype(float), X),
    "halves": (X, THREE + 0.5, X),
    "unsigned integers": (X, THREE.astype("u1"), X),
    "float16 targets": (X, THREE.astype("f2"), X),
    "one class": (X, np.zeros(40, int), X),
    "several": (X, LABELS, X),
    "several, boolean": (X, LABELS.astype(bool), X),
    "several, floating": (X, LABELS.astype(float), X),
    "several, lists": (X, LABELS.tolist(), X),
    "several, frame": (X, pd.DataFrame(LABELS), X),
    "several, Polars": (X, pl.DataFrame(LABELS), X),
    "several, not two values": (X, np.stack([TWO, THREE], axis=1), X),
    "several, ragged": (X, [[1], [1, 2]] * 20, None),
    "64 bit indices": (wide(sp.csr_array(SPARSE)), TWO, wide(sp.csc_array(SPARSE))),
    "sparse float32": (sp.csr_array(SPARSE.astype("f4")), TWO, sp.csr_array(SPARSE.astype("f4"))),
    "sparse integers": (sp.csr_array(SPARSE.astype(int)), TWO, SPARSE),
    "sparse booleans": (sp.csr_array(SPARSE > 0), TWO, SPARSE),
    "sparse complex": (sp.csr_array(SPARSE + 1j), TWO, None),
    "sparse, not finite": (with_nan(sp.csr_array(SPARSE)), TWO, None),
    "sparse, other columns": (sp.csr_array(SPARSE), TWO, sp.csr_array(SPARSE[:, :2])),
    "sparse, one dimension": (sp.coo_array(SPARSE[0]), TWO, None),
    "one dimension": (X[:, 0], TWO, None),
    "three dimensions": (X[:, :, None], TWO, None),
    "no dimension": (np.array(3.0), TWO, None),
    "no sample": (X[:0], TWO[:0], None),
    "no column": (X[:, :0], TWO, None),
    "not as many targets": (X[:30], TWO, None),
    "one sample to predict": (X, TWO, X[0]),
    "other columns to predict": (X, TWO, X[:, :2]),
    "nothing to predict": (X, TWO, X[:0]),
    "NaN to predict": (X, TWO, X * np.nan),
    "complex": (X + 1j, TWO, None),
    "arrays of text": (X.astype(str), TWO, X),
    "objects with None": (np.where(X > 1, None, X), TWO, None),
    "NaN": (np.where(X > 1, np.nan, X), TWO, None),
    "infinite": (np.where(X > 1, np.inf, X), TWO, None),
    "a dictionary": ({"a": [1]}, TWO, None),
    "nothing": (None, TWO, None),
    "a text": ("abc", TWO, None),
    "ragged": ([[1, 2], [3]] * 20, TWO, None),
    "masked": (np.ma.masked_greater(X, 1), TWO, X),
    "times": (X.astype("M8[s]"), TWO, X),
    **{f"sparse {name}": (getattr(sp, f"{name}_matrix")(SPARSE), TWO, SPARSE) for name in FORMATS},
    **{
        f"samples of {name}": (X.astype(name), TWO, X.astype(name))
        for name in (*("f4", "f2", "i4", "u1", "?", ">f8", ">f4"),)
    },
}
ON_CLASSIFIERS = {
    "Polars, text labels": (X, pl.Series(np.array(["no", "yes"])[TWO].tolist()), X),
    "categories": (X, pd.Series(pd.Categorical.from_codes(THREE, ["lo", "mid", "hi"])), X),
    "ordered": (X, pd.Categorical.from_codes(THREE, ["lo", "mid", "hi"], ordered=True), X),
    "text labels": (X, np.array(["n", "y"])[TWO], X),
    "text series": (X, pd.Series(np.array(["n", "y"])[TWO], dtype="string"), X),
    "text objects": (X, np.array(["n", "y"], dtype=object)[TWO], X),
    "text and integers": (X, np.array([1, "a"], dtype=object)[TWO], None),
    "bytes": (X, np.array([b"n", b"y"])[TWO], None),
    "large integers": (X, np.array([10**15, -3])[TWO], X),
    "one class of text": (X, np.full(40, "a"), X),
    "a sparse column": (X, sp.csr_matrix(TWO[:, None]), X),
    "a sparse array": (X, sp.csr_array(LABELS), X),
    **{f"{name} of labels": (X, getattr(sp, f"{name}_matrix")(LABELS), X) for name in FORMATS},
}
CASES = [
    *((kind, name, case) for name, case in ON_BOTH.items() for kind in BOTH),
    *((kind, name, case) for name, case in ON_CLASSIFIERS.items() for kind in CLASSES),
]


def seen(array):
    """What can be compared of an answer."""
    if sp.issparse(array):
        return type(array), array.dtype, array.toarray().tolist()
    return (
        type(array),
        array.dtype,
        np.round(array, 4).tolist() if (array.dtype.kind == "f") else array.tolist(),
    )


def story(one, samples, targets, asked):
    """All that a fit and answers come to: values, warnings, or the error."""
    told = {}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            one.fit(samples, targets)
            told["names"] = getattr(one, "feature_names_in_", np.empty(0)).tolist()
            told["width"] = one.n_features_in_
            told["dtypes"] = {array.dtype for array in one.coefs_ + one.intercepts_}
            if hasattr(one, "classes_"):
                told["classes"] = seen(one.classes_)
            if asked is not None:
                told["predicted"] = seen(one.predict(asked))
                for name in ("predict_proba", "predict_log_proba"):
                    if hasattr(one, name):
                        told[name] = seen(getattr(one, name)(asked))
                told["score"] = round(one.score(asked, targets), 4)
        except Exception as error:
            told["error"] = type(error), str(error)
    ignored = ConvergenceWarning, RuntimeWarning
    told["warnings"] = {
        (one.category, str(one.message)) for one in caught if not issubclass(one.category, ignored)
    }
    return told


@pytest.mark.parametrize(
    ("kind", "case"),
    [(k, c) for k, _, c in CASES],
    ids=[f"{kind[3:6]} {name}" for kind, name, _ in CASES],
)
def test_the_same_answers_or_the_same_refusal(kind, case):
    given = {"hidden_layer_sizes": 5, "max_iter": 6, "random_state": 0}
    found, expected = (story(make(kind)(**given), *case) for make in (ours, theirs))
    assert found == expected
    assert "error" in found or case[2] is not None


@pytest.mark.parametrize(
    "y", [np.array(["a", "b"])[TWO], [1, "a"] * 20, np.array([b"n", b"y"])[TWO]]
)
def test_numbers_are_not_read_from_text(y):
    with pytest.raises(TypeError, match="MLPRegressor learns numbers"):
        ours("MLPRegressor")().fit(X, y)
    with pytest.raises(TypeError, match=r"does not take: give y.toarray\(\)"):
        ours("MLPRegressor")().fit(X, sp.csr_matrix(LABELS))


def test_longdouble_becomes_float64():
    for kind in BOTH:
        one = ours(kind)(max_iter=600, tol=1.0).fit(X.astype("g"), TWO)
        assert {array.dtype for array in one.coefs_} == {np.dtype("f8")}
        if kind == "MLPClassifier":
            assert one.predict_proba(X.astype("g")).dtype == np.float64
        else:
            assert one.predict(X.astype("g")).dtype == np.float64


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize(
    "form", ["csr_matrix", "csr_array", "csc_matrix", "csc_array", "coo_array"]
)
def test_sparse_samples_are_never_dense_as_a_whole(kind, early_stopping, form, monkeypatch):
    n, width = 600, 8000
    samples = sp.random(n, width, 0.01, random_state=0, format="csr")
    targets = (np.asarray(samples.sum(axis=1)).ravel() > 40).astype(int)
    given = {
        "hidden_layer_sizes": 2,
        "max_iter": 2,
        "early_stopping": early_stopping,
        "random_state": 0,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        dense = ours(kind)(**given).fit(samples.toarray(), targets)
    sizes, before = [], SparseRows.dense

    def watched(self, rows):
        found = before(self, rows)
        sizes.append(found.shape[0])
        return found

    monkeypatch.setattr(SparseRows, "dense", watched)
    for name in ("toarray", "todense"):
        for kind_of in (sp.csc_array, sp.csc_matrix, sp.coo_array):
            monkeypatch.setattr(kind_of, name, None)
    given_samples = getattr(sp, form)(samples)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        one = ours(kind)(**given).fit(given_samples, targets)
    assert one.score(given_samples, targets) == pytest.approx(dense.score(samples, targets))
    assert_array_equal(one.loss_curve_, dense.loss_curve_)
    assert max(sizes) <= 2**21 // width < n // 2
