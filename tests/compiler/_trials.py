"""Steps, states and samples that the compiler's tests run: by a plan, and by the plain loop."""

import functools
import math
import random

import numpy as np
from _backends import init_optimizer, relative
from _cases import ACTIVATIONS, COSTS, DEFINED, PARTNERS, SOFTSIGN, pairwise, samples

import bpnet
from bpnet.activations import CustomActivation, PerNeuron
from bpnet.compiler import compile_step
from bpnet.compiler.plain import PlainRun
from bpnet.compiler.state import leaves_of
from bpnet.compiler.trace import trace
from bpnet.costs import CustomCost
from bpnet.training import StepConfig, TrainingState, make_step
from bpnet.training.state import map_arrays
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
        self.plain = PlainRun(backend, step)

    def run(self, by, state, first=0, last=6, m=None, **options):
        """Some of the steps."""
        order, rates = self.order[first:last, :m], self.rates[first:last]
        return by(state, self.x, self.y, order, rates, **options)

    def values(self, *states):
        """A copy of every array of some states, as NumPy's."""
        return [self.backend.to_numpy(one) for one in leaves_of(states)]

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
        return trace(self.step, self.backend.dtype, self.state, *shapes, self.rates[0])


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
    step = make_step(net.model, StepConfig(optimizer, l2=float(l2), compute=compute))
    theta = 0.3 * net.state.theta + 0.05  # nothing overflows on its way through the layers
    state = TrainingState(theta, optimizer.init(theta, backend.xp))
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
    init_optimizer(net, recipe)
    state = map_arrays(backend.copy, net.state)
    x, y = samples("categorical_cross_entropy", 23, net.sizes[0], 2)
    rates = [step_inputs(net.model, recipe, 5, t, t) for t in range(6)]
    step = make_step(net.model, recipe)
    return Trial(backend, step, state, x, y, m, rates)


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


def bare(xp, state, x, y, rates):
    """A step whose gradient begins with what it hands out."""
    (theta,) = state
    z = x @ theta[:6].reshape((2, 3)).T
    g = xp.concat([xp.reshape(z.T @ x, (-1,)), xp.sum(z, axis=0)])
    return (theta - rates[0] * g,), z


def digits(backend, activation, optimizer, l2=0):
    """The book's network for handwritten digits."""
    return training(backend, activation, "quadratic", optimizer, l2, ((784, 30, 10), 10))


def graph_of(step, *shapes, x=(2, 3), y=(2, 2), rates=(0.1,), **options):
    """The graph of a step in float64 whose state has arrays of these shapes."""
    state = tuple(np.zeros(shape) for shape in shapes)
    return trace(step, "float64", state, x, y, rates, **options)


def lines(graph):
    """A graph as it is printed, without shapes and types."""
    return [line.partition("  ")[0] for line in str(graph).splitlines()]
