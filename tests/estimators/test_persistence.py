"""Fitted estimators in pickles and in safetensors files, in this process and in another."""

import copy
import json
import pickle
import pickletools
import subprocess
import sys
import warnings

import numpy as np
import pytest
from estimators._cases import BOTH, binary, multi_output, ours, samples
from numpy.testing import assert_array_equal
from sklearn.exceptions import InconsistentVersionWarning, NotFittedError

import bpnet
from bpnet.storage.safetensors import read_arrays, write_arrays

pytestmark = pytest.mark.filterwarnings(
    "ignore:Stochastic Optimizer:sklearn.exceptions.ConvergenceWarning",
    "ignore:lbfgs failed:sklearn.exceptions.ConvergenceWarning",
)

SOLVED = {
    "adam": {},
    "sgd": {"solver": "sgd", "learning_rate": "invscaling", "learning_rate_init": 0.1},
    "lbfgs": {"solver": "lbfgs"},
    "early stopping": {"early_stopping": True, "validation_fraction": 0.3},
    "tanh": {"activation": "tanh", "hidden_layer_sizes": (6, 5), "solver": "sgd"},
}


def made(kind, **given):
    return ours(kind)(**{"hidden_layer_sizes": (8,), "max_iter": 4, "random_state": 0, **given})


def answers(one, X):
    if isinstance(one, bpnet.MLPClassifier):
        return np.asarray(one.predict_proba(X))
    return np.asarray(one.predict(X))


def learned(one):
    """Public attributes that are plain values."""
    held = ("network_", "coefs_", "intercepts_")
    return {k: v for k, v in vars(one).items() if k.endswith("_") and k not in held}


def assert_same(found, expected, X):
    assert type(found) is type(expected)
    assert repr(found) == repr(expected)
    assert_array_equal(answers(found, X), answers(expected, X))
    assert_array_equal(found.predict(X), expected.predict(X))
    mine, own = learned(found), learned(expected)
    assert mine.keys() == own.keys()
    for name, value in own.items():
        assert_array_equal(mine[name], value)
        assert type(mine[name]) is type(value)
        assert getattr(mine[name], "dtype", None) == getattr(value, "dtype", None)


# ------------------------------------------------------------------ pickles


def by_joblib(one, folder):
    import joblib

    joblib.dump(one, folder / "one.joblib")
    return joblib.load(folder / "one.joblib")


def by_cloudpickle(one, folder):
    cloudpickle = pytest.importorskip("cloudpickle", reason="cloudpickle is not installed")
    return pickle.loads(cloudpickle.dumps(one))


WAYS = {
    "pickle": lambda one, folder: pickle.loads(pickle.dumps(one)),
    "oldest protocol": lambda one, folder: pickle.loads(pickle.dumps(one, protocol=0)),
    "deepcopy": lambda one, folder: copy.deepcopy(one),
    "joblib": by_joblib,
    "cloudpickle": by_cloudpickle,
}


@BOTH
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("solved", SOLVED)
def test_a_copy_answers_the_same_and_trains_on_to_the_same_bits(kind, way, solved, tmp_path):
    X, y = samples(kind)
    one = made(kind, **SOLVED[solved]).fit(X, y)
    again = WAYS[way](one, tmp_path)
    assert_same(again, one, X)
    if solved in ("adam", "sgd", "tanh"):
        for _ in range(3):
            one.partial_fit(X, y)
            again.partial_fit(X, y)
    else:
        one.set_params(warm_start=True).fit(X, y)
        again.set_params(warm_start=True).fit(X, y)
    assert_same(again, one, X)


@BOTH
def test_a_learning_rate_that_fell_stays_low(kind):
    X, y = samples(kind)
    given = {"solver": "sgd", "learning_rate": "adaptive", "n_iter_no_change": 1, "tol": 10.0}
    classes = {"classes": np.unique(y)} if kind == "MLPClassifier" else {}
    one = made(kind, **given).partial_fit(X, y, **classes)
    for _ in range(4):
        one.partial_fit(X, y)
    again = pickle.loads(pickle.dumps(one))
    for _ in range(5):
        one.partial_fit(X, y)
        again.partial_fit(X, y)
    assert_same(again, one, X)
    fresh = made(kind, **given).partial_fit(X, y, **classes)
    for _ in range(9):
        fresh.partial_fit(X, y)
    assert_same(again, fresh, X)


@BOTH
@pytest.mark.parametrize("in_place", [True, False])
def test_parameters_changed_by_hand_are_in_it(kind, in_place):
    X, y = samples(kind)
    one = made(kind).fit(X, y)
    if in_place:
        one.coefs_[0][:] *= 0.5
        one.intercepts_[-1] += 1.0
    else:
        one.coefs_ = [0.5 * one for one in one.coefs_]
        one.intercepts_[-1] = one.intercepts_[-1] + 1.0
    again = pickle.loads(pickle.dumps(one))
    assert_same(again, one, X)
    again.coefs_[0][:] = 0.0  # is an array of its own, and still the network's
    assert np.ptp(answers(again, X), axis=0).max() == 0.0
    assert np.ptp(answers(one, X), axis=0).max() > 0.0


@BOTH
def test_before_a_fit(kind):
    one = made(kind, optimizer=bpnet.AdamW(0.01), callbacks=bpnet.EarlyStopping("train_cost"))
    again = pickle.loads(pickle.dumps(one))
    assert again.get_params()["optimizer"] == bpnet.AdamW(0.01)
    with pytest.raises(NotFittedError):
        again.predict([[1.0]])


@BOTH
@pytest.mark.parametrize(("solved", "vectors"), [("adam", 3), ("sgd", 2), ("early stopping", 3)])
def test_a_pickle_has_parameters_and_memory_once(kind, solved, vectors):
    X, y = samples(kind)
    one = made(kind, hidden_layer_sizes=(100, 100), **SOLVED[solved]).fit(X, y)
    size = 8 * one.network_.model.layout.size
    assert len(pickle.dumps(one)) < vectors * size + 8000


@BOTH
def test_a_pickle_names_no_module_of_scikit_learn(kind):
    X, y = samples(kind)
    for one in (made(kind).fit(X, y), made(kind).fit(*multi_output(kind))):
        content = pickle.dumps(one)
        words = [arg for _, arg, _ in pickletools.genops(content) if isinstance(arg, str)]
        assert "bpnet.network" in words
        assert not [word for word in words if word.startswith("sklearn")]
        with warnings.catch_warnings():
            warnings.simplefilter("error", InconsistentVersionWarning)
            pickle.loads(content)


WITHOUT_TORCH = """
import sys

class Without:
    def __init__(self, finder):
        self.finder = finder

    def find_spec(self, name, *others):
        return None if name.partition(".")[0] == "torch" else self.finder.find_spec(name, *others)

    def __getattr__(self, name):
        return getattr(self.finder, name)

sys.meta_path[:] = map(Without, sys.meta_path)
"""

ELSEWHERE = """
import pickle, sys, warnings
import numpy as np
{before}
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    with open({path!r}, "rb") as file:
        one, X, y, expected = pickle.load(file)
    told = [str(each.message) for each in caught]
found = one.predict_proba(X) if hasattr(one, "predict_proba") else one.predict(X)
assert np.allclose(found, expected, rtol={rtol}, atol=0.0), abs(found - expected).max()
one.partial_fit(X, y)
print(one.network_.backend, repr(one.loss_), *told, sep="\\n")
"""


def elsewhere(one, X, y, tmp_path, before="", rtol=0.0):
    """What another process makes of a pickle: backend, loss of one more epoch, and warnings."""
    path = tmp_path / "one.pickle"
    path.write_bytes(pickle.dumps((one, X, y, answers(one, X))))
    code = ELSEWHERE.format(path=str(path), before=before, rtol=rtol)
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return done.stdout.splitlines()


@BOTH
def test_another_process_trains_on_to_the_same_bits(kind, tmp_path):
    X, y = samples(kind)
    one = made(kind).fit(X, y)
    found = elsewhere(one, X, y, tmp_path)
    assert found == ["<numpy on cpu, float64>", repr(one.partial_fit(X, y).loss_)]


@BOTH
def test_a_process_without_its_library_goes_on_with_numpy(kind, tmp_path, torch):
    X, y = samples(kind)
    backend = bpnet.get_backend("torch", dtype="float64")
    for given in ("torch", backend):
        one = made(kind, backend=given).fit(X, y)
        where, loss, warning = elsewhere(one, X, y, tmp_path, WITHOUT_TORCH, rtol=1e-9)
        assert where == "<numpy on cpu, float64>"
        assert float(loss) == pytest.approx(one.partial_fit(X, y).loss_)
        assert warning.startswith(
            "what was pickled with torch on cpu is now with numpy on cpu: torch is not installed"
        )


@BOTH
def test_what_was_fitted_on_tensors_is_read_without_their_library(kind, tmp_path, torch):
    X, y = samples(kind)
    one = made(kind, early_stopping=True, validation_fraction=0.3)
    one.fit(torch.asarray(X), torch.asarray(y))
    expected = one.predict(torch.asarray(X))
    assert isinstance(expected, torch.Tensor)
    one.save(tmp_path / "one.safetensors")
    (tmp_path / "one.pickle").write_bytes(pickle.dumps((one, X, expected.numpy())))
    code = f"""{WITHOUT_TORCH}
import pickle, warnings
import numpy as np
import bpnet
warnings.simplefilter("ignore")
with open({str(tmp_path / "one.pickle")!r}, "rb") as file:
    one, X, expected = pickle.load(file)
again = bpnet.{kind}.load({str(tmp_path / "one.safetensors")!r})
for found in (one.predict(X), again.predict(X)):
    assert isinstance(found, np.ndarray)
    np.testing.assert_allclose(found, expected, rtol=1e-9)
"""
    subprocess.run([sys.executable, "-c", code], check=True)


# ------------------------------------------------------------------ files


@BOTH
@pytest.mark.parametrize("solved", SOLVED)
def test_a_file_has_all_but_the_optimizers_memory(kind, solved, tmp_path):
    X, y = samples(kind)
    one = made(kind, **SOLVED[solved]).fit(X, y)
    one.save(tmp_path / "one.safetensors")
    again = ours(kind).load(tmp_path / "one.safetensors")
    assert_same(again, one, X)
    for mine, own in zip(again.coefs_, one.coefs_, strict=True):
        assert_array_equal(mine, own)
    again.save(tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == (
        tmp_path / "one.safetensors"
    ).read_bytes()


@BOTH
@pytest.mark.parametrize("solved", ["adam", "sgd"])
def test_training_goes_on_with_an_optimizer_that_begins_anew(kind, solved, tmp_path):
    X, y = samples(kind)
    one = made(kind, **SOLVED[solved]).fit(X, y)
    one.save(tmp_path / "one.safetensors")
    again = ours(kind).load(tmp_path / "one.safetensors").partial_fit(X, y)
    one.network_.reset_optimizer()
    assert_same(again, one.partial_fit(X, y), X)


LABELS = {
    "text": np.array(["no", "yes"]),
    "longer text": np.array(["no", "yes"], dtype="<U12"),
    "objects": np.array(["no", "yes"], dtype=object),
    "booleans": np.array([False, True]),
    "small integers": np.array([3, 7], dtype=np.uint8),
    "negative integers": np.array([-5, 2**40]),
    "floats": np.array([-1.0, 2.0], dtype=np.float32),
}


@pytest.mark.parametrize("labels", LABELS)
def test_labels_keep_their_type(labels, tmp_path):
    X, y = binary()
    one = made("MLPClassifier", max_iter=20).fit(X, LABELS[labels][y])
    one.save(tmp_path / "one.safetensors")
    again = bpnet.MLPClassifier.load(tmp_path / "one.safetensors")
    assert_same(again, one, X)
    assert again.predict(X).dtype == one.predict(X).dtype
    pickled = pickle.loads(pickle.dumps(one))
    assert_same(pickled, one, X)


@BOTH
def test_several_outputs(kind, tmp_path):
    X, y = multi_output(kind)
    one = made(kind).fit(X, y)
    one.save(tmp_path / "one.safetensors")
    again = ours(kind).load(tmp_path / "one.safetensors")
    assert_same(again, one, X)
    assert_array_equal(again.partial_fit(X, y).predict(X).shape, y.shape)


def test_sparse_labels_are_predicted_sparse(tmp_path):
    from scipy.sparse import csr_array

    X, y = multi_output("MLPClassifier")
    one = made("MLPClassifier").fit(X, csr_array(y))
    one.save(tmp_path / "one.safetensors")
    for again in (
        bpnet.MLPClassifier.load(tmp_path / "one.safetensors"),
        pickle.loads(pickle.dumps(one)),
    ):
        assert_array_equal(again.predict(X).toarray(), one.predict(X).toarray())


@BOTH
def test_names_of_features(kind, tmp_path):
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    X, y = samples(kind)
    table = pandas.DataFrame(X, columns=[f"column {k}" for k in range(X.shape[1])])
    one = made(kind).fit(table, y)
    one.save(tmp_path / "one.safetensors")
    again = ours(kind).load(tmp_path / "one.safetensors")
    assert_same(again, one, table)
    with pytest.raises(ValueError, match="feature names should match"):
        again.predict(table.rename(columns=str.upper))


PARAMETERS = {
    "class": {"optimizer": bpnet.AdamW(bpnet.schedules.Warmup(bpnet.schedules.Cosine(0.1, 99), 5))},
    "infinite": {"n_iter_no_change": np.inf},
    "activation": {"activation": [bpnet.activations.LeakyReLU(0.3)]},
    "array": {"hidden_layer_sizes": np.array([8])},
    "NumPy's numbers": {"alpha": np.float32(0.5), "max_iter": np.int64(3)},
    "list": {"hidden_layer_sizes": [8]},
}


@BOTH
@pytest.mark.parametrize("given", PARAMETERS)
def test_parameters_of_many_kinds(kind, given, tmp_path):
    X, y = samples(kind)
    one = made(kind, **PARAMETERS[given]).fit(X, y)
    one.save(tmp_path / "one.safetensors")
    again = ours(kind).load(tmp_path / "one.safetensors")
    assert_array_equal(answers(again, X), answers(one, X))
    for name, value in PARAMETERS[given].items():
        assert np.all(getattr(again, name) == value)
        if not isinstance(value, np.generic):
            assert type(getattr(again, name)) is type(value)


@pytest.mark.parametrize("weights", ["balanced", {0: 1.0, 1: 2.5, 2: 3}, None])
def test_class_weights(weights, tmp_path):
    X, y = samples("MLPClassifier")
    one = made("MLPClassifier", class_weight=weights).fit(X, y)
    one.save(tmp_path / "one.safetensors")
    assert bpnet.MLPClassifier.load(tmp_path / "one.safetensors").class_weight == weights


@BOTH
def test_what_no_file_can_hold_is_named(kind, tmp_path):
    X, y = samples(kind)
    given = {"callbacks": [bpnet.Budget(steps=9)], "random_state": np.random.RandomState(0)}
    one = made(kind, **given).fit(X, y)
    path = tmp_path / "one.safetensors"
    with pytest.warns(UserWarning, match=r"without the parameters '\w+', '\w+'") as caught:
        one.save(path)
    assert all(name in str(caught[0].message) for name in given)
    assert caught[0].filename == __file__
    with pytest.warns(UserWarning, match="set_params changes them") as caught:
        again = ours(kind).load(path)
    assert caught[0].filename == __file__
    assert again.callbacks is again.random_state is None
    assert_array_equal(answers(again, X), answers(one, X))


class Twice(bpnet.activations.Activation):
    """A user's own."""

    name = "twice"

    def value(self, z, xp=None):
        return 2.0 * z

    def derivative(self, z, a, xp=None):
        return 0.0 * z + 2.0


@BOTH
def test_a_users_own_activation_is_given_by_name(kind, tmp_path):
    X, y = samples(kind)
    one = made(kind, activation=Twice()).fit(X, y)
    one.save(tmp_path / "one.safetensors")
    with pytest.raises(ValueError, match=r"one\.safetensors.*unknown activation 'twice'"):
        ours(kind).load(tmp_path / "one.safetensors")
    again = ours(kind).load(tmp_path / "one.safetensors", custom={"twice": Twice})
    assert again.activation == Twice()
    assert_array_equal(answers(again, X), answers(one, X))


@BOTH
def test_it_computes_where_it_is_told_to(kind, tmp_path, torch):
    X, y = samples(kind)
    one = made(kind, backend="torch").fit(X, y)
    path = tmp_path / "one.safetensors"
    one.save(path)
    assert ours(kind).load(path).network_.backend.name == "torch"
    again = ours(kind).load(path, backend="numpy")
    assert again.network_.backend.name == "numpy"
    np.testing.assert_allclose(answers(again, X), answers(one, X), rtol=1e-9)
    code = f"""{WITHOUT_TORCH}
import warnings
import bpnet
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    print(bpnet.{kind}.load({str(path)!r}).network_.backend)
print(caught[0].message)
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    where, warning = done.stdout.splitlines()
    assert where == "<numpy on cpu, float64>"
    assert "torch is not installed" in warning


@BOTH
def test_the_network_of_a_file_says_the_same(kind, tmp_path):
    X, y = samples(kind)
    labels = np.array(["a", "b", "c"])[y] if kind == "MLPClassifier" else y
    one = made(kind).fit(X, labels)
    one.save(tmp_path / "one.safetensors")
    net = bpnet.load(tmp_path / "one.safetensors")
    assert_array_equal(net.predict(X), one.predict(X))
    if kind == "MLPClassifier":
        assert net.classes == ("a", "b", "c")
        assert_array_equal(net.predict_proba(X), one.predict_proba(X))
    net.save(tmp_path / "net.safetensors")
    assert_same(ours(kind).load(tmp_path / "net.safetensors"), one, X)


# ------------------------------------------------------------------ files that are wrong


@BOTH
def test_a_file_of_something_else(kind, tmp_path):
    X, y = samples(kind)
    other = "MLPRegressor" if kind == "MLPClassifier" else "MLPClassifier"
    path = tmp_path / "one.safetensors"
    with pytest.raises(FileNotFoundError, match=r"one\.safetensors"):
        ours(kind).load(path)
    with pytest.raises(NotFittedError):
        made(kind).save(path)
    made(kind).fit(X, y).save(path)
    with pytest.raises(ValueError, match=f"holds an {kind}: bpnet.{kind}.load reads it"):
        ours(other).load(path)
    bpnet.Network([2, 1]).save(path)
    with pytest.raises(ValueError, match=r"no estimator: bpnet\.load reads it"):
        ours(kind).load(path)
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(ValueError, match=r"one\.safetensors' is damaged"):
        ours(kind).load(path)


class WithMore(bpnet.MLPClassifier):
    """A subclass with a parameter of its own, and without most others."""

    def __init__(self, hidden_layer_sizes=(5,), more=1):
        super().__init__(hidden_layer_sizes, max_iter=3, tol=9.0, n_iter_no_change=1)
        self.more = more


def test_a_file_of_a_subclass(tmp_path):
    X, y = samples("MLPClassifier")
    path = tmp_path / "one.safetensors"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        WithMore(more=7).fit(X, y).save(path)
    assert WithMore.load(path).more == 7
    with pytest.raises(ValueError, match="the parameters 'more', which MLPClassifier does not"):
        bpnet.MLPClassifier.load(path)


def changed(path, *place):
    """A function that writes another value to a place within the estimator's record."""

    def write(value):
        arrays, texts = read_arrays(path, "model")
        header = json.loads(texts["bpnet"])
        record = header["metadata"]["estimator"]
        for key in place[:-1]:
            record = record[key]
        if value is KeyError:
            del record[place[-1]]
        else:
            record[place[-1]] = value
        write_arrays(path, arrays, {"bpnet": json.dumps(header)})

    return write


WRONG = [
    (("version",), 2, "version 2.*update bpnet"),
    (("version",), "1", "estimator.version must be an integer"),
    (("kind",), "MLPTransformer", "unknown estimator.kind"),
    (("kind",), KeyError, "estimator.kind is missing"),
    (("parameters",), [], "estimator.parameters must be a mapping"),
    (("parameters", "alpha"), -1, "alpha"),
    (("parameters", "alphabet"), 1, "alphabet"),
    (("parameters", "alpha"), {"code": "exit()"}, "unknown kind of estimator.parameters.alpha"),
    (("parameters", "alpha"), {}, "estimator.parameters.alpha must say what it is"),
    (("parameters", "alpha"), {"float": "huge"}, "estimator.parameters.alpha"),
    (("parameters", "momentum"), "fast", "momentum"),
    (("parameters", "optimizer"), {"optimizer": {"name": "os.system", "settings": {}}}, "os.sys"),
    (("parameters", "optimizer"), {"optimizer": {"name": "adam", "settings": {"x": 1}}}, "'x'"),
    (("parameters", "optimizer"), {"optimizer": ["adam"]}, "parameters.optimizer must be a map"),
    (("parameters", "optimizer"), {"cost": {"name": "quadratic"}}, "optimizer"),
    (("parameters", "activation"), {"activation": {"name": "eval"}}, "unknown activation 'eval'"),
    (("parameters", "activation"), {"dict": [[1]]}, "pairs"),
    (("parameters", "hidden_layer_sizes"), {"tuple": 5}, "hidden_layer_sizes must have a list"),
    (("learned", "n_iter_"), -1, "estimator.learned.n_iter_"),
    (("learned", "n_iter_"), KeyError, "estimator.learned.n_iter_ is missing"),
    (("learned", "loss_curve_"), [0.5, "bad"], r"estimator.learned.loss_curve_\[1\]"),
    (("learned", "loss_curve_"), 1.5, "estimator.learned.loss_curve_ must be a sequence"),
    (("features",), ["a"], "estimator.features has 1 entries, but the network"),
    (("features",), [1, 2], "estimator.features"),
    (("solver", "rate_factor"), -1.0, "estimator.solver.rate_factor"),
    (("solver", "stuck"), KeyError, "estimator.solver.stuck is missing"),
]
WRONG_LABELS = [
    (("labels",), KeyError, "labels"),
    (("labels", "type"), "continuous", "estimator.labels.type"),
    (("labels", "type"), "binary", "binary"),
    (("labels", "type"), "multilabel-indicator", "task"),
    (("labels", "classes", "values"), [1, 2], "has 2 entries, but the network has 3 outputs"),
    (("labels", "classes", "values"), [1, 1, 2], "different labels, sorted"),
    (("labels", "classes", "values"), [1, 2, "3"], r"values\[2\] is '3'"),
    (("labels", "classes", "values"), [1, 2, 2**70], "cannot be read"),
    (("labels", "classes", "dtype"), "O,O", "dtype"),
    (("labels", "classes", "dtype"), "<U999999999", "dtype"),
    (("labels", "classes", "dtype"), "M8[s]", "dtype"),
    (("labels", "classes", "dtype"), "nonsense", "dtype"),
]


def refused(kind, place, value, words, tmp_path):
    X, y = samples(kind)
    path = tmp_path / "one.safetensors"
    made(kind).fit(X, y).save(path)
    changed(path, *place)(value)
    with pytest.raises(ValueError, match=words) as caught:
        ours(kind).load(path)
    assert str(caught.value).startswith(repr(str(path)))


@BOTH
@pytest.mark.parametrize(("place", "value", "words"), WRONG, ids=str)
def test_a_wrong_entry_is_named(kind, place, value, words, tmp_path):
    refused(kind, place, value, words, tmp_path)


@pytest.mark.parametrize(("place", "value", "words"), WRONG_LABELS, ids=str)
def test_a_wrong_label_is_named(place, value, words, tmp_path):
    refused("MLPClassifier", place, value, words, tmp_path)


def test_a_regressor_with_a_classifiers_network(tmp_path):
    X, y = samples("MLPClassifier")
    path = tmp_path / "one.safetensors"
    made("MLPClassifier").fit(X, y).save(path)
    changed(path, "kind")("MLPRegressor")
    changed(path, "parameters", "loss")("squared_error")
    changed(path, "parameters", "class_weight")(KeyError)
    with pytest.raises(ValueError, match="task is classification, an MLPRegressor's is regression"):
        bpnet.MLPRegressor.load(path)
