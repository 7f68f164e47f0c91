"""Arrays of any library in, the same library and device out, nothing through the host unasked."""

import contextlib
import copy
import os
import pickle
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from _backends import TARGETS, Target, relative
from _strict import strict_backend
from estimators._cases import BOTH, fitted, multi_output, ours, samples, without_addresses
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import DataConversionWarning
from sklearn.model_selection import cross_val_predict

import bpnet
from bpnet.backends.standard import StandardBackend
from bpnet.estimators.places import backend_of, on_host

# NumPy's own arrays are what the other tests are about.
ELSEWHERE = [name for name in TARGETS if not name.startswith("numpy")]
GIVEN = {"hidden_layer_sizes": 6, "max_iter": 4, "random_state": 0}


@pytest.fixture(params=ELSEWHERE)
def target(request):
    found = Target(request.param)
    if why := found.missing():
        pytest.skip(why)
    return found


@pytest.fixture
def strict():
    return Target("strict")


def given(target, *arrays, dtype="float64"):
    """NumPy arrays in a target's library, floating ones in a dtype."""
    with target.backend(dtype).scope():
        return [target.give(x, dtype if x.dtype.kind == "f" else x.dtype.name) for x in arrays]


def is_there(array, target, dtype="float64"):
    backend = target.backend(dtype)
    return backend.owns(array) and backend.device_of(array) == backend.device


def of_binary(y):
    return (y > np.median(y)).astype(np.int64)


CASES = {
    "one output": samples,
    "several outputs": multi_output,
    "two classes": lambda kind: (samples(kind)[0], of_binary(samples(kind)[1])),
}


# ------------------------------------------------------------------ the same training, in place


@BOTH
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_training_is_that_of_numpy_arrays_and_stays_where_they_are(
    kind, case, dtype, early_stopping, target
):
    X, y = CASES[case](kind)
    X = X.astype(dtype)
    setting = {**GIVEN, "early_stopping": early_stopping}
    there, labels = given(target, X, y, dtype=dtype)
    own, mine = fitted(ours(kind)(**setting), X, y), fitted(ours(kind)(**setting), there, labels)
    near = 1e-9 if dtype == "float64" else 1e-3
    assert_allclose(mine.loss_curve_, own.loss_curve_, rtol=near)
    if early_stopping:
        assert_allclose(mine.validation_scores_, own.validation_scores_, rtol=near, atol=near)
    for array in (*mine.coefs_, *mine.intercepts_):
        assert is_there(array, target, dtype)
        assert str(array.dtype).endswith(dtype)
    said = mine.predict(there)
    assert is_there(said, target, dtype)
    if kind == "MLPRegressor":
        assert relative(on_host(said), own.predict(X)) < near
        assert str(said.dtype).endswith(dtype)
    else:
        assert_array_equal(on_host(said), own.predict(X))
        assert_array_equal(on_host(mine.classes_), own.classes_)
        assert is_there(mine.classes_, target, dtype) or mine._labels.several
        for ask in ("predict_proba", "predict_log_proba"):
            found = getattr(mine, ask)(there)
            assert is_there(found, target, dtype)
            assert relative(on_host(found), getattr(own, ask)(X)) < near
    weights = np.linspace(0.0, 2.0, len(X))
    assert mine.score(there, labels) == pytest.approx(own.score(X, y), rel=near)
    found = mine.score(there, labels, sample_weight=weights)
    assert found == pytest.approx(own.score(X, y, sample_weight=weights), rel=near)


def test_scikit_learns_dispatch_changes_nothing():
    """Which can be on only where SciPy's was before the import."""
    code = """
import array_api_strict as xp
import numpy as np
from sklearn import config_context
from estimators._cases import fitted, ours, samples
for kind in ("MLPClassifier", "MLPRegressor"):
    X, y = samples(kind)
    own = fitted(ours(kind)(random_state=0, max_iter=3, early_stopping=True), X, y)
    for device in ("CPU_DEVICE", "device1"):
        there, labels = (xp.asarray(one, device=xp.Device(device)) for one in (X, y))
        with config_context(array_api_dispatch=True):
            mine = ours(kind)(random_state=0, max_iter=3, early_stopping=True)
            fitted(mine, there, labels, np.ones(len(X)))
            assert type(mine.predict(there)) is type(there)
            assert abs(mine.score(there, labels) - own.score(X, y)) < 1e-9
            fitted(mine, there, y)
            fitted(mine, X, y, np.ones(len(X)))
            assert abs(mine.score(X, y) - own.score(X, y)) < 1e-9
"""
    paths = [str(Path(__file__).parents[1]), str(Path(bpnet.__file__).parents[1])]
    paths += filter(None, [os.environ.get("PYTHONPATH")])  # where libraries may be, too
    environment = {"SCIPY_ARRAY_API": "1", "PYTHONPATH": os.pathsep.join(paths)}
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ | environment)


class Hosted:
    """Sizes of what comes to NumPy from a StandardBackend."""

    def __init__(self):
        self.sizes = []

    @contextlib.contextmanager
    def watching(self):
        before = StandardBackend.to_numpy

        def to_numpy(backend, x):
            self.sizes.append(int(np.prod(x.shape)))
            return before(backend, x)

        StandardBackend.to_numpy = to_numpy
        try:
            yield self
        finally:
            StandardBackend.to_numpy = before


@BOTH
@pytest.mark.parametrize("case", ["one output", "several outputs"])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_neither_samples_nor_targets_nor_outputs_come_to_the_host(
    kind, case, early_stopping, strict
):
    """On its second device NumPy cannot read an array of array-api-strict unasked."""
    X, y = CASES[case](kind)
    there, labels = given(strict, X, y)
    with pytest.raises(RuntimeError):
        np.asarray(there)
    setting = {**GIVEN, "hidden_layer_sizes": 3, "early_stopping": early_stopping}
    small = len(X) - 1  # figures, classes, parameters
    with Hosted().watching() as hosted:
        mine = fitted(ours(kind)(**setting), there, labels)
        mine.predict(there)
        mine.score(there, labels)
        if kind == "MLPClassifier":
            mine.predict_proba(there)
            mine.predict_log_proba(there)
    assert hosted.sizes
    assert max(hosted.sizes) <= small


# ------------------------------------------------------------------ labels


def test_labels_that_no_library_holds_are_answered_in_numpy(target):
    X, y = samples("MLPClassifier")
    (there,) = given(target, X)
    for labels in (np.array(["a", "b", "c"])[y], np.array(["a", "b", "c"], dtype=object)[y]):
        mine = fitted(ours("MLPClassifier")(**GIVEN), there, labels)
        own = fitted(ours("MLPClassifier")(**GIVEN), X, labels)
        assert_array_equal(mine.classes_, own.classes_)
        said = mine.predict(there)
        assert type(said) is np.ndarray
        assert said.dtype == own.predict(X).dtype
        assert_array_equal(said, own.predict(X))
        assert mine.score(there, labels) == own.score(X, labels)
        assert is_there(mine.predict_proba(there), target)


@pytest.mark.parametrize(
    ("labels", "dtype"),
    [
        (np.array([-4, 0, 9]), "int64"),
        (np.array([3, 5, 7], np.uint16), "int64"),
        (np.array([1, 2, 3], np.int8), "int8"),
        (np.array([False, True, True]), "bool"),
        (np.array([1.0, 2.0, 3.0], np.float32), "float32"),
        ([7, 8, 9], "int64"),
    ],
    ids=without_addresses,
)
def test_numeric_labels_in_numpy_follow_the_samples(labels, dtype, target):
    X, y = samples("MLPClassifier")
    (there,) = given(target, X)
    labels = np.asarray(labels)[y]
    mine = fitted(ours("MLPClassifier")(**GIVEN), there, labels)
    said = mine.predict(there)
    assert is_there(said, target)
    assert str(said.dtype).endswith(dtype)
    own = fitted(ours("MLPClassifier")(**GIVEN), X, labels)
    assert_array_equal(on_host(said), own.predict(X))
    assert mine.score(there, labels) == own.score(X, labels)


def test_labels_of_every_type_of_the_library(target):
    X, y = samples("MLPClassifier")
    (there,) = given(target, X)
    own = fitted(ours("MLPClassifier")(**GIVEN), X, y)
    for dtype in ("int8", "int16", "int32", "int64", "uint8", "float32", "float64"):
        wide = "float64" if dtype == "float64" else "float32"
        (labels,) = given(target, y.astype(dtype), dtype=wide)
        mine = fitted(ours("MLPClassifier")(**GIVEN), there, labels)
        assert mine.classes_.dtype == labels.dtype
        assert_array_equal(on_host(mine.predict(there)), own.predict(X))
        assert mine.score(there, labels) == own.score(X, y)
    (labels,) = given(target, y > 0)
    mine = fitted(ours("MLPClassifier")(**GIVEN), there, labels)
    assert on_host(mine.predict(there)).dtype == bool


def test_one_class(target):
    X, y = samples("MLPClassifier")
    there, labels = given(target, X, np.full_like(y, 7))
    mine = fitted(ours("MLPClassifier")(**GIVEN), there, labels)
    assert set(on_host(mine.predict(there)).tolist()) == {7}
    assert mine.score(there, labels) == 1.0
    for label in (0, 7):
        (labels,) = given(target, np.full_like(y, label))
        mine = fitted(ours("MLPClassifier")(**GIVEN, early_stopping=True), there, labels)
        assert set(mine.validation_scores_) == {1.0}
        weighted = ours("MLPClassifier")(**GIVEN, class_weight={label: 2.0})
        assert fitted(weighted, there, labels).score(there, labels) == 1.0


def test_a_label_that_the_library_would_round_stays_in_numpy():
    jnp = pytest.importorskip("jax.numpy")
    X, y = samples("MLPClassifier")
    labels = np.array([1, 2, 10**12])[y]  # beyond int32, which is all that JAX has by default
    mine = fitted(ours("MLPClassifier")(**GIVEN), jnp.asarray(X, "float32"), labels)
    assert type(mine.classes_) is np.ndarray
    assert set(mine.predict(jnp.asarray(X, "float32")).tolist()) <= {1, 2, 10**12}


def test_partial_fit_learns_the_classes_first(target):
    X, y = samples("MLPClassifier")
    there, labels, classes = given(target, X, y, np.array([0, 1, 2]))
    one = ours("MLPClassifier")(**GIVEN)
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        one.partial_fit(there, labels)
    one.partial_fit(there[:40, :], labels[:40], classes=classes)
    one.partial_fit(there, labels)
    one.partial_fit(X, y, sample_weight=np.ones(len(X)))  # NumPy's come to the device
    own = ours("MLPClassifier")(**GIVEN).partial_fit(X[:40], y[:40], classes=[0, 1, 2])
    own.partial_fit(X, y).partial_fit(X, y)
    assert_allclose(one.loss_curve_, own.loss_curve_, rtol=1e-9)
    with pytest.raises(ValueError, match="is not the same as on last call"):
        one.partial_fit(there, labels, classes=[0, 1])
    with pytest.raises(ValueError, match="has classes not in"):
        one.partial_fit(there, labels + 1)


def test_class_weights(target):
    X, y = samples("MLPClassifier")
    there, labels = given(target, X, y)
    for weights in ("balanced", {0: 3.0, 1: 0.5, 2: 1.0}):
        setting = {**GIVEN, "class_weight": weights}
        mine = fitted(ours("MLPClassifier")(**setting), there, labels)
        own = fitted(ours("MLPClassifier")(**setting), X, y)
        assert_allclose(mine.loss_curve_, own.loss_curve_, rtol=1e-9)


# ------------------------------------------------------------------ other arguments


@BOTH
def test_targets_weights_and_validation_data_come_from_anywhere(kind, target):
    X, y = samples(kind)
    weights = np.linspace(0.5, 2.0, len(X))
    own = ours(kind)(early_stopping=True, **GIVEN)
    fitted(own, X, y, weights, X_val=X[:30], y_val=y[:30], sample_weight_val=weights[:30])
    there, labels, heavy = given(target, X, y, weights)
    for Xs, ys, ws in (
        (there, labels, heavy),
        (there, y, weights),
        (there, y.tolist(), weights.tolist()),
        (X, labels, heavy),
    ):
        mine = ours(kind)(early_stopping=True, **GIVEN)
        fitted(
            mine,
            Xs,
            ys,
            ws,
            X_val=there[:30, :] if Xs is there else X[:30],
            y_val=labels[:30],
            sample_weight_val=heavy[:30],
        )
        assert_allclose(mine.loss_curve_, own.loss_curve_, rtol=1e-9)
        assert_allclose(mine.validation_scores_, own.validation_scores_, atol=1e-9)
        assert_allclose(mine.validation_loss_curve_, own.validation_loss_curve_, rtol=1e-9)


@BOTH
@pytest.mark.parametrize("dtype", ["int8", "int64", "uint8", "bool"])
def test_integers_become_floating(kind, dtype, target):
    X, y = samples(kind)
    X = (3.0 * X).astype(dtype)
    there, labels = given(target, X, y)
    mine = fitted(ours(kind)(**GIVEN), there, labels)
    # JAX has no float64 unless its user wants that.
    wanted = "float32" if target.library == "jax" else "float64"
    assert {str(one.dtype).rpartition(".")[2] for one in mine.coefs_} == {wanted}
    own = fitted(ours(kind)(dtype=wanted, **GIVEN), X, y)
    assert_allclose(mine.loss_curve_, own.loss_curve_, rtol=1e-4)


@BOTH
def test_tensors_of_other_kinds(kind):
    torch = pytest.importorskip("torch")
    X, y = samples(kind)
    own = fitted(ours(kind)(**GIVEN), X, y)
    there, labels = torch.tensor(X, requires_grad=True), torch.tensor(y)
    if kind == "MLPRegressor":
        labels.requires_grad_()
    mine = fitted(ours(kind)(**GIVEN), there, labels)
    assert_allclose(mine.loss_curve_, own.loss_curve_, rtol=1e-9)
    assert not mine.predict(there).requires_grad
    for dtype in (torch.float16, torch.bfloat16):
        small = fitted(ours(kind)(**GIVEN), there.to(dtype), labels)
        assert small.coefs_[0].dtype == torch.float64
    with pytest.raises(TypeError, match="sparse tensor"):
        ours(kind)().fit(there.detach().to_sparse(), labels)


def test_no_float64_where_the_device_has_none(strict):
    narrow = strict_backend("no_float64", "float32")
    X, y = samples("MLPClassifier")
    mine = fitted(ours("MLPClassifier")(**GIVEN), narrow.from_host(X, "int32"), y)
    assert mine.network_.dtype == "float32"


# ------------------------------------------------------------------ what is refused


@BOTH
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X, y: (X[:, 0], y), "Expected 2D array, got 1D array"),
        (lambda X, y: (X[:, :, None], y), "Found array with dim 3"),
        (lambda X, y: (X[:0, :], y[:0]), r"0 sample\(s\)"),
        (lambda X, y: (X[:, :0], y), r"0 feature\(s\)"),
        (lambda X, y: (X[:3, :], y), "inconsistent numbers of samples"),
        (lambda X, y: (X, None), "requires y to be passed, but the target y is None"),
        (lambda X, y: (X / (X - X), y), r"Input X contains NaN \(row 0, column 0\)|infinity"),
        (lambda X, y: (X * 1j, y), "Complex data not supported"),
    ],
    ids=without_addresses,
)
def test_what_scikit_learn_refuses_is_refused(kind, change, message, target):
    X, y = samples(kind)
    with np.errstate(all="ignore"):
        X, y = change(X, y)
    if X.dtype.kind == "c" and target.library != "torch":
        pytest.skip("the other libraries' helpers move real numbers only")
    if X.dtype.kind == "c":
        import torch

        there = torch.tensor(X)
    else:
        (there,) = given(target, X)
    with pytest.raises(ValueError, match=message):
        ours(kind)(**GIVEN).fit(there, y)


@BOTH
def test_an_estimator_is_not_changed_by_what_is_refused(kind, target):
    X, y = samples(kind)
    there, labels, short = given(target, X, y, X[:, :3])
    mine = fitted(ours(kind)(**GIVEN), there, labels)
    with pytest.raises(ValueError, match=r"X has 3 features, but MLP\w+ is expecting"):
        mine.predict(short)
    with pytest.raises(ValueError, match="Expected 2D array"):
        mine.predict(there[0, :])
    before = mine.score(there, labels)
    bad = np.where(np.arange(len(X))[:, None] == 2, np.inf, X)
    (bad,) = given(target, bad)
    with pytest.raises(ValueError, match=r"infinity .* \(row 2, column 0\)"):
        mine.fit(bad, labels)
    assert mine.score(there, labels) == before


@BOTH
def test_a_column_of_targets_is_taken_with_a_warning(kind, target):
    X, y = samples(kind)
    there, labels = given(target, X, y[:, None])
    with pytest.warns(DataConversionWarning, match="A column-vector y was passed"):
        mine = fitted(ours(kind)(**GIVEN), there, labels)
    own = fitted(ours(kind)(**GIVEN), X, y)
    assert_allclose(mine.loss_curve_, own.loss_curve_, rtol=1e-9)


def test_targets_that_are_no_labels(target):
    X, y = samples("MLPClassifier")
    there, numbers, several = given(target, X, X[:, 0], np.stack([y, y], axis=1))
    with pytest.raises(ValueError, match="Unknown label type"):
        ours("MLPClassifier")().fit(there, numbers)
    with pytest.raises(ValueError, match="Multioutput target data is not supported"):
        ours("MLPClassifier")().fit(there, several)


# ------------------------------------------------------------------ from one place to another


@BOTH
def test_numpy_in_and_numpy_out_whatever_computes(kind, target):
    X, y = samples(kind)
    own = fitted(ours(kind)(**GIVEN), X, y)
    backend = target.backend("float64")
    for setting in ({"backend": backend}, {"backend": backend, "early_stopping": True}):
        mine = fitted(ours(kind)(**GIVEN, **setting), X, y)
        assert mine.network_.backend == backend
        assert is_there(mine.coefs_[0], target)
        assert type(mine.predict(X)) is np.ndarray
        if kind == "MLPClassifier":
            assert type(mine.classes_) is np.ndarray
            assert type(mine.predict_log_proba(X)) is np.ndarray
    mine = fitted(ours(kind)(backend=backend, **GIVEN), X, y)
    assert_allclose(mine.loss_curve_, own.loss_curve_, rtol=1e-9)
    (there,) = given(target, X)
    assert is_there(mine.predict(there), target)
    with bpnet.use(backend):
        assert fitted(ours(kind)(**GIVEN), X, y).network_.backend.device == backend.device


@BOTH
def test_answers_are_in_the_library_of_the_question(kind, target):
    X, y = samples(kind)
    there, labels = given(target, X, y)
    mine = fitted(ours(kind)(**GIVEN), there, labels)
    said = mine.predict(X)
    assert type(said) is np.ndarray
    assert_array_equal(said, on_host(mine.predict(there)))
    assert mine.score(X, y) == pytest.approx(mine.score(there, labels))


@BOTH
def test_libraries_on_the_cpu_are_read_and_other_devices_are_not(kind, strict):
    torch = pytest.importorskip("torch")
    X, y = samples(kind)
    there, labels = given(strict, X, y)
    mine, own = fitted(ours(kind)(**GIVEN), there, labels), fitted(ours(kind)(**GIVEN), X, y)
    said = mine.predict(torch.tensor(X))
    assert isinstance(said, torch.Tensor)
    assert_array_equal(said.numpy(), on_host(mine.predict(there)))
    assert isinstance(own.predict(torch.tensor(X)), torch.Tensor)
    (elsewhere,) = [strict_backend("device2", "float64").from_host(X, "float64")]
    for one, where in ((mine, "device1 or an array of NumPy"), (own, "an array of NumPy")):
        with pytest.raises(TypeError, match=f"array_api_strict on device2, but .* {where}"):
            one.predict(elsewhere)


@BOTH
def test_an_array_of_another_library_than_the_backend_is_refused(kind, strict):
    torch = pytest.importorskip("torch")
    X, y = samples(kind)
    there, labels = given(strict, X, y)
    for backend in ("numpy", "torch"):
        told = f"array_api_strict on device1, but the estimator computes with {backend} on cpu"
        with pytest.raises(TypeError, match=told):
            ours(kind)(backend=backend).fit(there, labels)
    with pytest.raises(TypeError, match="leave backend and device out"):
        ours(kind)(backend=strict_backend("device2", "float64")).fit(there, labels)
    with pytest.raises(TypeError, match="an array of torch on cpu, but"):
        ours(kind)(backend=strict.backend()).fit(torch.tensor(X), y)
    same = ours(kind)(backend=strict.backend(), **GIVEN)
    assert is_there(fitted(same, there, labels).predict(there), strict)
    assert isinstance(
        fitted(ours(kind)(backend="torch", **GIVEN), torch.tensor(X), y).coefs_[0], torch.Tensor
    )


@BOTH
def test_a_namespace_is_kept_by_clones_and_pickles(kind):
    import array_api_strict as xp

    X, y = samples(kind)
    for one in (ours(kind)(backend=xp, **GIVEN), fitted(ours(kind)(backend=xp, **GIVEN), X, y)):
        for other in (clone(one), copy.deepcopy(one), pickle.loads(pickle.dumps(one))):
            assert other.backend is one.backend is xp
            assert other.get_params() == one.get_params()
    said = cross_val_predict(ours(kind)(backend=xp, **GIVEN, tol=1e9, n_iter_no_change=1), X, y)
    assert type(said) is np.ndarray


@BOTH
def test_dtypes_by_parameter_backend_and_default(kind):
    X, y = samples(kind)
    narrow = bpnet.get_backend("numpy", dtype="float32")
    for setting, dtype in (
        ({}, "float64"),
        ({"dtype": "float32"}, "float32"),
        ({"backend": narrow}, "float32"),
        ({"backend": narrow, "dtype": "float64"}, "float64"),
        ({"backend": "numpy"}, "float64"),
    ):
        assert fitted(ours(kind)(**GIVEN, **setting), X, y).network_.dtype == dtype
    with bpnet.use(dtype="float32"):
        assert fitted(ours(kind)(**GIVEN), X, y).network_.dtype == "float32"
    assert fitted(ours(kind)(**GIVEN), X.astype("f4"), y).predict(X[:2]).dtype == np.float32 or (
        kind == "MLPClassifier"
    )


@BOTH
def test_a_warm_start_moves(kind, target):
    X, y = samples(kind)
    there, labels = given(target, X, y)
    one = ours(kind)(warm_start=True, early_stopping=True, **GIVEN)
    own = ours(kind)(warm_start=True, early_stopping=True, **GIVEN)
    for where in ((there, labels), (X, y), (there, labels)):
        fitted(one, *where)
        fitted(own, X, y)
        assert_allclose(one.loss_curve_, own.loss_curve_, rtol=1e-9)
    assert is_there(one.coefs_[0], target)


@BOTH
@pytest.mark.parametrize("copied", [lambda one: pickle.loads(pickle.dumps(one)), copy.deepcopy])
def test_a_pickle_is_the_same(kind, copied, target):
    X, y = samples(kind)
    there, labels = given(target, X, y)
    one = fitted(ours(kind)(early_stopping=True, **GIVEN), there, labels)
    other = copied(one)
    said = other.predict(there)
    assert is_there(said, target)
    assert_array_equal(on_host(said), on_host(one.predict(there)))
    assert is_there(other.coefs_[0], target)
    if kind == "MLPClassifier":
        assert is_there(other.classes_, target)
    state = other.__getstate__()
    assert not [name for name, value in state.items() if backend_of(value) is not None]


@BOTH
def test_parameters_can_be_replaced_from_numpy(kind, target):
    X, y = samples(kind)
    there, labels = given(target, X, y)
    one = fitted(ours(kind)(**GIVEN), there, labels)
    own = fitted(ours(kind)(**GIVEN), X, y)
    one.coefs_[0], own.coefs_[0] = 0.5 * on_host(one.coefs_[0]), 0.5 * own.coefs_[0]
    assert relative(on_host(one.predict(there)), own.predict(X)) < 1e-9
    assert is_there(one.coefs_[0], target)


def test_no_warning_is_new(target):
    X, y = samples("MLPClassifier")
    there, labels = given(target, X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        one = ours("MLPClassifier")(**GIVEN, tol=1e9, n_iter_no_change=1)
        one.fit(there, labels).score(there, labels)
