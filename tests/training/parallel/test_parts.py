"""How a mini-batch is cut, who computes what, and in which order parts are added."""

import itertools

import pytest

from bpnet.training.parallel.parts import cut, own_parts, subtrees, sum_of_parts


@pytest.mark.parametrize("blocks", range(1, 10))
@pytest.mark.parametrize("size", range(1, 12))
def test_each_part_belongs_to_one_rank(blocks, size):
    parts = [k for rank in range(size) for k in own_parts(blocks, rank, size)]
    assert parts == list(range(blocks))


@pytest.mark.parametrize("m", [1, 2, 3, 7, 32, 101])
@pytest.mark.parametrize("blocks", [1, 2, 3, 4, 8])
def test_parts_have_all_samples_and_differ_by_one_at_most(m, blocks):
    edges = cut(m, blocks)
    sizes = [stop - start for start, stop in itertools.pairwise(edges)]
    assert edges[0] == 0
    assert edges[-1] == m
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize("blocks", range(1, 10))
@pytest.mark.parametrize("size", range(1, 12))
@pytest.mark.parametrize("m", [1, 3, 20])
def test_the_additions_do_not_depend_on_the_number_of_ranks(blocks, size, m):
    """In words: each sum is a pair of brackets."""
    edges = cut(m, blocks)
    sizes = [stop - start for start, stop in itertools.pairwise(edges)]

    class Words(str):
        def __add__(self, other):
            return Words(f"({self}+{other})")

    def part(span):
        return Words(span[0])

    received = {}
    for rank in range(size):
        for span in subtrees(own_parts(blocks, rank, size), sizes):
            received[span] = sum_of_parts(span, sizes, part)
    found = sum_of_parts((0, blocks), sizes, received.__getitem__, received)
    assert found == sum_of_parts((0, blocks), sizes, part)
