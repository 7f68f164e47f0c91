"""A graph that no pass may make is refused, and the node is named."""

import numpy as np
import pytest
from compiler._trials import graph_of, layered, training

import bpnet
from bpnet.compiler.ir import Graph, Node
from bpnet.compiler.passes import accumulate, fold_scale
from bpnet.compiler.verify import GraphError, apply_passes, verify


def step(xp, state, x, y, rates):
    (w,) = state
    z = x @ xp.reshape(w, (3, 2))
    return (w - rates[0] * xp.reshape(x.T @ (z - y), (-1,)),), z


@pytest.fixture
def graph():
    return graph_of(step, (6,))


def find(graph, op):
    return next(one for one in graph.nodes if one.op == op)


def with_nodes(graph, nodes):
    return Graph(tuple(nodes), graph.state, graph.x, graph.y, graph.results, graph.z)


def without(graph, op):
    return with_nodes(graph, (node for node in graph.nodes if node.op != op))


def replaced(op, /, **changes):
    def change(graph):
        node = find(graph, op)
        return graph.rewritten({node: node.replaced(**changes)})

    return change


def read_after_change(graph):
    """The weights are read once more after a product was added to them."""
    changed = accumulate(graph_of(plain_step, (6,)))
    joined = changed.results[0]
    late = Node("tanh", (changed.state[0],), (6,), "float64")
    total = Node("reshape", (late,), (3, 2), "float64")
    row = Node("sum", (total,), (2,), "float64", (0, False))
    z = Node("add", (changed.z, row), changed.z.shape, "float64")
    nodes = (*changed.nodes, late, total, row, z)
    assert joined.op == "joined"
    return Graph(nodes, changed.state, changed.x, changed.y, changed.results, z)


def plain_step(xp, state, x, y, rates):
    (w,) = state
    z = x @ xp.reshape(w, (3, 2))
    return (w - xp.concat([xp.reshape(x.T @ (z - y), (-1,))]),), z


BAD = {
    "twice": (lambda g: with_nodes(g, (*g.nodes, g.nodes[-1])), "listed twice"),
    "backwards": (lambda g: with_nodes(g, g.nodes[::-1]), "which comes after it"),
    "gap": (lambda g: without(g, "transpose"), "which is no node of the graph"),
    "output": (lambda g: without(g, "matmul"), "is no node of the graph"),
    "operation": (replaced("transpose", op="rotate"), "no such operation"),
    "shape": (replaced("subtract", shape=(7, 7)), "has the shape"),
    "type": (replaced("matmul", dtype=np.float32), "of float32, float64|has the type"),
    "product": (
        lambda g: g.rewritten({find(g, "transpose"): g.x}),
        "multiplies",
    ),
    "slice": (
        lambda g: g.rewritten({find(g, "reshape"): Node("reshape", (g.x,), (3, 1), "float64")}),
        "no reshape",
    ),
    "state": (
        lambda g: Graph(g.nodes, g.state, g.x, g.y, (g.z,), g.z),
        "becomes",
    ),
    "change": (read_after_change, "which was changed in place before"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_graph_that_is_not_sound_is_refused(what, graph):
    verify(graph)
    make, message = BAD[what]
    with pytest.raises(GraphError, match=message):
        verify(make(graph))


def test_a_change_in_place_must_be_what_the_state_becomes():
    changed = accumulate(graph_of(plain_step, (6,)))
    verify(changed)
    kept = Graph(changed.nodes, changed.state, changed.x, changed.y, changed.state, changed.z)
    with pytest.raises(GraphError, match="is changed in place, but becomes"):
        verify(kept)


@pytest.mark.parametrize("on", ["1", "0", ""])
def test_passes_are_checked_under_bpnet_debug(on, graph, monkeypatch):
    monkeypatch.setenv("BPNET_DEBUG", on)

    def breaking(graph):
        return without(graph, "transpose")

    if on == "1":
        with pytest.raises(GraphError):
            apply_passes(graph, [breaking])
    else:
        assert len(apply_passes(graph, [breaking]).nodes) == len(graph.nodes) - 1


def test_whoever_watches_is_told_of_each_pass(graph):
    told = []
    after = apply_passes(graph, [fold_scale, accumulate], lambda *given: told.append(given))
    assert [one for one, _, _ in told] == [fold_scale, accumulate]
    assert told[0][1] is graph
    assert told[1][2] is after


@pytest.mark.parametrize("what", ["dropout", "noise", "batch", "layer", "residual"])
def test_graphs_of_layers_are_sound(what):
    verify(layered(bpnet.get_backend("numpy", dtype="float64"), what).graph())


def test_a_graph_of_the_books_network_is_sound():
    backend = bpnet.get_backend("numpy", dtype="float64")
    verify(training(backend, "sigmoid", "quadratic", "adam", 0.01, "equal").graph())
