"""What messages advise: each error once, and then what its message says, which works."""

import contextlib
import re
import warnings
from pathlib import Path

import numpy as np
import pytest

import bpnet
from bpnet import Layer, schedules
from bpnet.cli import main
from bpnet.data import IterableSource, load_table, source

rng = np.random.default_rng(0)
X, LABELS = rng.normal(size=(40, 3)), rng.integers(0, 2, 40)
NUMBERS = X.sum(axis=1)
PAIRS = list(zip(X, LABELS, strict=True))


def network(*sizes, cost="log_likelihood", **options):
    return bpnet.Network(list(sizes or (3, 4, 2)), cost=cost, seed=0, **options)


def regression(*sizes, **options):
    chosen = sizes or (3, 4, 1)
    names = ["relu"] * (len(chosen) - 2) + ["identity"]
    return network(*chosen, cost="quadratic", activations=names, **options)


def fit(net=None, x=X, y=LABELS, **options):
    settings = {"epochs": 2, "batch_size": 8, "progress": False, **options}
    return (net or network()).fit(x, y, **settings)


def fit_lbfgs(net=None, **options):
    return fit(net, optimizer=bpnet.LBFGS(), **options)


def pictured(x):
    return x[:, None, :] * np.ones((1, 2, 1))


def worse(y, a):
    return float(np.mean(np.abs(y - a)))


# What fails, words of the message, and what the message advises.
CASES = {
    "more columns": (
        lambda: fit(x=np.c_[X, X]),
        "layer 1 expects 3 inputs, x has 6 columns: .* or make a network with 6 inputs",
        lambda: fit(network(6, 4, 2), x=np.c_[X, X]),
    ),
    "labels from 1": (
        lambda: fit(y=LABELS + 1),
        "labels in y go from 1 to 2, .* be from 0 to 1: .*classes, y = numpy.unique",
        lambda: fit(y=np.unique(LABELS + 1, return_inverse=True)[1]),
    ),
    "labels that are floats": (
        lambda: fit(y=LABELS.astype(float)),
        r"class labels must be integers, not float64: numpy.asarray\(y, int\)",
        lambda: fit(y=np.asarray(LABELS.astype(float), int)),
    ),
    "labels in a column": (
        lambda: fit(network(3, 4, 2), y=LABELS[:, None]),
        r"has 2 neurons, y has 1 columns; for class labels y.ravel\(\)",
        lambda: fit(network(3, 4, 2), y=LABELS[:, None].ravel()),
    ),
    "numbers beyond float32": (
        lambda: fit(x=X * 1e39),
        "which float32 cannot hold: its largest number is .* give the network dtype='float64'",
        lambda: network(dtype="float64").predict(X * 1e39),
    ),
    "targets beyond a cost": (
        lambda: fit(network(3, 1, cost="cross_entropy"), y=NUMBERS),
        "takes targets from 0 to 1: .* or use cost='quadratic' with identity outputs",
        lambda: fit(
            network(3, 1, cost="quadratic", activations=["identity"]),
            y=NUMBERS,
        ),
    ),
    "several labels at once": (
        lambda: fit(y=np.ones((40, 2))),
        "row 0 of y sums to 2, .* need sigmoid outputs and cost='binary_cross_entropy'",
        lambda: fit(
            network(cost="binary_cross_entropy", activations=["relu", "sigmoid"]),
            y=np.ones((40, 2)),
        ),
    ),
    "a source in predict": (
        lambda: network().predict(source((X, LABELS))),
        r"x is a source, .* x, y = source.read\(0, 40\) gives them",
        lambda: network().predict(source((X, LABELS)).read(0, 40)[0]),
    ),
    "pairs without y": (
        lambda: network().fit(PAIRS, epochs=1),
        r"x, y = zip\(\*pairs\) makes both, and fit also takes bpnet.data.source\(pairs\)",
        lambda: (
            [fit(x=list(map(list, x)), y=y) for x, y in [tuple(zip(*PAIRS, strict=True))]]
            + [network().fit(source(PAIRS), epochs=1, batch_size=8)]
        ),
    ),
    "an iterator without y": (
        lambda: network().fit(iter(PAIRS), epochs=1),
        r"bpnet.data.IterableSource\(make, samples\) reads",
        lambda: network().fit(IterableSource(lambda: iter(PAIRS), 40), epochs=1, batch_size=8),
    ),
    "an iterable as a source": (
        lambda: source(iter(PAIRS)),
        r"an iterable is read by IterableSource\(make, samples\)",
        lambda: IterableSource(lambda: iter(PAIRS), 40).read(0, 4),
    ),
    "weights of a source": (
        lambda: fit(x=source((X, LABELS)), y=None, sample_weight=np.ones(40)),
        "a source has the targets itself, and takes no weights",
        lambda: fit(x=source((X, LABELS)), y=None),
    ),
    "a target beside arrays": (
        lambda: source((X, LABELS), target="kind"),
        "but the data are a tuple: leave target out",
        lambda: source((X, LABELS)),
    ),
    "probabilities of numbers": (
        lambda: regression().predict_proba(X),
        r"use net.predict\(x\), not net.predict_proba\(x\)",
        lambda: regression().predict(X),
    ),
    "accuracy of numbers": (
        lambda: regression().accuracy(X, NUMBERS),
        r"use net.score\(x, y\), not net.accuracy\(x, y\)",
        lambda: regression().score(X, NUMBERS),
    ),
    "no average": (
        lambda: network().averaged(),
        r"there is no moving average: fit\(..., average=0.999\) keeps one",
        lambda: [fit(net, average=0.999) and net.averaged() for net in [network()]],
    ),
    "smoothing of numbers": (
        lambda: fit(regression(), y=NUMBERS, label_smoothing=0.1),
        "label_smoothing is for classification, and the task is regression: leave it out",
        lambda: fit(regression(), y=NUMBERS),
    ),
    "class weights of numbers": (
        lambda: fit(regression(), y=NUMBERS, class_weight="balanced"),
        "class_weight is for classification, .*or give sample_weight",
        lambda: fit(regression(), y=NUMBERS, sample_weight=np.ones(40)),
    ),
    "softmax with its wrong cost": (
        lambda: network(cost="cross_entropy", activations=["relu", "softmax"]),
        "softmax outputs go with categorical_cross_entropy",
        lambda: network(cost="categorical_cross_entropy", activations=["relu", "softmax"]),
    ),
    "outputs that a cost is not defined for": (
        lambda: network(3, 1, cost="cross_entropy", activations=["tanh"]),
        "but tanh gives from -1 to 1: use sigmoid in the output layer",
        lambda: network(3, 1, cost="cross_entropy", activations=["sigmoid"]),
    ),
    "softmax for several labels": (
        lambda: network(task="multilabel"),
        "use sigmoid outputs with binary_cross_entropy",
        lambda: network(
            cost="binary_cross_entropy", activations=["relu", "sigmoid"], task="multilabel"
        ),
    ),
    "dropout of the outputs": (
        lambda: network(3, Layer(2, dropout=0.5)),
        "the output layer takes no dropout: give it to a layer before it",
        lambda: network(3, Layer(4, dropout=0.5), 2),
    ),
    "noise of a hidden layer": (
        lambda: network(3, Layer(4, noise=0.5), 2),
        r"layer 1 has noise 0.5, but only the input layer, sizes\[0\], may",
        lambda: network(Layer(3, noise=0.5), 4, 2),
    ),
    "a residual layer of another width": (
        lambda: network(3, Layer(4, residual=True), 2),
        "layer 1 has 4 neurons and is residual, but layer 0 has 3: they must be equal",
        lambda: network(3, Layer(3, residual=True), 2),
    ),
    "one layer": (
        lambda: bpnet.Network([3]),
        r"at least an input and an output layer, as \[784, 10\]",
        lambda: bpnet.Network([784, 10]),
    ),
    "L-BFGS with dropout": (
        lambda: fit_lbfgs(network(3, Layer(4, dropout=0.5), 2)),
        r"but layer 1 has dropout.*: set that to 0, or use .* bpnet.Adam\(\)",
        lambda: [
            fit_lbfgs(network(3, Layer(4, dropout=0.0), 2)),
            fit(network(3, Layer(4, dropout=0.5), 2), optimizer=bpnet.Adam()),
        ],
    ),
    "L-BFGS with batch normalization": (
        lambda: fit_lbfgs(network(3, Layer(4, normalization="batch"), 2)),
        'use normalization="layer"',
        lambda: fit_lbfgs(network(3, Layer(4, normalization="layer"), 2)),
    ),
    "L-BFGS with a bound": (
        lambda: fit_lbfgs(clip_norm=1.0),
        r"L-BFGS does not support clip_norm=1.0: leave it out, or use .* bpnet.Adam\(\)",
        lambda: [fit_lbfgs(), fit(clip_norm=1.0, optimizer=bpnet.Adam())],
    ),
    "L-BFGS one by one": (
        lambda: [
            list(one) for one in [network().fitting(X, LABELS, optimizer=bpnet.LBFGS(), epochs=2)]
        ],
        "cannot be asked for one by one: use net.fit",
        lambda: fit_lbfgs(),
    ),
    "L-BFGS with checkpoints": (
        lambda: fit_lbfgs(callbacks=[bpnet.Checkpoint("a")]),
        "L-BFGS cannot write checkpoints, .*leave Checkpoint out",
        lambda: fit_lbfgs(),
    ),
    "settings of a schedule that is made": (
        lambda: schedules.get(schedules.Constant(0.1), steps=3),
        "steps cannot be given with a schedule that is made already, .* give it to its class",
        lambda: schedules.Cosine(0.1, steps=3),
    ),
    "a class that needs arguments": (
        lambda: fit(optimizer=bpnet.SGD(schedules.Cosine)),
        r"not the class Cosine: Cosine\(...\) makes one",
        lambda: fit(optimizer=bpnet.SGD(schedules.Cosine(0.1, steps=10))),
    ),
    "a frozen object": (
        lambda: setattr(bpnet.SGD(0.1), "learning_rate", 0.2),
        r"SGD cannot be changed: replaced\(learning_rate=...\) makes a changed copy",
        lambda: bpnet.SGD(0.1).replaced(learning_rate=0.2),
    ),
    "a field deleted": (
        lambda: delattr(bpnet.SGD(0.1), "learning_rate"),
        "SGD cannot be changed",
        lambda: bpnet.SGD(0.1).replaced(learning_rate=0.2),
    ),
    "a column that is not there": (
        lambda: fit(callbacks=[bpnet.EarlyStopping("validation_cost")]),
        r"give fit validation=\(x, y\) for validation's",
        lambda: fit(validation=(X, LABELS), callbacks=[bpnet.EarlyStopping("validation_cost")]),
    ),
    "a function as a callback": (
        lambda: fit(callbacks=[lambda fit, row: None]),
        r"a function becomes one as on_epoch_end\(self, fit, row\) of a subclass",
        lambda: fit(
            callbacks=[type("Mine", (bpnet.Callback,), {"on_epoch_end": lambda *_: None})()]
        ),
    ),
    "a metric without a name": (
        lambda: fit(metrics=[lambda y, a: 0.0]),
        r"bpnet.metrics.CustomMetric\(function, name=...\) gives it one",
        lambda: fit(metrics=[bpnet.metrics.CustomMetric(lambda y, a: 0.0, name="mine")]),
    ),
    "a metric that is not defined": (
        lambda: fit(metrics=["auc"], validation=(X[:2], [1, 1])),
        "Leave it out of metrics, or give other validation samples",
        lambda: [
            fit(validation=(X[:2], [1, 1])),
            fit(metrics=["auc"], validation=(X[:2], [0, 1])),
        ],
    ),
    "too small a share": (
        lambda: fit(x=X[:2], y=LABELS[:2], validation=0.01),
        r"give another share, or \(x, y\)",
        lambda: fit(validation=0.25),
    ),
    "no checkpoint is due": (
        lambda: bpnet.Checkpoint("a", every_epochs=None),
        "set every_steps, every_epochs, every_seconds or best",
        lambda: [
            bpnet.Checkpoint("a", every_epochs=None, **{name: value})
            for name, value in [("every_steps", 5), ("every_seconds", 9), ("best", "train_cost")]
        ],
    ),
    "trained already": (
        lambda: [next(iter(one)) and fit(net) for net, one in _in_training()],
        r"train a copy \(net.copy\(\)\)",
        lambda: [next(iter(one)) and fit(net.copy()) for net, one in _in_training()],
    ),
    "a type that NumPy lacks": (
        lambda: network(compute_dtype="bfloat16"),
        r"\(compute_dtype=None trains in the parameters' own dtype\)",
        lambda: fit(network(compute_dtype=None)),
    ),
    "a name that is taken": (
        lambda: _registered("ours") and bpnet.backends.register("ours", "numpy:array"),
        r"or call bpnet.backends.unregister\('ours'\) first",
        lambda: bpnet.backends.unregister("ours"),
    ),
    "nothing to draw": (
        lambda: bpnet.training.History().plot("a.png"),
        "the history is empty, so there is nothing to draw: train first",
        lambda: pytest.importorskip("matplotlib") and fit().plot("a.png"),
    ),
}


def _in_training():
    net = network()
    with net.fitting(X, LABELS, epochs=2, batch_size=8) as one:
        yield net, one


def _registered(name):
    with contextlib.suppress(ValueError):
        bpnet.backends.unregister(name)
    bpnet.backends.register(name, "array_api_strict:asarray")
    return True


@pytest.mark.parametrize("case", CASES)
def test_what_a_message_advises_works(case, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fails, words, advised = CASES[case]
    with pytest.raises((ValueError, TypeError, RuntimeError, AttributeError), match=words):
        fails()
    advised()


@pytest.mark.parametrize(
    "x", [X[:, 0], X[0], pictured(X), X[0].tolist()], ids=["column", "sample", "images", "list"]
)
def test_the_code_that_makes_samples_of_an_array(x):
    width = 1 if np.shape(x) == (40,) else 6 if np.ndim(x) == 3 else 3
    net = network(width, 2)
    with pytest.raises(ValueError, match="samples are rows") as caught:
        net.predict(x)
    code = re.search(r"((?:numpy\.asarray\()?x\)?(?:\[.*\]|\.reshape\(.*?\)))", str(caught.value))
    made = eval(code[1], {"x": x, "numpy": np})
    assert net.predict(made).shape == (len(made),)


# ------------------------------------------------------------------ files

ROWS = "".join(f"{a:.3f},{b:.3f},{'ab'[int(a > b)]},{k / 4}\n" for k, (a, b, _) in enumerate(X))


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A folder with files of which something is to be read otherwise."""
    monkeypatch.chdir(tmp_path)
    Path("a.csv").write_text(f"size,age,kind,price\n{ROWS}")
    np.savez_compressed("large.npz", a=np.arange(10.0**7) % 7, kind=np.arange(10**7) % 2)
    np.savez("both.npz", x=X, y=LABELS)
    np.save("x.npy", X)
    np.save("y.npy", LABELS)


FILES = {
    "classes that are fractions": (
        lambda: load_table("a.csv", "price", task="classification"),
        "to predict numbers, use task='regression' or --task regression",
        lambda: [
            load_table("a.csv", "price", task="regression"),
            train("--data", "a.csv", "--target", "price", "--task", "regression"),
        ],
    ),
    "more memory than the limit": (
        lambda: load_table("large.npz", "kind"),
        r"raise it: max_bytes=\d+ in Python, --max-bytes \d+ on the command line",
        lambda: load_table(
            "large.npz",
            "kind",
            max_bytes=int(_told(FILES["more memory than the limit"], r"max_bytes=(\d+)")),
        ),
    ),
    "a source without a target": (
        lambda: source("a.csv"),
        "a.csv: name the column to predict, as target=...",
        lambda: source("a.csv", target="price"),
    ),
    "a source with text": (
        lambda: source("a.csv", target="price").read(0, 40),
        r"column 'kind': '.' is not a number; .*leave the column out by columns=...",
        lambda: bpnet.data.CsvSource("a.csv", "price", columns=["size", "age"]).read(0, 40),
    ),
    "a source without features": (
        lambda: bpnet.data.CsvSource("a.csv", "price", columns=[]),
        r"no column is left as a feature: name one in columns=\[...\]",
        lambda: bpnet.data.CsvSource("a.csv", "price", columns=["size"]),
    ),
    "an archive as a source": (
        lambda: source(("both.npz", "y.npy")),
        "save x and y by numpy.save, each in a file of its own",
        lambda: source(("x.npy", "y.npy")).read(0, 40),
    ),
    "a folder that is not there": (
        lambda: network().save("models/a.safetensors"),
        "There is no folder '.*models', create it first",
        lambda: [Path("models").mkdir(), network().save("models/a.safetensors")],
    ),
    "a log that is another file": (
        lambda: fit(callbacks=[bpnet.CSVLog("a.csv")]),
        "'a.csv' is not a log of epochs, as it begins with 'size', not 'epoch': name another file",
        lambda: fit(callbacks=[bpnet.CSVLog("log.csv")]),
    ),
    "a log with other columns": (
        lambda: _logged(validation=(X, LABELS)),
        "has epochs 1 to 2 with the columns .*, but the history has .*: name another file",
        lambda: fit(callbacks=[bpnet.CSVLog("b.csv")]),
    ),
    "a model to resume": (
        lambda: [network().save("a.safetensors"), fit(resume="a.safetensors")],
        "is a model, not a checkpoint, .* bpnet.load reads it, and its fit begins anew",
        lambda: fit(bpnet.load("a.safetensors")),
    ),
    "a checkpoint of another fit": (
        lambda: [fit(callbacks=[bpnet.Checkpoint("c")]), fit(resume="c", batch_size=4)],
        r"its batch size is 8, here it is 4; .* train the network of bpnet.load\(checkpoint\)",
        lambda: [
            fit(resume="c"),
            fit(bpnet.load(sorted(Path("c").glob("*.safetensors"))[-1]), batch_size=4),
        ],
    ),
    "checkpoints of a fit that came further": (
        lambda: [fit(callbacks=[bpnet.Checkpoint("d")]), fit(callbacks=[bpnet.Checkpoint("d")])],
        r"resume it by fit\(..., resume='d'\), remove them, or name another folder",
        lambda: [
            fit(resume="d", epochs=3, callbacks=[bpnet.Checkpoint("d")]),
            fit(callbacks=[bpnet.Checkpoint("e")]),
        ],
    ),
}


def _told(case, pattern):
    """What a pattern finds in the message of a case."""
    try:
        case[0]()
    except Exception as error:
        return re.search(pattern, str(error))[1]


def _logged(**options):
    net = network()
    fit(net, callbacks=[bpnet.CSVLog("log2.csv")])
    fit(net, callbacks=[bpnet.CSVLog("log2.csv")], **options)


def train(*flags):
    assert main(["train", "--quiet", "--epochs", "1", *flags]) == 0


@pytest.mark.parametrize("case", FILES)
def test_what_a_message_about_files_advises_works(case, files):
    fails, words, advised = FILES[case]
    with pytest.raises((ValueError, TypeError, OSError), match=words):
        fails()
    advised()


# ------------------------------------------------------------------ warnings


def warned(function):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        function()
    return [str(one.message) for one in caught]


def test_the_number_of_steps_of_a_warning_lasts():
    def trained(steps):
        return fit(optimizer=bpnet.SGD(schedules.Cosine(0.1, steps=steps)))

    (told,) = warned(lambda: trained(6))
    steps = int(re.search(r"Give it (\d+) steps to last until the end", told)[1])
    assert warned(lambda: trained(steps)) == []


def test_a_schedule_begins_anew_with_the_optimizer():
    net, optimizer = network(), bpnet.SGD(schedules.Cosine(0.1, steps=10))
    fit(net, optimizer=optimizer)
    (told,) = warned(lambda: fit(net, optimizer=optimizer))
    assert told.endswith("net.reset_optimizer() before the fit begins it anew")
    net.reset_optimizer()
    assert warned(lambda: fit(net, optimizer=optimizer)) == []


def test_the_activations_of_a_warning_reach_the_targets():
    x, y = X, NUMBERS[:, None]
    (told,) = warned(lambda: fit(network(3, 4, 1, cost="quadratic"), x, y))
    names = eval(re.search(r"Use activations=(\[.*?\])", told)[1])
    assert warned(lambda: fit(network(3, 4, 1, cost="quadratic", activations=names), x, y)) == []
