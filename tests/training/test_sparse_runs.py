"""What is trained on a sparse matrix is what is trained on the dense one, bit for bit on NumPy."""

import subprocess
import sys

import numpy as np
import pytest
from _backends import parameters, relative
from _errors import raises

import bpnet
import bpnet.data.sparse
import bpnet.training.runs
from bpnet.data.inputs import as_inputs
from bpnet.training import Snapshot
from bpnet.training.sparse_runs import sparse_too

sparse = pytest.importorskip("scipy.sparse", reason="scipy is not installed")

N, WIDTH = 103, 6  # the last mini-batch is smaller


def data(seed=0, n=N):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, WIDTH)) * (rng.random((n, WIDTH)) < 0.3)
    return x, (x[:, 0] > 0).astype(int) + (x[:, 1] > 0)


@pytest.fixture(autouse=True)
def few_rows_at_once(monkeypatch):
    """Blocks of steps, and blocks of rows, in several parts each."""
    monkeypatch.setattr(bpnet.data.sparse, "_ENTRIES", 25 * WIDTH)
    monkeypatch.setattr(bpnet.training.runs, "_CHUNK", 30 * 8)


def network(backend="numpy", layer=None, outputs=3, cost="log_likelihood", **options):
    layers = [WIDTH, layer or bpnet.Layer(8, activation="tanh", dropout=0.2), outputs]
    options = {"backend": backend, "cost": cost, "seed": 3, **options}
    return bpnet.Network(layers, **options)


def both(x, y, net, form="csr_array", **options):
    """Networks and histories of the same fit of a dense and a sparse matrix."""
    options = {"epochs": 3, "batch_size": 8, **options}
    found = []
    for given in (x, getattr(sparse, form)(x)):
        one = net.copy()
        found.append((one, rows(one.fit(given, y, **options))))
    return found


def rows(history):
    return [{k: v for k, v in row.items() if k != "seconds"} for row in history.rows]


def assert_same(pair):
    (net, history), (other, others) = pair
    assert np.array_equal(parameters(net), parameters(other))
    assert history == others


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"batch_size": 40},
        {"batch_size": N},
        {"batch_size": 1, "epochs": 1},
        {"label_smoothing": 0.1, "class_weight": "balanced"},
        {"sample_weight": np.linspace(0.0, 2.0, N), "validation": 0.2},
        {"validation": data(1), "metrics": ["f1_macro", "log_loss"], "evaluate_training": True},
        {"shuffle": False, "metrics": None},
        {"shuffle": lambda epoch: np.roll(np.arange(N)[::-1], epoch)},
        {"optimizer": "adam", "l1": 0.01, "clip_norm": 0.1, "average": 0.9, "accumulate": 2},
    ],
    ids=lambda one: " ".join(one),
)
@pytest.mark.parametrize("form", ["csr_array", "csc_matrix"])
def test_the_same_bits_as_of_the_dense_matrix(form, options):
    assert_same(both(*data(), network(), form, **options))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_of_numbers_and_of_labels_too(dtype):
    x, y = data()
    for targets, cost, outputs in (
        (np.stack([x.sum(axis=1), x[:, 1]], axis=1), "quadratic", 2),
        (np.stack([y > 0, y > 1], axis=1).astype(float), "cross_entropy", 2),
        ((y > 0).astype(int), "cross_entropy", 1),
        (np.array(["a", "b", "c"])[y], "log_likelihood", 3),
    ):
        options = {"activations": ["tanh", "identity"]} if cost == "quadratic" else {}
        net = network(cost=cost, outputs=outputs, dtype=dtype, **options)
        assert_same(both(x, targets, net))


def test_with_batch_normalization():
    layer = bpnet.Layer(8, activation="relu", normalization="batch")
    net = network(layer=layer)
    pair = both(*data(), net)
    assert_same(pair)
    x, y = data()
    dense, sparse_ = (pair[0][0].backprop(one, y).weights for one in (x, sparse.csr_array(x)))
    assert all(np.array_equal(a, b) for a, b in zip(dense, sparse_, strict=True))


def test_by_every_library(target):
    x, y = data()
    net = network(target.backend("float64"))
    (dense, history), (sparse_, others) = both(x, y, net, validation=0.2)
    assert relative(parameters(sparse_), parameters(dense)) < 1e-12
    assert history[-1].keys() == others[-1].keys()
    assert list(others[-1].values()) == pytest.approx(list(history[-1].values()), rel=1e-12)
    to_numpy = net.backend.to_numpy
    for how in ("feedforward", "predict", "predict_proba"):
        found, expected = (getattr(dense, how)(one) for one in (sparse.csc_matrix(x), x))
        assert net.backend.owns(found)
        assert relative(to_numpy(found), to_numpy(expected)) < 1e-12
    for how in ("total_cost", "accuracy", "score"):
        found, expected = (getattr(dense, how)(one, y) for one in (sparse.coo_array(x), x))
        assert found == pytest.approx(expected, rel=1e-12)
    found, expected = (dense.backprop(one, y) for one in (sparse.lil_array(x), x))
    for one, other in zip(found.weights, expected.weights, strict=True):
        assert relative(to_numpy(one), to_numpy(other)) < 1e-12


def test_on_the_device_too(target):
    if target.library != "cupy":
        pytest.skip("for CuPy")
    module = pytest.importorskip("cupyx.scipy.sparse")
    (x, y), net = data(), network(target.backend("float64"))
    other, matrix = net.copy(), module.csr_matrix(sparse.csr_matrix(x))
    options = {"epochs": 3, "batch_size": 8, "validation": 0.2}
    found, expected = net.fit(matrix, y, **options), other.fit(x, y, **options)
    assert found["train_cost"] == pytest.approx(expected["train_cost"], rel=1e-12)
    assert relative(parameters(net), parameters(other)) < 1e-12
    assert net.score(matrix, y) == pytest.approx(other.score(x, y), rel=1e-12)


def test_predictions_have_the_same_bits():
    net, (x, y) = network(), data()
    for how in ("feedforward", "predict", "predict_proba"):
        for m in (1, 29, 30, 31, N):
            found = getattr(net, how)(sparse.csr_matrix(x[:m]))
            assert np.array_equal(found, getattr(net, how)(x[:m]))
    for how in ("total_cost", "accuracy", "score"):
        assert getattr(net, how)(sparse.csr_matrix(x), y) == getattr(net, how)(x, y)


def test_a_step_is_the_same():
    net, (x, y) = network(), data()
    other = net.copy()
    options = {"optimizer": "adam", "sample_weight": np.arange(1.0, N + 1), "accumulate": 2}
    assert net.step(sparse.csc_array(x), y, **options) == other.step(x, y, **options)
    assert np.array_equal(parameters(net), parameters(other))


def test_lbfgs_is_the_same():
    net = network(layer=8, dtype="float64")
    pair = both(*data(), net, epochs=8, optimizer="lbfgs", l2=0.01, validation=0.2)
    assert_same(pair)
    assert len(pair[0][1]) == 8


class _Stop(bpnet.Callback):
    """Keeps a snapshot within an epoch."""

    def on_fit_begin(self, fit):
        fit.limit_block(4)

    def on_steps(self, fit, steps):
        if fit.steps_done == 19:
            self.kept = Snapshot(*fit.snapshot())


@pytest.mark.parametrize("begun", ["dense", "sparse"])
@pytest.mark.parametrize("ended", ["dense", "sparse"])
def test_a_fit_resumes_on_either(begun, ended):
    x, y = data()
    given = {"dense": x, "sparse": sparse.csr_array(x)}
    options = {"epochs": 3, "batch_size": 8, "optimizer": "adam", "validation": 0.2}
    whole, part, watch = network(), network(), _Stop()
    expected = rows(whole.fit(x, y, callbacks=[_Stop()], **options))
    part.fit(given[begun], y, callbacks=[watch], **options)
    found = network()
    history = found.fit(given[ended], y, callbacks=[_Stop()], resume=watch.kept, **options)
    assert rows(history) == expected
    assert np.array_equal(parameters(found), parameters(whole))


def test_steps_end_where_the_run_is_stopped():
    backend = bpnet.get_backend("numpy", dtype="float64")
    x, y = np.arange(14.0).reshape(7, 2), np.arange(7.0)[:, None]

    def run(state, x, y, order, rates, stop):
        outputs = []
        for k, rows in enumerate(order):
            if stop():
                break
            state, z = [*state, rates[k]], np.concatenate([x[rows], y[rows]], axis=1)
            outputs.append(z)
        return state, np.stack(outputs) if outputs else None

    matrix = as_inputs(sparse.csr_array(x), 2, backend)
    order = np.array([[6, 0], [5, 1], [4, 2], [3, 3]])
    gathering, given = sparse_too(backend, run), (y, order, [10, 20, 30, 40])
    for entries in (4, 8, 12, 100):
        bpnet.data.sparse._ENTRIES = entries
        for done in range(5):
            states, outputs = [], []
            for one, rows in ((run, x), (gathering, matrix)):
                asked = iter([False] * done + [True] * 9)
                state, z = one([], rows, *given, lambda asked=asked: next(asked))
                states.append(state)
                outputs.append(z)
            assert states[0] == states[1] == [10, 20, 30, 40][:done]
            if done:
                assert np.array_equal(*outputs)
            else:
                assert outputs == [None, None]


def test_few_rows_are_dense_at_a_time(monkeypatch):
    made, seen = bpnet.data.sparse.SparseRows.dense, []

    def dense(self, chosen):
        found = made(self, chosen)
        seen.append(len(found))
        return found

    monkeypatch.setattr(bpnet.data.sparse.SparseRows, "dense", dense)
    x, y = data()
    matrix, net = sparse.csr_array(x), network(layer=8)
    for use in (
        lambda: net.fit(matrix, y, epochs=1, batch_size=8, validation=(matrix, y)),
        lambda: net.fit(matrix, y, epochs=1, batch_size=32, validation=0.5, evaluate_training=True),
        lambda: net.fit(matrix, y, epochs=2, optimizer="lbfgs", validation=0.5),
        lambda: net.backprop(matrix, y),
        lambda: net.predict(matrix),
        lambda: net.score(matrix, y),
    ):
        use()
        assert 0 < max(seen) <= 32
        seen.clear()


def test_what_diverges_is_told_with_the_magnitude_of_the_entries():
    x, y = data()
    net = network(layer=8, cost="quadratic", outputs=1, activations=["tanh", "identity"])
    x[3, 2] = -5e6
    with raises("the inputs go up to 5e+06", kind=bpnet.DivergenceError):
        net.fit(sparse.csr_array(x), y * 9.0, epochs=9, batch_size=8, optimizer=bpnet.SGD(9.0))


def test_an_entry_is_named_where_a_pair_is_wrong():
    x, y = data()
    net, matrix = network(), sparse.csr_matrix(x)
    before = parameters(net)
    with raises("validation x has 3 columns"):
        net.fit(matrix, y, epochs=1, validation=(matrix[:, :3], y))
    with raises("x has 103 samples, y has 102"):
        net.fit(matrix, y[:-1], epochs=1)
    with raises("y is a sparse matrix (csr_matrix): pass y.toarray()", kind=TypeError):
        net.fit(matrix, matrix[:, :3], epochs=1)
    assert np.array_equal(parameters(net), before)


def test_other_ways_to_fit_take_it_too():
    x, y = data()
    net, matrix = network(layer=8), sparse.csr_matrix(x)
    with net.fitting(matrix, y, epochs=2) as fit:
        assert len(list(fit)) == 2
    rates = [bpnet.find_learning_rate(net, one, y, batch_size=8, steps=20) for one in (x, matrix)]
    assert np.array_equal(rates[0].costs, rates[1].costs)
    assert bpnet.gradient_check(net, matrix[:3], y[:3]).passed


_MEMORY = """
import resource, sys
import numpy as np, scipy.sparse, bpnet
m, n, k = 8_000, 20_000, 5
rng = np.random.default_rng(0)
x = scipy.sparse.csr_matrix(
    (rng.random(m * k, np.float32), rng.integers(0, n, m * k), np.arange(0, m * k + 1, k)), (m, n)
)
y = rng.integers(0, 2, m)
net = bpnet.Network([n, 3, 2], cost="log_likelihood", backend=sys.argv[1], seed=0)
net.fit(x[:100], y[:100], epochs=1, batch_size=50)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
net.fit(x, y, epochs=1, batch_size=50, validation=0.1)
net.fit(x.tocsc(), y, epochs=1, optimizer="lbfgs")
net.predict(x), net.score(x, y), net.backprop(x, y)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in kilobytes on Linux")
def test_memory_does_not_grow_with_the_rows():
    command = [sys.executable, "-c", _MEMORY, "numpy"]
    found = subprocess.run(command, check=True, capture_output=True, text=True)
    assert float(found.stdout) < 150  # megabytes; dense it has 610
