"""Which buffer holds which node, without any array."""

import itertools

import pytest
from compiler._trials import OWN_OPTIMIZERS, at_random, graph_of, training

import bpnet
from bpnet.compiler.buffers import assign_buffers, placed_in_concat
from bpnet.compiler.ir import ELEMENTWISE, parts_of, root_of
from bpnet.compiler.passes import accumulate, fold_scale
from bpnet.compiler.schedule import Steps, schedule


def layout_of(graph, is_chained=lambda node: False, **options):
    """Steps, groups and buffers of a graph, whose y and z are other arrays at each step."""
    steps = Steps(graph)
    moving = [graph.y, *[graph.z] * (graph.z in steps.place)]
    placed = placed_in_concat(steps, moving)
    groups = schedule(steps, is_chained, placed=placed)
    return steps, groups, assign_buffers(steps, groups, moving=moving, placed=placed, **options)


def roles(layout, *nodes):
    return [layout.buffers[layout.places[node].buffer].role for node in nodes]


def test_elementwise_operations_overwrite_what_they_read_last():
    def step(xp, state, x, y, rates):
        a = xp.tanh(x @ x.T)
        return state, (a * a) @ (a - 1.0)

    steps, _, layout = layout_of(graph_of(step))
    product, tanh, square, less, z = steps.nodes
    places = layout.places
    assert places[tanh] == places[product]
    assert places[square] != places[tanh]  # which is read again
    assert places[less] == places[tanh]
    assert roles(layout, z) == ["z"]


def test_a_selection_never_overwrites_what_it_reads():
    def step(xp, state, x, y, rates):
        a, b = x @ x.T, xp.tanh(x @ x.T)
        return state, xp.where(a > 0.0, a, b) @ y

    steps, _, layout = layout_of(graph_of(step))
    (chosen,) = (node for node in steps.nodes if node.op == "where")
    assert not {layout.places[node] for node in chosen.args} & {layout.places[chosen]}


def test_the_next_state_overwrites_the_state():
    def step(xp, state, x, y, rates):
        return (0.9 * state[0],), x @ x.T

    graph = graph_of(step, (5,))
    _, _, layout = layout_of(graph)
    assert roles(layout, *graph.results) == ["state0"]
    assert layout.moves == ()


def test_a_state_that_is_read_later_is_overwritten_at_the_end():
    def step(xp, state, x, y, rates):
        new = 0.9 * state[0]
        return (new,), x @ x.T + xp.sum(xp.reshape(xp.tanh(state[0]), (2, 2)), axis=0)

    graph = graph_of(step, (4,))
    _, _, layout = layout_of(graph)
    assert roles(layout, *graph.results) == ["work"]
    ((node, state, aside),) = layout.moves
    assert (node, state, aside) == (graph.results[0], 0, None)


def test_states_that_change_places_go_by_another_buffer():
    graph = graph_of(lambda xp, s, x, y, r: ((s[1], s[0]), x @ x.T), (5,), (5,))
    _, _, layout = layout_of(graph)
    assert [move.state for move in layout.moves] == [0, 1]
    asides = [move.aside for move in layout.moves]
    assert len({*asides}) == 2
    assert [layout.buffers[one].role for one in asides] == ["work", "work"]


def test_a_buffer_is_used_again():
    def step(xp, state, x, y, rates):
        for _ in range(6):
            x = xp.tanh(x @ x.T) @ x
        return state, x

    _, _, layout = layout_of(graph_of(step, x=(4, 4)))
    work = [one for one in layout.buffers if one.role == "work"]
    assert len(work) == 3  # one is read while the next two are made
    _, _, kept = layout_of(graph_of(step, x=(4, 4)), reused=10**6)
    assert len([one for one in kept.buffers if one.role == "work"]) > len(work)


def test_parts_are_computed_in_their_place_within_a_whole():
    def step(xp, state, x, y, rates):
        whole = xp.concat([xp.reshape(x.T @ x, (-1,)), xp.sum(x, axis=0), state[0][12:]])
        return (xp.tanh(whole),), x

    steps, _, layout = layout_of(graph_of(step, (14,)))
    product, total, whole, _ = steps.nodes
    base = layout.places[whole].buffer
    assert layout.places[product] == (
        base,
        (("slice", (slice(0, 9),)), ("reshape", (3, 3))),
    )
    assert layout.places[total] == (base, (("slice", (slice(9, 12),)),))
    assert {*layout.placed} == {product, total}  # the third part is no operation: it is copied
    (third, where) = [*parts_of(whole)][-1]
    assert third.op == "slice"
    assert where == (slice(12, 14),)


def test_what_is_read_after_the_whole_is_not_computed_in_its_place():
    def step(xp, state, x, y, rates):
        a = xp.tanh(x)
        return state, xp.concat([a, a + 1.0], axis=1) @ xp.concat([a, a], axis=1).T

    steps = Steps(graph_of(step))
    first, second = (node for node in steps.nodes if node.op == "concat")
    placed = placed_in_concat(steps)
    assert [whole for whole, _ in placed.values()] == [first, second] or len(placed) == 2
    tanh = steps.nodes[0]
    assert placed[tanh] == (second, (slice(None), slice(0, 3)))


def test_what_is_local_to_a_chain_takes_no_buffer():
    def step(xp, state, x, y, rates):
        a = x @ x.T
        return state, (xp.tanh(a) * a) @ a

    graph = graph_of(step)
    _, groups, layout = layout_of(graph, lambda node: node.op in ELEMENTWISE)
    (chain,) = (group for group in groups if group.is_chain)
    (tanh,) = chain.local
    assert tanh not in layout.places


def test_by_blocks_a_chain_may_overwrite_all_that_it_reads():
    def step(xp, state, x, y, rates):
        a, b = x @ x.T, x @ x.T
        return state, (xp.tanh(a) * xp.exp(b)) @ y

    def places(**options):
        steps, _, layout = layout_of(graph_of(step), lambda n: n.op in ELEMENTWISE, **options)
        a, b, *_, result, _ = steps.nodes
        return layout.places[result] in (layout.places[a], layout.places[b])

    assert places(by_blocks=True)
    assert not places()


def all_graphs():
    backend = bpnet.get_backend("numpy", dtype="float64")
    for seed in range(30):
        yield at_random(backend, seed).graph()
    for kind in OWN_OPTIMIZERS:
        yield training(backend, "sigmoid", "quadratic", kind(0.05), 0.01, "equal").graph()
    for optimizer in ("sgd", "momentum", "adam"):
        graph = training(backend, "gelu", "huber", optimizer, 0.01, "equal").graph()
        yield graph
        yield accumulate(fold_scale(graph))


@pytest.mark.parametrize("chained", [False, True])
def test_no_buffer_is_written_while_another_node_in_it_is_still_read(chained):
    """Of any step, by the spans of bytes alone."""
    for graph in all_graphs():
        steps, groups, layout = layout_of(
            graph, lambda node, on=chained: on and node.op in ELEMENTWISE
        )
        live = {node: layout.span(node) for node in (*graph.state, graph.x)}
        for group in groups:
            end = steps.place[group.nodes[-1]]
            for node in group.nodes:
                if node in group.local:
                    continue
                live[node] = layout.span(node)
            read_later = [node for node in live if steps.last.get(node, -1) > end]
            for one, other in itertools.combinations(read_later, 2):
                if not related(one, other, layout):
                    (a, low, high), (b, start, stop) = live[one], live[other]
                    assert a != b or high <= start or stop <= low


def related(one, other, layout):
    """Whether both are meant to show one memory: a part and its whole, or a change in place."""
    for a, b in ((one, other), (other, one)):
        if a in layout.placed and layout.placed[a][0] is b:
            return True
        if a.op in ("addmm", "addmv") and root_of(a.args[0]) is root_of(b):
            return True
        if a.op == "joined" or b.op == "joined":
            return True
    return False
