"""Products and sums of bfloat16 that come in the larger type that they are cast to."""

from compiler._trials import graph_of

from bpnet.compiler.ir import BFLOAT16
from bpnet.compiler.passes import widen


def step(xp, state, x, y, rates):
    """Puts together a product, a sum and an elementwise result, and casts the whole."""
    low, v = xp.astype(x, xp.bfloat16), xp.astype(state[0], xp.bfloat16)
    parts = [xp.reshape(low.T @ low, (-1,)), xp.sum(low, axis=0), -v]
    return (state[0], xp.astype(xp.concat(parts), xp.float64)), x


def test_before_and_after():
    before = graph_of(step, (1,), (13,), low=BFLOAT16)
    assert str(before).splitlines()[2:9] == [
        "%2 = transpose(%0)  (3, 2) bfloat16",
        "%3 = matmul(%2, %0)  (3, 3) bfloat16",
        "%4 = reshape(%3)  (9,) bfloat16",
        "%5 = sum(%0, axis=0)  (3,) bfloat16",
        "%6 = negative(%1)  (1,) bfloat16",
        "%7 = concat(%4, %5, %6, axis=0)  (13,) bfloat16",
        "%8 = astype(%7)  (13,) float64",
    ]
    assert str(widen(before)).splitlines()[2:9] == [
        "%2 = transpose(%0)  (3, 2) bfloat16",
        "%3 = matmul(%2, %0)  (3, 3) float64",
        "%4 = reshape(%3)  (9,) float64",
        "%5 = sum(%0, axis=0)  (3,) float64",
        "%6 = negative(%1)  (1,) bfloat16",
        "%7 = astype(%6)  (1,) float64",
        "%8 = concat(%4, %5, %7, axis=0)  (13,) float64",
    ]


def test_a_product_that_is_read_again_is_cast():
    def twice(xp, state, x, y, rates):
        low = xp.astype(x, xp.bfloat16)
        product = xp.reshape(low.T @ low, (-1,))
        return (xp.astype(xp.concat([product, -product]), xp.float64),), x

    found = str(widen(graph_of(twice, (18,), low=BFLOAT16)))
    assert "matmul(%1, %0)  (3, 3) bfloat16" in found
    assert found.count("astype") == 3  # of x, and of both parts


def test_a_whole_that_is_read_again_stays():
    def twice(xp, state, x, y, rates):
        whole = xp.concat([xp.astype(x, xp.bfloat16)] * 2, axis=1)
        return state, xp.astype(whole, xp.float64) + xp.astype(whole * whole, xp.float64)

    graph = graph_of(twice, low=BFLOAT16)
    assert widen(graph) is graph
