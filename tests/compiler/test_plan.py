"""A plan: one step as straight calls into buffers does what the plain loop does, in fewer calls."""

import functools
import itertools
import math
import random
import sys
import threading
import tracemalloc
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from _backends import relative
from _cases import ACTIVATIONS, COSTS, DEFINED, PARTNERS, SOFTSIGN, pairwise, samples

import bpnet
from bpnet.activations import CustomActivation, PerNeuron
from bpnet.compiler import compile_forward, compile_step
from bpnet.compiler.plain import plain_forward, plain_run
from bpnet.compiler.rewriting import accumulate, fold_scale
from bpnet.compiler.targets import numpy as _numpy_plan
from bpnet.compiler.targets.blocking import BlockwisePlan
from bpnet.compiler.trace import record
from bpnet.costs import CustomCost
from bpnet.training import StepConfig, make_step
from bpnet.training.step import step_inputs

OPTIMIZERS = {
    "sgd": bpnet.SGD(0.05),
    "momentum": bpnet.Momentum(0.02),
    "nesterov": bpnet.Nesterov(0.02),
    "adam": bpnet.Adam(0.01),
}
# Sizes of the layers and of a mini-batch: arrays of one shape that are not one another's.
SHAPES = {
    "equal": ((3, 4, 4, 4, 2), 6),
    "square": ((5, 5, 5, 5), 5),
    "single": ((2, 1, 1, 1), 1),
    "shallow": ((4, 3), 7),
    "uneven": ((3, 8, 2, 3), 4),
}
# A function of one's own, some functions in a layer, one function named neuron by neuron.
OWN = ("softsign", "mixed", "uniform")
ANY_OUTPUT = ("quadratic", "huber", "quartic")
QUARTIC = CustomCost(
    lambda a, y, xp: 0.025 * xp.sum(xp.square(xp.square(a - y)), axis=-1),
    lambda a, y, xp: 0.1 * (a - y) * xp.square(a - y),
    name="quartic",
)
GRID = pairwise(
    (*ACTIVATIONS, *OWN), (*COSTS, "quartic"), tuple(OPTIMIZERS), ("0", "0.01"), tuple(SHAPES)
)


def hidden(activation, width):
    """The activation of a hidden layer."""
    if activation == "mixed":
        functions = ("sigmoid", "sigmoid", "identity", "tanh", "elu", "relu")
        return PerNeuron(functions[:width] + ("tanh",) * (width - len(functions)))
    if activation == "uniform":
        return PerNeuron(["tanh"] * width)
    return SOFTSIGN if activation == "softsign" else activation


class Trial:
    """A step, its state and samples on a backend, to be run by a plan and by the plain loop."""

    def __init__(self, backend, step, state, x, y, m, rates, smaller=None):
        self.backend, self.step, self.state, self.m, self.rates = backend, step, state, m, rates
        self.smaller = smaller or (m + 1) // 2
        self.x, self.y = (backend.from_host(one, backend.dtype) for one in (x, y))
        self.order = np.random.default_rng(0).integers(0, len(x), (len(rates), m))
        self.planned = compile_step(backend, step)
        self.plain = plain_run(backend, step)

    def run(self, by, state, first=0, last=6, m=None, **options):
        """Some of the steps."""
        order, rates = self.order[first:last, :m], self.rates[first:last]
        return by(state, self.x, self.y, order, rates, **options)

    def values(self, *states):
        """A copy of every array of some states, as NumPy's."""
        return [self.backend.to_numpy(one) for one in flat(states)]

    def assert_agreement(self, tolerance=1e-12):
        """Blocks of steps, a smaller mini-batch among them, end in the same state by both ways."""
        before = self.values(self.state)
        found = expected = self.state
        for first, last, m in ((0, 3, self.m), (3, 4, self.smaller), (4, 6, self.m)):
            found, found_z = self.run(self.planned, found, first, last, m)
            expected, expected_z = self.run(self.plain, expected, first, last, m)
            both = self.values(found, found_z), self.values(expected, expected_z)
            for one, other in zip(*both, strict=True):
                assert np.isfinite(other).all()
                assert one.dtype == other.dtype
                assert relative(one, other) <= tolerance
        assert all(map(np.array_equal, self.values(self.state), before))

    def graph(self):
        """The step as it was recorded."""
        shapes = (self.m, *self.x.shape[1:]), (self.m, *self.y.shape[1:])
        return record(self.step, self.backend.dtype, self.state, *shapes, self.rates[0])[0]


def training(backend, activation, cost, optimizer, l2, shape, compute=""):
    """The training of a network, names standing for what is in the tables above."""
    sizes, m = SHAPES.get(shape, shape)
    optimizer = OPTIMIZERS.get(optimizer, optimizer)
    anywhere = isinstance(activation, str) and (cost in ANY_OUTPUT or activation in DEFINED[cost])
    output = hidden(activation, sizes[-1]) if anywhere else PARTNERS[cost]
    net = bpnet.Network(
        sizes,
        activations=[*(hidden(activation, n) for n in sizes[1:-1]), output],
        cost=QUARTIC if cost == "quartic" else cost,
        backend=backend,
        seed=1,
    )
    step = make_step(
        net.model.architecture, net.cost, StepConfig(optimizer, l2=float(l2), compute=compute)
    )
    theta = 0.3 * net.state.theta + 0.05  # nothing overflows on its way through the layers
    state = theta, optimizer.init(theta, backend.xp), (), (), ()
    x, y = samples(cost, 23, sizes[0], sizes[-1])
    return Trial(backend, step, state, x, y, m, [optimizer.rates(t) for t in range(6)])


def layered(backend, what, m=6, compute=""):
    """Some steps of a net whose layers do more than activate."""
    layer = functools.partial(bpnet.Layer, 4)
    first, hidden = {
        "dropout": (bpnet.Layer(3, dropout=0.2), [layer(dropout=0.5), layer(dropout=0.3)]),
        "noise": (bpnet.Layer(3, noise=0.5), [layer()]),
        "batch": (3, [layer(normalization="batch"), layer(normalization="batch")]),
        "layer": (3, [layer(normalization="layer")]),
        "residual": (4, [layer(residual=True), layer(residual=True, normalization="layer")]),
    }[what]
    net = bpnet.Network(
        [first, *hidden, 2],
        activations="tanh",
        cost="log_likelihood",
        backend=backend,
        seed=1,
    )
    recipe = StepConfig(
        bpnet.Momentum(0.05),
        l1=0.01,
        max_norm=1.0,
        clip_norm=0.5,
        accumulate=2,
        average=0.5,
        compute=compute,
    )
    net._store.init_optimizer(recipe)
    state = tuple(tuple(map(backend.copy, part)) for part in net.state[1:])
    state = backend.copy(net.state.theta), *state
    x, y = samples("categorical_cross_entropy", 23, net.sizes[0], 2)
    rates = [step_inputs(net.model, recipe, 5, t, t) for t in range(6)]
    step = make_step(net.model, recipe)
    return Trial(backend, step, state, x, y, m, rates)


def flat(state):
    """The arrays of nested tuples."""
    return [one for part in state for one in flat(part)] if isinstance(state, tuple) else [state]


@pytest.fixture(params=["numpy", "numpy-blocks", "numpy-alone", "torch", "torch-blocks"])
def backend(request, monkeypatch):
    """NumPy and PyTorch, also with blocks of three elements, so that every chain goes by them.

    NumPy alone is without its BLAS.
    """
    name, _, how = request.param.partition("-")
    if name == "torch":
        request.getfixturevalue("torch")
        monkeypatch.setattr("bpnet.compiler.targets.torch.TorchPlan.block", 3 if how else 2**17)
    elif how == "blocks":
        monkeypatch.setattr(BlockwisePlan, "block", 3)
    elif how == "alone":
        monkeypatch.setattr(_numpy_plan, "blas", lambda dtype: None)
    chosen = bpnet.get_backend(name, dtype="float64")
    with chosen.scope():
        yield chosen


@pytest.fixture
def numpy_backend():
    chosen = bpnet.get_backend("numpy", dtype="float64")
    with chosen.scope():
        yield chosen


@pytest.fixture
def plans(monkeypatch):
    """The plans that are made in the course of a test."""
    made = []

    def watched(kind):
        class Watched(kind):
            def __init__(self, *args, **options):
                super().__init__(*args, **options)
                made.append(self)

        return Watched

    monkeypatch.setattr(_numpy_plan, "NumpyPlan", watched(_numpy_plan.NumpyPlan))
    with_torch = pytest.importorskip(
        "bpnet.compiler.targets.torch", reason="torch is not installed"
    )
    monkeypatch.setattr(with_torch, "TorchPlan", watched(with_torch.TorchPlan))
    return made


# ------------------------------------------------------------------ the same results


@pytest.mark.parametrize("case", GRID, ids="-".join)
def test_a_plan_agrees_with_the_loop(case, backend, plans):
    trial = training(backend, *case)
    trial.assert_agreement()
    assert len(plans) == len({trial.m, trial.smaller})  # one for each size of a batch


@pytest.mark.parametrize("what", ["dropout", "noise", "batch", "layer", "residual"])
def test_layers_that_do_more_are_planned_and_agree(what, backend, plans):
    layered(backend, what).assert_agreement()
    assert plans


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("activation", ["sigmoid", "leaky_relu", "gelu", "mixed"])
def test_large_layers_go_through_the_cache_by_blocks(activation, optimizer, numpy_backend, plans):
    shape = (300, 230, 3), 300  # 69,000 activations, 69,923 parameters
    training(numpy_backend, activation, "quadratic", optimizer, 0.01, shape).assert_agreement()
    loops = [line for line in plans[0].source.splitlines() if line.strip().startswith("for c0")]
    assert len(loops) >= 3  # forward, backward, parameters


def test_single_precision_stays_single(plans):
    backend = bpnet.get_backend("numpy", dtype="float32")
    trial = training(backend, "gelu", "huber", "adam", 0.01, "equal")
    trial.assert_agreement(1e-5)
    arrays = [one for one in plans[0]._names.values() if isinstance(one, np.ndarray)]
    assert {one.dtype.name for one in arrays} <= {"float32", "bool"}


def test_rates_are_those_of_each_step(backend):
    trial = training(backend, "tanh", "quadratic", "sgd", 0.01, "equal")
    trial.rates = [(0.1,), (0.3,), (0.2,), (0.2,), (0.05,), (0.4,)]
    found = expected = trial.state
    for first, last in ((0, 2), (2, 4), (4, 6), (3, 4)):  # they vary, stay, vary; are of one step
        found, _ = trial.run(trial.planned, found, first, last)
        expected, _ = trial.run(trial.plain, expected, first, last)
        assert relative(*trial.values(found[0], expected[0])) <= 1e-12


# ------------------------------------------------------------------ whose the arrays are


def test_a_run_continues_its_own_state_and_copies_any_other(backend):
    trial = training(backend, "sigmoid", "quadratic", "adam", 0.01, "equal")
    expected, z = trial.run(trial.plain, trial.state)
    for _ in range(2):
        half, first = trial.run(trial.planned, trial.state, 0, 2)
        kept = trial.values(first)
        found, second = trial.run(trial.planned, half, 2, 6)
        for one, other in zip(trial.values(found), trial.values(expected), strict=True):
            assert relative(one, other) <= 1e-12
        assert np.array_equal(kept, trial.values(first))  # outputs are no buffer
        both = np.concatenate([*trial.values(first), *trial.values(second)])
        assert relative(both, *trial.values(z)) <= 1e-12


@pytest.mark.parametrize("done", [0, 1, 4])
def test_it_stops_between_two_steps(done, backend):
    trial = training(backend, "tanh", "huber", "momentum", 0, "uneven")
    for by in (trial.planned, trial.plain):
        asked = itertools.count(1)
        state, z = trial.run(by, trial.state, stop=lambda asked=asked: next(asked) > done)
        assert next(asked) == done + 2
        if not done:
            assert z is None
            assert all(map(np.array_equal, trial.values(state), trial.values(trial.state)))
            continue
        expected, expected_z = trial.run(trial.plain, trial.state, 0, done)
        assert tuple(z.shape) == (done, 4, 3)
        pairs = zip(trial.values(state, z), trial.values(expected, expected_z), strict=True)
        assert all(relative(*pair) <= 1e-12 for pair in pairs)


@pytest.mark.parametrize("what", ["max", "sum"])
@pytest.mark.parametrize("keepdims", [False, True])
def test_outputs_may_be_reductions(what, keepdims, backend):
    def step(xp, state, x, y, rates):
        reduced = getattr(xp, what)(1.0 * x, axis=1, keepdims=keepdims)
        return state, reduced if keepdims else xp.reshape(reduced, (-1, 1))

    x = np.random.default_rng(0).random((23, 4))
    state = (backend.from_host(np.zeros(3), "float64"),)
    Trial(backend, step, state, x, x, 6, [(0.1,)] * 6).assert_agreement()


def test_no_step_at_all_leaves_the_state(backend):
    trial = training(backend, "tanh", "huber", "momentum", 0, "uneven")
    for by in (trial.plain, trial.planned, trial.planned):
        state, z = trial.run(by, trial.state, 0, 0)
        assert z is None
        assert all(map(np.array_equal, trial.values(state), trial.values(trial.state)))


# ------------------------------------------------------------------ optimizers of one's own


class Remembering(bpnet.SGD):
    """Heavy ball by the last two points: each step's parameters are the next one's memory."""

    def init(self, theta, xp):
        return (1.0 * theta,)

    def update(self, theta, gradient, memory, rates, xp):
        (eta,), (before,) = rates, memory
        return theta + 0.5 * (theta - before) - eta * gradient, (theta,)


class Keeping(bpnet.SGD):
    """Hands out the gradient, beside what was handed out before."""

    def init(self, theta, xp):
        return xp.zeros_like(theta), xp.zeros_like(theta)

    def update(self, theta, gradient, memory, rates, xp):
        return theta - rates[0] * gradient, (gradient, memory[0])


class Exchanging(bpnet.SGD):
    """Two memories that change places, and one that is kept twice."""

    def init(self, theta, xp):
        return tuple(theta + one for one in (1.0, 2.0, 3.0))

    def update(self, theta, gradient, memory, rates, xp):
        new = theta - rates[0] * gradient
        return new, (memory[1], memory[0], new)


class Decoupled(bpnet.SGD):
    """Part of the parameters decays beside the gradient; they are put together at the end."""

    def update(self, theta, gradient, memory, rates, xp):
        new, k = theta - rates[0] * gradient, theta.shape[0] // 2
        return xp.concat([0.9 * new[:k], 1.0 * new[k:]]), memory


class Doubled(bpnet.SGD):
    """What is computed into its place within a whole is read again after the whole."""

    def update(self, theta, gradient, memory, rates, xp):
        k = 3
        head, rest = gradient[:k] * gradient[:k], 2.0 * gradient[k:]
        whole = xp.concat([head, rest]) * 3.0
        return theta - rates[0] * (whole + xp.concat([head, head, rest[k:]])), memory


class Reshaped(bpnet.SGD):
    """Gives its result a shape, its own."""

    def update(self, theta, gradient, memory, rates, xp):
        new = xp.reshape(theta - rates[0] * gradient, theta.shape)
        return new, memory


class Looking(bpnet.SGD):
    """Its result is a view of what it reads on, in a chain of its own making."""

    def init(self, theta, xp):
        return (0.0 * theta,)

    def update(self, theta, gradient, memory, rates, xp):
        new = theta - rates[0] * gradient
        seen = xp.tanh(2.0 * xp.tanh(new))
        return xp.reshape(new, theta.shape), (xp.concat([seen[:5], seen[5:]]),)


OWN_OPTIMIZERS = (Remembering, Keeping, Exchanging, Decoupled, Doubled, Reshaped, Looking)


@pytest.mark.parametrize("kind", OWN_OPTIMIZERS)
def test_an_optimizer_of_ones_own_is_planned(kind, backend, plans):
    training(backend, "sigmoid", "quadratic", kind(0.05), 0.01, "equal").assert_agreement()
    assert plans


# ------------------------------------------------------------------ what a plan does not know


def masked(z, xp):
    a = 1.0 * z
    a[z < 0.0] = 0.0
    return a


UNKNOWN = {
    "function": lambda z, xp: xp.sin(z),
    "branch": lambda z, xp: z if xp.max(z) > 0.0 else 0.5 * z,
    "number": lambda z, xp: z * (1.0 + 1e-3 * float(xp.sum(z))),
    "power": lambda z, xp: z**3,
    "mask": masked,
    "row": lambda z, xp: z - 0.1 * z[0, :],
    "constant": lambda z, xp: z * xp.pi,
    "array": lambda z, xp: z + xp.linspace(0.0, 1.0, z.shape[1], dtype=z.dtype),
    "keyword": lambda z, xp: xp.clip(z, min=-0.5, max=0.5),
    "method": lambda z, xp: z - 0.1 * z.mean(),
    "axes": lambda z, xp: z - 0.1 * xp.sum(z, axis=(0, 1)),
    "foreign": lambda z, xp: z + xp.asarray(math.pi, dtype=z.dtype),
}


def with_own(backend, value_of, derivative_of, compute=""):
    """A trial whose hidden layers have an activation of one's own."""
    own = CustomActivation(value_of, derivative_of)
    return training(backend, own, "quadratic", "adam", 0.01, "equal", compute)


@pytest.mark.parametrize("what", UNKNOWN)
def test_what_a_plan_does_not_know_the_loop_does(what, backend, plans):
    trial = with_own(backend, UNKNOWN[what], lambda z, a, xp: 1.0 + 0.0 * z)
    trial.assert_agreement(0.0)
    assert not plans


def test_what_a_plan_does_not_know_numpy_does(numpy_backend, plans):
    trial = with_own(numpy_backend, lambda z, xp: np.sin(z), lambda z, a, xp: np.cos(z))
    trial.assert_agreement(0.0)
    assert not plans


# Truth values, integers and two precisions among the numbers: types that meet in an operation.
MIXTURES = {
    "product": lambda z, xp: z * (z > 0.0),
    "swapped": lambda z, xp: (z > 0.0) * z,
    "number": lambda z, xp: z + 0.5 * (z > 0.0),
    "count": lambda z, xp: z + 0.5 * xp.sum(z > 0.0, axis=1, keepdims=True),
    "cast": lambda z, xp: z * xp.astype(z != 0.5, z.dtype),
    "selection": lambda z, xp: xp.where(z > 0.0, z, 0.0),
    "integers": lambda z, xp: z + 0.1 * xp.astype(xp.astype(3.0 * z, xp.int32), z.dtype),
    "single": lambda z, xp: z * xp.astype(xp.astype(z, xp.float32), z.dtype),
    "wider": lambda z, xp: xp.astype(z, xp.float32) * z,
    "narrower": lambda z, xp: z * xp.astype(z, xp.float32),
}


@pytest.mark.parametrize("what", MIXTURES)
def test_types_that_meet_are_those_of_the_loop(what, backend):
    trial = with_own(backend, MIXTURES[what], lambda z, a, xp: xp.astype(z > 0.0, z.dtype))
    trial.assert_agreement()


def shared(t, xp):
    """What is computed into its place within a whole stands elsewhere in it once more."""
    return xp.concat([t, t[:, 1:], t[:, :1]], axis=1)


def later(t, xp):
    """What is computed into its place within a whole is read after the whole was."""
    whole = xp.concat([t, t + 1.0], axis=1) * 2.0
    return whole[:, : t.shape[1]] + xp.exp(t)


# Arrays that show others' memory, as they come up with functions of several neurons.
VIEWS = {
    "reversed": lambda z, xp: xp.tanh(z) + 0.5 * xp.tanh(z)[:, ::-1],
    "rolled": lambda z, xp: xp.tanh(xp.concat([z[:, 1:], z[:, :1]], axis=1)),
    "repeated": lambda z, xp: xp.concat([xp.tanh(z[:, :2])] * 2, axis=1),
    "shared": lambda z, xp: shared(xp.tanh(z[:, :2]), xp),
    "later": lambda z, xp: later(xp.tanh(z), xp),
    "transposed": lambda z, xp: 0.01 * (xp.tanh(z) @ z.T @ z),
    "reshaped": lambda z, xp: xp.reshape(xp.tanh(xp.reshape(z, (-1,))), z.shape) * z,
    "whole": lambda z, xp: xp.tanh(z) * xp.exp(-z[:, :]),
    "stale": lambda z, xp: z * xp.tanh(2.0 * z)[:, :],
}


@pytest.mark.parametrize("what", VIEWS)
def test_views_show_what_they_show_in_the_loop(what, backend, plans):
    if what == "reversed" and backend.name == "torch":
        pytest.skip("PyTorch has no views in reverse")
    trial = with_own(backend, VIEWS[what], lambda z, a, xp: 0.5 * a)
    trial.assert_agreement()
    assert plans


def beside(t, xp):
    """What is computed into its place within a whole is laid out anew."""
    whole = xp.concat([t, 2.0 * t], axis=1)
    return whole + 0.1 * xp.reshape(xp.reshape(t, (-1,)), (-1, 1))[: t.shape[0], :]


# Entries that no view shows in that order.
LAID_OUT = {
    "turned": lambda z, xp: z + 0.1 * xp.reshape(xp.tanh(z).T, z.shape),
    "flattened": lambda z, xp: z + 0.1 * xp.reshape(xp.reshape(z.T, (-1,)), z.shape),
    "narrow": lambda z, xp: z + 0.1 * xp.reshape(z[:, :2], (2 * z.shape[0], 1))[: z.shape[0], :],
    "beside": lambda z, xp: beside(xp.tanh(z[:, :2]), xp),
}


@pytest.mark.parametrize("what", LAID_OUT)
def test_what_is_laid_out_anew_is_so_at_each_step(what, backend):
    with_own(backend, LAID_OUT[what], lambda z, a, xp: 0.5 * a).assert_agreement()


# ------------------------------------------------------------------ steps at random


def random_step(seed, length=12):
    """A step of operations chosen by chance, on four by four numbers and on vectors of twelve."""

    def step(xp, state, x, y, rates):
        draw = random.Random(seed)
        matrices, vectors = [x, y], list(state)

        def m():
            return draw.choice(matrices)

        def v():
            return draw.choice(vectors)

        def a_part():
            return xp.tanh(m()[:, :2]) if draw.random() < 0.5 else m()[:, 1:3]

        def joined():
            part, other = a_part(), a_part()
            ways = [[part, other], [part, part], [part, other[:, :1], part[:, 1:]]]
            return xp.concat(draw.choice(ways), axis=1)

        def gradient():
            return xp.concat([xp.reshape(m().T @ m()[:, :2], (-1,)), xp.sum(m(), axis=0)])

        def mended():
            k = draw.randint(1, 11)
            return xp.concat([draw.choice([1.0, rates[0]]) * v()[:k], v()[k:]])

        of_matrices = [
            lambda: xp.tanh(m()),
            lambda: xp.abs(m()) - 0.5 * m(),
            lambda: xp.maximum(m(), m()[:, :]),
            lambda: m() * (1.0 - m()),
            lambda: rates[1] * m() - rates[0],
            lambda: xp.where(m() > 0.1, m(), draw.choice([0.2, m()])),
            lambda: xp.astype(m() > 0.1, x.dtype) - m(),
            lambda: m() + vectors[0][4:8],
            lambda: m() - xp.max(m(), axis=-1, keepdims=True),
            lambda: m() - 0.3 * xp.sum(m(), axis=0),
            lambda: xp.tanh(m() @ m()),
            lambda: xp.tanh(m() @ xp.reshape(v(), (3, 4)).T @ xp.reshape(v(), (3, 4))),
            lambda: xp.reshape(xp.tanh(xp.reshape(xp.tanh(m()), (-1,))), (4, 4)),
            joined,
        ]
        of_vectors = [
            lambda: xp.tanh(v()),
            lambda: v() - xp.tanh(v() * v()),
            lambda: draw.choice([0.7, rates[0]]) * v(),
            lambda: draw.choice([1.0, rates[1]]) * gradient(),
            mended,
        ]
        for _ in range(length):
            if draw.random() < 0.6:
                matrices.append(draw.choice(of_matrices)())
            else:
                vectors.append(draw.choice(of_vectors)())
        z = m() @ m() + v()[8:]
        late = xp.concat([v()[:8], xp.sum(xp.tanh(z), axis=0)])
        return tuple(xp.tanh(draw.choice([v(), v(), late])) if k else v() for k in range(3)), z

    return step


def at_random(backend, seed):
    """A trial of such a step."""
    draw = np.random.default_rng(seed)
    state = tuple(backend.from_host(one, backend.dtype) for one in draw.uniform(-1, 1, (3, 12)))
    x, y = draw.uniform(-1, 1, (2, 23, 4))
    rates = [(0.1 + 0.01 * k, 0.3) for k in range(6)]
    return Trial(backend, random_step(seed), state, x, y, 4, rates, smaller=4)


@pytest.mark.parametrize("seed", range(50))
def test_any_step_agrees_with_the_loop(seed, backend):
    at_random(backend, seed).assert_agreement(1e-9)


# ------------------------------------------------------------------ a forward pass


@pytest.mark.parametrize("activation", [*ACTIVATIONS, *OWN])
def test_a_forward_pass_agrees_with_the_plain_one(activation, backend, plans):
    net = bpnet.Network(
        [3, 4, 4, 2],
        activations=[*[hidden(activation, 4)] * 2, "sigmoid"],
        backend=backend,
        seed=1,
    )
    forward = net.model.forward
    run = compile_forward(backend, forward)
    plain = plain_forward(backend, forward)
    x = backend.from_host(np.random.default_rng(0).standard_normal((40, 3)), "float64")
    for theta in ((net.state.theta, ()), (0.5 * net.state.theta, ())):
        found = [run(theta, x[:m, :]) for m in (1, 2, 16, 17, 40, 2)]
        again = run(theta, x[2:4, :])
        views = [run(theta, one) for one in (x[:30:10, :], x[:1, :])]
        for z, m in zip(found, (1, 2, 16, 17, 40, 2), strict=True):
            expected = backend.to_numpy(plain(theta, x[:m, :]))
            assert relative(backend.to_numpy(z), expected) <= 1e-12  # and stays so
        assert relative(backend.to_numpy(again), backend.to_numpy(plain(theta, x[2:4, :]))) <= 1e-12
        every = backend.to_numpy(plain(theta, x[:30:10, :]))
        assert relative(backend.to_numpy(views[0]), every) <= 1e-12
    assert len(plans) == 2 * 4  # of 1, 2, 3 and 16 samples, for each theta


@pytest.mark.parametrize("order", ["C", "F"])
def test_a_forward_pass_takes_samples_as_they_are(order, numpy_backend):
    net = bpnet.Network([30, 4, 2], backend=numpy_backend, seed=1)
    x = np.asarray(np.random.default_rng(0).standard_normal((5, 60)), order=order)[:, ::2]
    x.flags.writeable = False
    expected = np.concatenate([net.feedforward(x[k : k + 1].copy()) for k in range(5)])
    assert relative(net.feedforward(x), expected) <= 1e-12


def test_threads_may_predict_at_the_same_time():
    net = bpnet.Network([300, 300, 300, 10], seed=0)
    x = np.random.default_rng(0).standard_normal((16, 1, 300)).astype("float32")
    expected = [net.feedforward(one) for one in x]

    def all_right(_):
        return all(np.allclose(net.feedforward(x[k]), expected[k]) for k in range(16))

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(4) as pool:
            assert all(pool.map(all_right, range(100)))
    finally:
        sys.setswitchinterval(interval)


# ------------------------------------------------------------------ the scale of the gradient


def scaled(graph):
    """Products of a number and a vector of all parameters."""
    products = [node for node in graph.nodes if node.op == "multiply" and node.ndim == 1]
    return [node for node in products if any(one.is_scalar for one in node.args)]


def assert_folded(trial, before, after):
    """Folding leaves that many products of a number and a vector, and the results."""
    found = []
    for fold in (False, True):
        graph = trial.graph()
        if fold:
            fold_scale(graph)
        assert len(scaled(graph)) == (after if fold else before)
        state = [trial.backend.copy(one) for one in flat(trial.state)]
        plan = _numpy_plan.NumpyPlan(trial.backend, graph, state)
        _, z = plan.run(trial.x, trial.y, trial.order, trial.rates, lambda: False)
        found.append([*state, z])
    assert all(relative(*pair) <= 1e-12 for pair in zip(*found, strict=True))


@pytest.mark.parametrize("output", ["sigmoid", "softmax", "softplus", "mixed", "identity"])
@pytest.mark.parametrize(
    ("optimizer", "l2", "before", "after"),
    [
        ("sgd", 0, 1, 0),  # eta, to where 1/m is
        ("sgd", 0.01, 2, 2),  # it multiplies the weights' decay, too
        ("momentum", 0, 2, 2),
        ("adam", 0, 3, 3),
    ],
)
def test_the_gradients_scale_is_moved_to_where_it_is_small(
    output, optimizer, l2, before, after, numpy_backend
):
    trial = training(numpy_backend, output, "quadratic", optimizer, l2, ((3, 4, 2), 4))
    assert_folded(trial, before, after)


def test_two_numbers_that_multiply_the_error_become_one(numpy_backend):
    graph = training(numpy_backend, "sigmoid", "quadratic", "sgd", 0, ((3, 4, 2), 4)).graph()

    def multiplied():
        return sum(
            node.op == "multiply" and node.ndim == 2 and any(one.is_scalar for one in node.args)
            for node in graph.nodes
        )

    before = multiplied()
    fold_scale(graph)
    assert multiplied() == before


def linear(end, xp, state, x, y, rates):
    """A step of linear regression, of which the update is given."""
    theta = state[0]
    z = x @ theta[:6].reshape((2, 3)).T + theta[6:]
    delta = z - y
    g = xp.concat([xp.reshape(delta.T @ x, (-1,)), xp.sum(delta, axis=0)])
    return end(xp, rates[0], theta, delta, g), z


ENDS = {
    "alone": lambda xp, eta, theta, delta, g: (theta - eta * g, theta - 1.0),
    "merged": lambda xp, eta, theta, delta, g: (theta - (g * 0.5) * eta, theta - 1.0),
    "kept": lambda xp, eta, theta, delta, g: (theta - eta * g, g),
    "squared": lambda xp, eta, theta, delta, g: (theta - eta * g, g * g),
    "seen": lambda xp, eta, theta, delta, g: (
        theta - eta * g,
        theta - xp.concat([theta[:6], xp.sum(delta * delta, axis=0)]),
    ),
    "passed": lambda xp, eta, theta, delta, g: (theta - eta * (g * theta), g),
    "divided": lambda xp, eta, theta, delta, g: (theta - eta * (g / 2.0 * theta), theta - 1.0),
    "inverse": lambda xp, eta, theta, delta, g: (theta - eta * (1e-4 / g * theta), theta - 1.0),
    "bent": lambda xp, eta, theta, delta, g: (theta - eta * xp.tanh(g), theta - 1.0),
    "clipped": lambda xp, eta, theta, delta, g: (theta - eta * xp.clip(g, -0.1, 0.1), theta - 1.0),
}


@pytest.mark.parametrize(
    ("end", "m", "before", "after"),
    [
        ("alone", 2, 1, 0),
        ("merged", 2, 2, 0),
        ("kept", 2, 1, 1),
        ("squared", 2, 1, 1),
        ("seen", 2, 1, 1),
        ("passed", 2, 1, 1),
        ("divided", 2, 1, 0),
        ("inverse", 2, 1, 1),
        ("bent", 2, 1, 1),
        ("clipped", 2, 1, 1),
        ("alone", 9, 1, 1),  # the mini-batch's outputs outnumber the parameters
    ],
)
def test_the_scale_stays_where_the_gradient_is_read_otherwise(end, m, before, after, numpy_backend):
    x, y = samples("quadratic", 23, 3, 2)
    step, state = functools.partial(linear, ENDS[end]), (np.linspace(-1.0, 1.0, 8), np.zeros(8))
    trial = Trial(numpy_backend, step, state, x, y, m, [(0.1 + 0.01 * k,) for k in range(6)])
    assert_folded(trial, before, after)
    trial.assert_agreement()


def bare(xp, state, x, y, rates):
    """A step whose gradient begins with what it hands out."""
    (theta,) = state
    z = x @ theta[:6].reshape((2, 3)).T
    g = xp.concat([xp.reshape(z.T @ x, (-1,)), xp.sum(z, axis=0)])
    return (theta - rates[0] * g,), z


def test_the_scale_does_not_reach_the_outputs(numpy_backend):
    x, y = samples("quadratic", 23, 3, 2)
    trial = Trial(numpy_backend, bare, (np.linspace(-1.0, 1.0, 8),), x, y, 2, [(0.1,)] * 6)
    assert_folded(trial, 1, 1)
    trial.assert_agreement()


# ------------------------------------------------------------------ products added to the state


def followed(theta):
    """The next state, of which another part depends on it."""
    return theta, 0.5 * theta


def added(end, m=2):
    """What becomes of a step's graph when products are added to the state, and the trial."""
    x, y = samples("quadratic", 23, 3, 2)
    step, state = functools.partial(linear, end), (np.linspace(-1.0, 1.0, 8), np.ones(8))
    backend = bpnet.get_backend("numpy", dtype="float64")
    trial = Trial(backend, step, state, x, y, m, [(0.1 + 0.01 * k,) for k in range(6)])
    graph = trial.graph()
    fold_scale(graph)
    accumulate(graph)
    return trial, Counter(node.op for node in graph.nodes)


@pytest.mark.parametrize(
    ("end", "sums"),
    [
        (lambda xp, eta, theta, delta, g: (theta - eta * g, xp.ones_like(theta)), 1),
        (lambda xp, eta, theta, delta, g: (g * eta + 0.5 * theta, xp.ones_like(theta)), 1),
        (lambda xp, eta, theta, delta, g: followed(theta - eta * g), 1),
        (lambda xp, eta, theta, delta, g: (g * eta + eta * theta, xp.ones_like(theta)), 0),
        (lambda xp, eta, theta, delta, g: (eta * g - theta, xp.ones_like(theta)), 0),
        (lambda xp, eta, theta, delta, g: (theta - eta * g, theta), 0),
        (lambda xp, eta, theta, delta, g: (theta - eta * g, xp.tanh(theta)), 0),
        (lambda xp, eta, theta, delta, g: (theta - eta * g, theta + g), 0),
    ],
    ids=["sgd", "decay", "followed", "rate", "swapped", "passed", "late", "twice"],
)
def test_products_are_added_where_nothing_else_reads_them(end, sums):
    trial, found = added(end)
    assert found["addmm"] == found["addmv"] == sums
    trial.assert_agreement()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("flipped", list(itertools.product([False, True], repeat=2)))
@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 3, 4), (4, 1, 3), (3, 4, 1), (2, 3, 4)])
def test_blas_adds_products_to_an_array(dtype, flipped, shape):
    m, k, n = shape
    blas = _numpy_plan.blas(dtype)
    if blas is None:
        pytest.skip("this NumPy's BLAS is not to be found")
    rng = np.random.default_rng(0)
    left, right, out = (rng.random(size).astype(dtype) for size in ((m, k), (k, n), (m, n)))
    if flipped[0]:
        left = np.ascontiguousarray(left.T).T
    if flipped[1]:
        right = np.ascontiguousarray(right.T).T
    wanted = 0.5 * out - 2.0 * (left @ right)
    blas.product(left, right, out, alpha=-2.0, beta=0.5)()
    assert relative(out, wanted) <= 10 * np.finfo(dtype).eps


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", [1, 7, 20_000])
@pytest.mark.parametrize("into", ["x", "y"])
def test_blas_adds_a_multiple_to_an_array(dtype, size, into):
    blas = _numpy_plan.blas(dtype)
    if blas is None or not blas.adds:
        pytest.skip("this NumPy's BLAS is not to be found, or has no such sum")
    x, y = np.random.default_rng(0).standard_normal((2, size)).astype(dtype)
    kept, number, out = (x.copy(), y.copy()), blas.number(), {"x": x, "y": y}[into]
    call = blas.scaled_sum(x, y, number, out)
    number.value = -0.3  # read when it is called
    call()
    expected = kept[0] - 0.3 * kept[1]
    np.testing.assert_allclose(out, expected, rtol=1e-5, atol=4 * np.finfo(dtype).eps)
    other = y if into == "x" else x
    assert np.array_equal(other, kept[into == "x"])


def test_blas_leaves_to_numpy_what_it_cannot_add():
    blas = _numpy_plan.blas("float64")
    if blas is None or not blas.adds:
        pytest.skip("this NumPy's BLAS is not to be found, or has no such sum")
    x, y, third = np.zeros((3, 4, 4))
    wrong = {
        "a third": (x, y, third),
        "the same twice": (x, x, x),
        "in another order": (x, y.T, x),
        "a row": (x, y[0], x),
        "in pieces": (x[:, :2], y[:, :2], x[:, :2]),
    }
    number = blas.number(1.0)
    for x, y, out in wrong.values():
        assert blas.scaled_sum(x, y, number, out) is None


def test_sums_over_many_samples_lose_no_digit_on_pytorch(torch):
    """As they would by BLAS, which adds up one by one, and rounds each time."""
    rng = np.random.default_rng(0)
    x, y = rng.random((512, 600)), rng.random((512, 64)) + 1.0
    found = []
    for dtype in ("float32", "float64"):
        net = bpnet.Network(
            [600, 64, 64],
            activations=["tanh", "identity"],
            initializer="zeros",
            backend="torch",
            dtype=dtype,
        )
        net.fit(x, y, epochs=1, batch_size=512, optimizer=bpnet.SGD(1.0))
        found.append(net.backend.to_numpy(net.biases[1]))
    assert relative(*found) < 2 * np.finfo("float32").eps


# ------------------------------------------------------------------ as few calls as now


def digits(backend, activation, optimizer, l2=0):
    """The book's network for handwritten digits."""
    return training(backend, activation, "quadratic", optimizer, l2, ((784, 30, 10), 10))


@pytest.mark.parametrize(
    ("activation", "optimizer", "l2", "most"),
    [("sigmoid", "sgd", 0, 25), ("relu", "sgd", 0, 19), ("relu", "adam", 0.01, 29)],
)
@pytest.mark.parametrize("name", ["numpy", "torch"])
def test_a_step_makes_no_more_calls_than_now(name, activation, optimizer, l2, most, plans):
    trial = digits(bpnet.get_backend(name, dtype="float64"), activation, optimizer, l2)
    with trial.backend.scope():
        trial.run(trial.planned, trial.state)
    body = plans[0].source.partition("fill(cell, values[k])\n")[2].splitlines()
    assert len(body) - 1 <= most  # but for the line that returns


@pytest.mark.parametrize(
    ("activation", "optimizer"), [("sigmoid", "sgd"), ("tanh", "adam"), ("relu", "momentum")]
)
@pytest.mark.parametrize("block", [2**15, 1000])
def test_a_step_allocates_no_array(activation, optimizer, block, numpy_backend, monkeypatch):
    monkeypatch.setattr(BlockwisePlan, "block", block)
    shape = (160, 160, 160, 128), 160
    trial = training(numpy_backend, activation, "quadratic", optimizer, 0.01, shape)
    trial.order = np.tile(trial.order, (10, 1))
    trial.rates = [OPTIMIZERS[optimizer].rates(t) for t in range(60)]
    trial.run(trial.planned, trial.state)
    held, peaks = [], []

    def look():
        now, peak = tracemalloc.get_traced_memory()
        peaks.append(peak - held[-1] if held else 0)
        tracemalloc.reset_peak()
        held.append(now)
        return False

    tracemalloc.start()
    try:
        trial.run(trial.planned, trial.state, last=60, stop=look)
    finally:
        tracemalloc.stop()
    assert max(peaks) < 100_000  # bytes, of NumPy's iterators; the smallest matrix has 163,840
    assert held[-1] - held[1] < 60 * 150  # what this test keeps


_TOLD = ("out", "grad_input", "copy_", "fill_.Scalar")


def test_pytorch_is_told_where_to_put_each_result(torch):
    from torch.utils._python_dispatch import TorchDispatchMode

    class Calls(TorchDispatchMode):
        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            seen[function.name()] += 1
            return function(*args, **(kwargs or {}))

    trial = digits(bpnet.get_backend("torch", dtype="float64"), "relu", "adam", 0.01)
    counts = []
    with trial.backend.scope():
        state, _ = trial.run(trial.planned, trial.state)
        for steps in (2, 5):
            seen = Counter()
            with Calls():
                state, _ = trial.run(trial.planned, state, last=steps)
            counts.append(seen)
    per_step = counts[1] - counts[0]
    assert sum(per_step.values()) == 3 * 23
    silent = [name for name in per_step if not name.endswith(_TOLD)]
    assert silent == []  # no array is made, and none is asked for its value


# ------------------------------------------------------------------ samples gathered beside


class Beside:
    """A run whose samples a thread may gather; ``seen`` is whether there was one, step by step."""

    def __init__(self, monkeypatch, sizes=(128, 3), samples=2**13, steps=2000):
        self.cores, self.steps, self.seen = 2, steps, []
        monkeypatch.setattr(_numpy_plan, "threads", lambda: self.cores)
        monkeypatch.setattr(_numpy_plan.NumpyPlan, "beside", 2**12)
        backend = bpnet.get_backend("numpy", dtype="float64")
        self.trial = training(backend, "tanh", "quadratic", "sgd", 0, (sizes, 8))
        rng = np.random.default_rng(0)
        self.trial.x, self.trial.y = rng.random((samples, sizes[0])), rng.random((samples, 3))
        self.trial.order = rng.integers(0, samples, (steps, 8))
        self.trial.rates = [OPTIMIZERS["sgd"].rates(0)] * steps

    def run(self, cores=2, stop=lambda: False):
        """The state and outputs."""
        self.cores = cores
        self.seen.clear()

        def look():
            self.seen.append(any(one.name == "bpnet-gather" for one in threading.enumerate()))
            return stop()

        with self.trial.backend.scope():
            return self.trial.run(self.trial.planned, self.trial.state, last=self.steps, stop=look)


@pytest.fixture(autouse=True)
def no_thread_is_left():
    yield
    assert not any(one.name == "bpnet-gather" for one in threading.enumerate())


def test_samples_gathered_beside_the_steps_are_the_same(monkeypatch):
    beside = Beside(monkeypatch)
    together = beside.run()
    assert all(beside.seen[:1000])  # at the end there is nothing left to gather
    alone = beside.run(cores=1)
    assert not any(beside.seen)
    for one, other in zip(flat(together), flat(alone), strict=True):
        assert np.array_equal(one, other)


def test_what_is_gathered_beside_ends_with_the_run(monkeypatch):
    beside = Beside(monkeypatch)
    _, z = beside.run(stop=lambda: len(beside.seen) > 100)
    assert len(z) == 100
    assert all(beside.seen)


def test_an_error_of_the_thread_is_the_runs(monkeypatch):
    def gather(self, x, rows, out):
        x.take(rows, 0, out, "clip")
        where.add(threading.current_thread().name)
        if len(beside.seen) > 50:
            raise MemoryError("no room")

    beside, where = Beside(monkeypatch), set()
    monkeypatch.setattr(_numpy_plan.NumpyPlan, "gather", gather)
    with pytest.raises(MemoryError, match="no room"):
        beside.run()
    assert where == {"bpnet-gather"}


def test_what_is_gathered_beside_ends_with_a_run_that_is_broken_off(monkeypatch):
    def interrupt():
        if len(beside.seen) > 100:
            raise KeyboardInterrupt
        return False

    beside = Beside(monkeypatch)
    with pytest.raises(KeyboardInterrupt) as held:  # the error, and by it the frames of the run
        beside.run(stop=interrupt)
    assert held.tb is not None
    assert all(beside.seen)
    assert not any(one.name == "bpnet-gather" for one in threading.enumerate())


@pytest.mark.parametrize(
    "given", [{"steps": 10}, {"samples": 100}, {"sizes": (128, 1500, 3), "steps": 30}], ids=str
)
def test_nothing_is_gathered_beside_where_that_gains_nothing(given, monkeypatch):
    beside = Beside(monkeypatch, **given)
    beside.run()
    assert beside.seen
    assert not any(beside.seen)
