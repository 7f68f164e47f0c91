"""The arrays of a plan: buffers, views of them, and cells that hold numbers."""

import numpy as np
import pytest
from compiler._trials import graph_of

import bpnet
from bpnet.compiler.buffers import assign_buffers
from bpnet.compiler.ir import Node
from bpnet.compiler.memory import Memory, Numbers
from bpnet.compiler.scalars import constant, depends_on_rates, evaluate, scalar
from bpnet.compiler.schedule import Steps, schedule
from bpnet.compiler.targets.numpy import NumpyLibrary


@pytest.fixture
def library():
    return NumpyLibrary(bpnet.get_backend("numpy", dtype="float64"), "cpu")


def step(xp, state, x, y, rates):
    (w,) = state
    z = x @ xp.reshape(w[:6], (2, 3)).T
    return (w * 0.9,), z + xp.zeros_like(z)


def test_nodes_are_views_of_buffers(library):
    graph = graph_of(step, (8,))
    steps = Steps(graph)
    layout = assign_buffers(steps, schedule(steps))
    w = np.arange(8.0)
    memory = Memory(layout, library, {layout.places[graph.state[0]].buffer: w})
    view = next(node for node in graph.nodes if node.op == "transpose")
    assert np.array_equal(memory[view], w[:6].reshape(2, 3).T)
    assert np.shares_memory(memory[view], w)
    assert memory[view] is memory[view]
    assert memory[graph.results[0]] is w  # which is overwritten
    zeros = next(node for node in graph.nodes if node.op == "zeros")
    assert not memory[zeros].any()
    assert memory[graph.z].shape == (2, 2)


RATE = Node("rate", (), (), "float64", 1)
HALF = Node("constant", (), (), "float64", 0.5)


def test_numbers_lie_in_cells(library):
    numbers = Numbers(library)
    product = scalar("multiply", RATE, HALF, dtype="float64")
    fixed, varying = numbers.cell(scalar("negative", HALF, dtype="float64")), numbers.cell(product)
    assert fixed.shape == varying.shape == ()
    assert fixed == -0.5
    assert numbers.varying == [(product, varying)]
    assert numbers.cell(product) is varying
    assert numbers.name(product) is None


def test_numbers_are_evaluated_for_each_step():
    product = scalar("multiply", RATE, HALF, dtype="float32")
    assert depends_on_rates(product)
    assert not depends_on_rates(HALF)
    assert evaluate(product, np.asarray([[0.0, 1.0], [0.0, 3.0]])).tolist() == [0.5, 1.5]
    assert constant(scalar("add", HALF, HALF, dtype="float64")) == 1.0
