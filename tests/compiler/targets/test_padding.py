"""Sizes that samples are padded to: few, close to each number of rows, the same each time."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpnet.compiler.targets.padding import LARGEST, padded_size, row_blocks

SIZES = sorted({padded_size(m) for m in range(1, LARGEST + 1)})


def test_there_are_few_sizes():
    assert len(SIZES) == 44
    assert SIZES[:12] == [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16]
    assert SIZES[-1] == LARGEST


def test_each_is_at_most_a_quarter_more():
    for m in range(1, LARGEST + 1):
        assert m <= padded_size(m) <= 1.25 * m
        assert padded_size(padded_size(m)) == padded_size(m)


@given(st.integers(1, 50_000), st.integers(1, 6000) | st.just(LARGEST))
def test_blocks_cover_the_rows_in_order(m, most):
    blocks = row_blocks(m, most)
    assert blocks[0][0] == 0
    assert blocks[-1][1] == m
    assert all(one[1] == other[0] for one, other in itertools.pairwise(blocks))
    for start, stop, size in blocks:
        assert start < stop <= start + min(size, most)
        assert size in SIZES


@given(st.integers(1, 50_000))
def test_only_the_last_block_is_padded_and_it_is_short(m):
    *whole, (start, stop, size) = row_blocks(m)
    assert all(stop - start == size for start, stop, size in whole)
    assert stop - start == size or stop - start <= 256


@pytest.mark.parametrize("m", SIZES)
def test_a_size_is_one_block(m):
    assert row_blocks(m) == [(0, m, m)]
