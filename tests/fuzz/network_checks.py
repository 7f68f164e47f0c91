"""What must hold for every network and every training."""

import contextlib
import copy
import pickle
import tempfile
import warnings
from itertools import pairwise
from pathlib import Path

import numpy as np
import scipy.sparse
from _backends import host
from fuzz.network_reference import Reference, labels_of, rows_of, smoothed, torch, weights_of
from sklearn import metrics

import bpnet
import bpnet.data.sparse
from bpnet.backends.numpy import NumpyBackend
from bpnet.compiler.state import leaves_of
from bpnet.data import ArraySource, NpySource, SequenceSource, Source
from bpnet.randomness import epoch_order

CLOSE = 1e-11
BACKENDS = ("torch", "strict")
TIMES = ("seconds", "communication")


class PlainBackend(NumpyBackend):
    """NumPy, without a compiler: the plain loop does the steps."""

    target = None


def plain():
    return PlainBackend("cpu", "float64")


def strict():
    from _strict import strict_backend

    return strict_backend("device1", "float64")


def backend_of(name):
    return {"plain": plain, "strict": strict}.get(name, lambda: name)()


# ------------------------------------------------------------------ what is compared


def trained(net, case, *more, x=None, **changes):
    """Every array and figure after fits: of the case, then with each of some changed settings."""
    figures = []
    for settings in (changes, *more):
        settings = dict(settings)
        between = settings.pop("between", None)
        if between is not None:
            net = between(net) or net
        samples = (x,) if isinstance(x, Source) else (case.x if x is None else x, case.y)
        try:
            history = net.fit(*samples, **{**case.fit, **settings}, progress=False)
            figures += [row[name] for row in history for name in row if name not in TIMES]
        except bpnet.DivergenceError as error:
            figures += ["diverged", len(error.history)]
    arrays = [host(net, one) for one in leaves_of(net.state._replace(loss_scale=()))]
    return arrays, figures, (net.epochs, net.steps)


def assert_close(found, expected, tolerance=CLOSE):
    """Arrays and figures agree."""
    (arrays, figures, counts), (others, other_figures, other_counts) = found, expected
    assert counts == other_counts
    for one, other in zip(arrays, others, strict=True):
        assert_arrays_close(one, other, tolerance)
    for one, other in zip(figures, other_figures, strict=True):
        if isinstance(one, str) or isinstance(other, str):
            assert one == other
        else:
            assert_arrays_close(np.array([one]), np.array([other]), tolerance)


def assert_arrays_close(one, other, tolerance=CLOSE, size=1.0):
    one, other = np.asarray(one, float), np.asarray(other, float)
    assert one.shape == other.shape
    differ = (one != other) & ~(np.isnan(one) & np.isnan(other))
    difference = np.abs(one[differ] - other[differ]).max(initial=0.0)
    size = np.abs(other[np.isfinite(other)]).max(initial=max(size, 1.0))
    assert difference <= tolerance * size, f"{difference:.1e} apart"


def assert_same_bits(found, expected):
    (arrays, figures, counts), (others, other_figures, other_counts) = found, expected
    assert counts == other_counts
    assert repr(figures) == repr(other_figures)
    for one, other in zip(arrays, others, strict=True):
        assert one.dtype == other.dtype
        assert one.tobytes() == other.tobytes(), f"{np.abs(one - other).max():.1e} apart"


# ------------------------------------------------------------------ the checks


def plan_and_loop(case, dice):
    """A compiled step does what the plain loop does; so after other settings and parameters."""
    n = len(case.x)
    draw = np.random.default_rng(case.seed)

    def other_parameters(net):
        w, b = ([draw.normal(0.0, 0.5, host(net, p).shape) for p in ps] for ps in parts_of(net))
        net.set_parameters(w, b)

    more = (
        {"batch_size": dice.randint(1, n + 1)},
        {"epochs": 1, "optimizer": dice.choice((bpnet.SGD(0.01), bpnet.Momentum(0.01, 0.5)))},
        {"epochs": 1, "between": other_parameters},
    )[: dice.randint(0, 3)]
    found = trained(case.make(), case, *more)
    draw = np.random.default_rng(case.seed)
    assert_close(found, trained(case.make(plain()), case, *more))


def parts_of(net):
    return net.weights, net.biases


def other_libraries(case, dice):
    """Every library computes the same outputs, gradients and trainings."""
    names = BACKENDS if dice.random() < 0.97 else (*BACKENDS, "jax")
    for name in names:
        net, other = case.make(), case.make(backend_of(name))
        for what in ("feedforward", "predict"):
            one = np.asarray(getattr(net, what)(case.x), float)
            assert_arrays_close(host(other, getattr(other, what)(case.x)), one)
        assert_arrays_close(other.total_cost(case.x, case.y), net.total_cost(case.x, case.y))
        assert_arrays_close(other.score(case.x, case.y), net.score(case.x, case.y), 1e-9)
        for one, same in zip(gradients(other, case), gradients(net, case), strict=True):
            assert_arrays_close(one, same, 1e-10)
        epochs = {"epochs": 1} if name == "jax" else {}
        assert_close(trained(other, case, **epochs), trained(net, case, **epochs), 1e-10)


def gradients(net, case):
    """The gradient by each array of parameters."""
    found = net.backprop(case.x, case.y)
    every = (*found.weights, *found.biases, *found.scales, *found.shifts)
    return [host(net, one) for one in every]


def autograd(case, dice):
    """PyTorch's gradients, and a step with penalties, bounds, weights and smoothing, are ours."""
    net = case.make()
    rows, reference = rows_of(case.y, net), Reference(net)
    assert_arrays_close(net.feedforward(case.x), detached(reference.outputs(case.x, False)[0]))
    cost = reference.mean_cost(case.x, rows, training=False).item()
    assert_arrays_close(net.total_cost(case.x, case.y), cost)
    reference.mean_cost(case.x, rows).backward()
    expected = [detached(leaf.grad) for leaf in reference.leaves()]
    largest = max(np.abs(one).max() for one in expected)
    for found, one in zip(gradients(net, case), expected, strict=True):
        # That of a bias before batch normalization is 0, the rounding of large numbers' sum.
        assert_arrays_close(found, one, 1e-10, size=1e-4 * largest)
    one_step(case)


def one_step(case):
    """A step over all samples, where nothing in it is random."""
    layers = case.make().model.architecture.layers
    if any(one.dropout or one.noise for one in layers):
        return
    settings = {k: v for k, v in case.fit.items() if k in STEP}
    if case.make().model.architecture.batch_norm_layers:
        settings.pop("accumulate", None)  # each part has statistics of its own
    net, rate = case.make(), 0.05
    rows, reference, weights = rows_of(case.y, net), Reference(net), case.fit.get("sample_weight")
    if "label_smoothing" in settings:
        rows = smoothed(rows, settings["label_smoothing"])
    expected = reference.mean_cost(case.x, rows, weights).item()
    reference.step(case.x, rows, weights, rate, settings)
    found = net.step(case.x, case.y, optimizer=bpnet.SGD(rate), **settings)
    assert_arrays_close(found, expected)
    own = (*net.weights, *net.biases)
    both = zip(own, (*reference.weights, *reference.biases), strict=True)
    for one, leaf in both:
        assert_arrays_close(one, detached(leaf), 1e-10)


STEP = (
    *("l1", "l2", "max_norm", "clip_value", "clip_norm", "accumulate", "label_smoothing"),
    "sample_weight",
)


def detached(tensor):
    return tensor.detach().numpy()


def history(case, dice):
    """A fit's figures are those of single steps, and of its parameters afterwards."""
    net, alone, weights = case.make(), case.make(), weights_of(case)
    try:
        found = net.fit(case.x, case.y, **case.fit, progress=False)
    except bpnet.DivergenceError:
        return
    n, size = len(case.x), case.fit["batch_size"]
    settings = {k: v for k, v in case.fit.items() if k in (*STEP, "optimizer", "average")}
    mass = np.ones(n) if weights is None else weights
    for epoch, row in enumerate(found):
        total, order = 0.0, epoch_order(net.seed, epoch, n)
        batches = [order[k : k + size] for k in range(0, n, size)]
        if any(mass[rows].sum() == 0.0 for rows in batches):
            return  # a step by itself refuses it
        for rows in batches:
            if weights is not None:
                settings["sample_weight"] = weights[rows]
            total += alone.step(case.x[rows], case.y[rows], **settings) * mass[rows].sum()
        if not case.fit.get("evaluate_training"):
            assert_arrays_close(row["train_cost"], total / mass.sum(), 1e-10)
    assert_arrays_close(net.state.theta, alone.state.theta, 1e-10)
    last = list(found)[-1]
    if case.fit.get("evaluate_training"):
        assert_figures(last, "train", net, case.x, case.y)
    if "validation" in case.fit:
        assert_figures(last, "validation", net, *case.held)


def assert_figures(row, kind, net, x, y):
    """Figures of the parameters at the end of an epoch, by PyTorch and scikit-learn."""
    reference, rows = Reference(net), rows_of(y, net)
    a = detached(reference.outputs(x, False)[0])
    cost = reference.mean_cost(x, rows, training=False).item()
    assert_arrays_close(row[f"{kind}_cost"], cost)
    if net.task == "classification":
        y = labels_of(y)
        labels = (a[:, 0] > 0.5).astype(int) if a.shape[1] == 1 else a.argmax(axis=1)
        expected = {"accuracy": np.mean(labels == y), "log_loss": log_loss(a, y)}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of classes that the targets lack
            expected["balanced_accuracy"] = metrics.balanced_accuracy_score(y, labels)
    else:
        distance = np.abs(a - rows)
        expected = {"mae": distance.mean(), "rmse": np.sqrt((distance**2).mean(axis=0)).mean()}
        if len(y) > 1:
            expected["r2"] = metrics.r2_score(rows, a)
    for name, figure in expected.items():
        if f"{kind}_{name}" in row:
            assert_arrays_close(row[f"{kind}_{name}"], figure, 1e-9)


def log_loss(a, y):
    """scikit-learn's, of outputs that are brought to a sum of 1."""
    p = np.concatenate([1 - a, a], axis=1) if a.shape[1] == 1 else a / a.sum(axis=1, keepdims=True)
    return metrics.log_loss(y, p, labels=np.arange(p.shape[1]))


def resumed(case, dice):
    """From any checkpoint on, a fit comes to the bits of one that was let be."""
    every = dice.randint(1, 5)

    def settings(folder):
        return {"callbacks": [bpnet.Checkpoint(folder, every_steps=every, keep=1000)]}

    with tempfile.TemporaryDirectory() as folder:
        whole = trained(case.make(), case, **settings(Path(folder, "whole")))
        if "diverged" in whole[1]:
            return
        checkpoint = dice.choice(sorted(Path(folder, "whole").glob("epoch-*")))
        found = trained(case.make(), case, **settings(Path(folder, "resumed")), resume=checkpoint)
        assert_same_bits(found, whole)


def moved(case, dice):
    """A network that is copied, pickled or moved and back trains on as it would have."""
    ways = {
        "the same": lambda net: net,
        "copy": copy.copy,
        "deep copy": copy.deepcopy,
        "pickle": lambda net: pickle.loads(pickle.dumps(net)),
        "to PyTorch and back": lambda net: net.to("torch").to("numpy"),
    }
    again = {"epochs": 1, "batch_size": dice.randint(1, len(case.x))}
    expected = trained(case.make(), case, again)
    for _, way in dice.sample(list(ways.items()), 2):
        found = trained(case.make(), case, {**again, "between": way})
        assert_same_bits(found, expected)


def saved(case, dice):
    """A model's file has all but the optimizer's memory and the average."""

    def from_file(net):
        with tempfile.TemporaryDirectory() as folder:
            net.save(Path(folder, "model.safetensors"))
            custom = [one for one in (net.cost, *net.activations) if hasattr(one, "value_of")]
            return bpnet.load(
                Path(folder, "model.safetensors"), custom={one.name: one for one in custom}
            )

    again = {"epochs": 1, "average": 0.0}
    found = trained(case.make(), case, {**again, "between": from_file}, average=0.0)
    assert_same_bits(found, trained(case.make(), case, {**again, "between": forget}, average=0.0))


def forget(net):
    net.reset_optimizer()


def streamed(case, dice):
    """Sources of one content train alike, by a plan and by the plain loop, resumed or not."""
    changes = dict.fromkeys(("sample_weight", "class_weight"))
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        x, y = Path(folder, "x.npy"), Path(folder, "y.npy")
        np.save(x, case.x)
        np.save(y, case.y)
        sources = [
            ArraySource(case.x, case.y),
            SequenceSource(list(zip(case.x, case.y, strict=True))),
            stack.enter_context(NpySource(x, y)),
        ]
        found = [trained(case.make(), case, x=one, **changes) for one in sources]
        for one in found[1:]:
            assert_same_bits(one, found[0])
        assert_close(found[0], trained(case.make(plain()), case, x=sources[0], **changes))


def sparse(case, dice):
    """A sparse matrix trains to the same bits as the dense array, however few rows are dense."""
    make = dice.choice((scipy.sparse.csr_matrix, scipy.sparse.csc_array, scipy.sparse.coo_array))
    changes = {} if "validation" in case.fit else {"validation": (make(case.x), case.y)}
    found = trained(case.make(), case, changes)
    before = bpnet.data.sparse._ENTRIES
    bpnet.data.sparse._ENTRIES = dice.randint(1, case.x.size)
    try:
        assert_same_bits(trained(case.make(), case, changes, x=make(case.x)), found)
    finally:
        bpnet.data.sparse._ENTRIES = before


def parts(case, dice):
    """What is trained in parts, as by several ranks, is what one process trains."""
    changes = {"accumulate": 1} if case.make().model.architecture.batch_norm_layers else {}
    if dice.random() < 0.3 and len(case.x) > 3:
        changes["validation"] = 0.4
    blocks = dice.choice((1, 2, 3, 4, 4, 7, 16, None))
    x = scipy.sparse.csr_array(case.x) if dice.random() < 0.3 else case.x
    found = trained(case.make(), case, x=x, parallel="serial", blocks=blocks, **changes)
    assert_close(found, trained(case.make(), case, x=x, **changes), 1e-9)


def lbfgs(case, dice):
    """Each iteration lowers the objective; figures are those of the parameters; so elsewhere."""
    layers = case.make().model.architecture.layers
    net = case.make()
    if any(one.dropout or one.noise for one in layers) or net.model.architecture.batch_norm_layers:
        return
    changes = {"validation": case.held} if dice.random() < 0.5 else {}
    try:
        found = net.fit(
            case.x, case.y, epochs=4, optimizer=bpnet.LBFGS(), progress=False, **changes
        )
    except bpnet.DivergenceError:  # a trial step that is too long overflows exponentials
        assert "exponential" in {one.name for one in net.activations}
        return
    if not len(found):
        return  # at a minimum already
    assert_figures(list(found)[-1], "train", net, case.x, case.y)
    costs = [case.make().total_cost(case.x, case.y), *found["train_cost"]]
    assert all(later <= earlier for earlier, later in pairwise(costs))
    other = case.make("torch")
    again = other.fit(case.x, case.y, epochs=4, optimizer=bpnet.LBFGS(), progress=False, **changes)
    assert_arrays_close(again["train_cost"][:2], found["train_cost"][:2], 1e-7)


EVERY = (
    plan_and_loop,
    other_libraries,
    autograd,
    history,
    resumed,
    moved,
    saved,
    streamed,
    sparse,
    parts,
    lbfgs,
)
CHECKS = {one.__name__: one for one in EVERY}


def check(name, case, dice):
    """One check of one case; AssertionError, or whatever bpnet raises, if it fails."""
    torch.set_num_threads(1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", UserWarning)  # of targets that outputs do not reach
        CHECKS[name](case, dice)
