"""One operation for a product with zeros and ones that say where z > 0."""

import pytest
from compiler._trials import graph_of, lines

from bpnet.compiler.passes import gate


def graph(value):
    return graph_of(lambda xp, s, x, y, r: (s, value(xp, x, y)), x=(2, 2))


@pytest.mark.parametrize("swapped", [False, True])
def test_before_and_after(swapped):
    def value(xp, z, g):
        mask = xp.astype(z > 0.0, z.dtype)
        return mask * g if swapped else g * mask

    assert lines(graph(value)) == [
        "%0 = greater(x, 0.0)",
        "%1 = astype(%0)",
        f"%2 = multiply({'%1, y' if swapped else 'y, %1'})",
        "z = %2",
    ]
    assert lines(gate(graph(value))) == ["%0 = gate(y, x)", "z = %0"]


@pytest.mark.parametrize(
    "value",
    [
        lambda xp, z, g: g * xp.astype(z > 0.5, z.dtype),
        lambda xp, z, g: g * xp.astype(z < 0.0, z.dtype),
        lambda xp, z, g: g * xp.astype(z[:1, :] > 0.0, z.dtype),
        lambda xp, z, g: g + xp.astype(z > 0.0, z.dtype),
    ],
    ids=["bound", "less", "row", "sum"],
)
def test_other_masks_stay(value):
    before = graph(value)
    assert gate(before) is before
