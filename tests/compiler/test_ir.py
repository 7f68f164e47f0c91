"""Graphs as plain data: nodes that cannot be changed, and new graphs with some replaced."""

import numpy as np
import pytest
from compiler._trials import graph_of, lines

from bpnet.compiler.ir import Graph, Node, parts_of, root_of, scalar_text, split_scaled


def step(xp, state, x, y, rates):
    w, b = state
    z = x @ w + b
    return (w - rates[0] * (x.T @ z), b), z


@pytest.fixture
def graph():
    return graph_of(step, (3, 2), (2,))


def find(graph, op):
    (node,) = (one for one in graph.nodes if one.op == op)
    return node


def test_a_graph_is_readable(graph):
    assert (
        str(graph)
        == """\
%0 = matmul(x, state0)  (2, 2) float64
%1 = add(%0, state1)  (2, 2) float64
%2 = transpose(x)  (3, 2) float64
%3 = matmul(%2, %1)  (3, 2) float64
%4 = multiply(rate0, %3)  (3, 2) float64
%5 = subtract(state0, %4)  (3, 2) float64
state0 <- %5
state1 <- state1
z = %1"""
    )


def test_a_node_cannot_be_changed(graph):
    for name in ("op", "args", "shape", "other"):
        with pytest.raises(AttributeError, match="cannot be changed"):
            setattr(graph.z, name, None)
        with pytest.raises(AttributeError):
            delattr(graph.z, name)
    with pytest.raises(AttributeError):
        graph.z = None


def test_nodes_are_compared_by_identity():
    one, other = (Node("input", (), (2,), "float64", "x") for _ in range(2))
    assert one != other
    assert len({one, other}) == 2
    assert other.replaced(op="zeros").option == "x"


def test_uses(graph):
    uses = graph.uses()
    assert [node.op for node in uses[graph.x]] == ["matmul", "transpose"]
    assert uses[graph.z] == [node for node in graph.nodes if node.args[1:] == (graph.z,)]
    assert uses[find(graph, "subtract")] == []


def test_a_replacement_takes_the_place_of_what_it_replaces(graph):
    add = graph.z
    twice = Node("multiply", (add, add), add.shape, add.dtype)
    after = graph.rewritten({add: twice})  # within its own replacement a node stands for itself
    assert lines(after) == [
        "%0 = matmul(x, state0)",
        "%1 = add(%0, state1)",
        "%2 = multiply(%1, %1)",
        "%3 = transpose(x)",
        "%4 = matmul(%3, %2)",
        "%5 = multiply(rate0, %4)",
        "%6 = subtract(state0, %5)",
        "state0 <- %6",
        "state1 <- state1",
        "z = %2",
    ]
    assert lines(graph)[1] == "%1 = add(%0, state1)"  # the graph itself is as it was
    assert after.state == graph.state


def test_what_nothing_needs_any_more_is_gone(graph):
    product = find(graph, "multiply")
    after = graph.rewritten({find(graph, "subtract"): graph.state[0]})
    assert product not in after.nodes
    assert lines(after) == [
        "%0 = matmul(x, state0)",
        "%1 = add(%0, state1)",
        "state0 <- state0",
        "state1 <- state1",
        "z = %1",
    ]
    assert {*graph.inputs} <= {*after.nodes}  # which stay, needed or not


def test_operands_come_first_whatever_order_is_asked_for(graph):
    backwards = graph.rewritten({}, graph.nodes[::-1])
    seen = set()
    for node in backwards.nodes:
        assert seen.issuperset(node.args)
        seen.add(node)
    assert len(backwards.nodes) == len(graph.nodes)


def test_without_a_change_there_is_no_new_graph(graph):
    assert graph.rewritten({}) is graph


def test_views_and_parts():
    leaf = Node("input", (), (4, 6), "float32", "x")
    part = Node("slice", (leaf,), (4, 2), "float32", (slice(None), slice(0, 2)))
    flipped = Node("transpose", (part,), (2, 4), "float32")
    assert root_of(flipped) is leaf
    whole = Node("concat", (part, leaf), (4, 8), "float32", 1)
    assert list(parts_of(whole)) == [
        (part, (slice(None), slice(0, 2))),
        (leaf, (slice(None), slice(2, 8))),
    ]


def test_numbers_are_found_on_either_side():
    x, half = Node("input", (), (4,), "float32", "x"), Node("constant", (), (), "float32", 0.5)
    for args in ((x, half), (half, x)):
        assert split_scaled(Node("multiply", args, (4,), "float32")) == (half, x)
    rate = Node("rate", (), (), "float32", 1)
    assert scalar_text(Node("scalar", (rate, half), (), "float32", "multiply")) == (
        "multiply(rate1, 0.5)"
    )


def test_an_empty_graph_prints():
    x, y = (Node("input", (), (1, 1), np.float32, name) for name in "xy")
    assert str(Graph((x, y), (), x, y, (), x)) == "z = x"
