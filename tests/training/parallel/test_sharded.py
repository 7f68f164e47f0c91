"""What each rank reads of a source, and the mini-batches that all ranks' parts make."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from training.streaming._feeds import Numbered, as_is

import bpnet.training.streaming as streaming
from bpnet.backends import get_backend
from bpnet.data import IterableSource
from bpnet.parallel import SerialCommunicator
from bpnet.training.parallel.exchange import Exchange
from bpnet.training.parallel.sharded import ShardedFeed

NUMPY = get_backend("numpy")


class Rank(SerialCommunicator):
    """One of several ranks, which come one after another."""

    def __init__(self, rank, size, told):
        self.rank, self.size, self._told = rank, size, told

    def gather_objects(self, value):
        if self.rank == 0:
            self._told.append(value)
        return self._told * self.size


def feeds_of(ranks, n, batch=10, blocks=4, shuffle=True, make=Numbered):
    """Sources and feeds of so many ranks."""
    told, found = [], []
    for rank in range(ranks):
        source = make(n)
        feed = ShardedFeed(
            source,
            as_is,
            Exchange(Rank(rank, ranks, told), NUMPY, blocks),
            batch_size=batch,
            seed=7,
            shuffle=shuffle,
        )
        found.append((source, feed))
    return found


def mini_batches(feeds, *given):
    """Rows of each mini-batch, as all ranks' parts side by side make it."""
    found = []
    for blocks in zip(*(feed.blocks(*given) for _, feed in feeds), strict=True):
        assert len({(block.m, block.steps) for block in blocks}) == 1
        for step in range(blocks[0].steps):
            rows = []
            for block in blocks:
                order = block.own.order[step]
                rows += block.own.y[order].tolist() if len(order) else []
            assert len(rows) == blocks[0].m
            found.append(rows)
    return found


def in_their_own_order(n):
    return IterableSource(lambda: (([float(k)], k) for k in range(n)), n)


KINDS = {
    "mixed": {},
    "shuffle=False": {"shuffle": False},
    "iterable": {"make": in_their_own_order},
    "iterable, shuffle=False": {"make": in_their_own_order, "shuffle": False},
    "row groups": {"make": lambda n: Numbered(n, borders=range(0, n, 17))},
}


@pytest.fixture(autouse=True)
def small_buffers(monkeypatch):
    monkeypatch.setattr(streaming, "_LEAST_ROWS", 40)


@pytest.mark.parametrize("kind", KINDS)
class TestMiniBatches:
    @settings(max_examples=25, deadline=None)
    @given(
        n=st.integers(1, 230),
        batch=st.integers(1, 30),
        blocks=st.integers(1, 6),
        ranks=st.integers(2, 8),
    )
    def test_they_do_not_depend_on_the_number_of_ranks(self, kind, n, batch, blocks, ranks):
        given = {"n": n, "batch": batch, "blocks": blocks, **KINDS[kind]}
        one, several = feeds_of(1, **given), feeds_of(ranks, **given)
        assert one[0][1].identity == several[-1][1].identity
        for epoch in (0, 3):
            whole = mini_batches(one, epoch)
            assert mini_batches(several, epoch) == whole
            assert sorted(itertools.chain(*whole)) == list(range(n))
        first = (len(whole) + 1) // 2
        assert mini_batches(several, 3, first) == whole[first:]
        assert mini_batches(several, 3, 0, 2) == whole

    def test_all_samples_come_once_and_always_alike(self, kind):
        def once(feeds):
            found = []
            for blocks in zip(*(feed.everything() for _, feed in feeds), strict=True):
                for step in range(blocks[0].steps):
                    parts = [b.own.y[b.own.order[step]] for b in blocks if b.own.order.size]
                    found += np.concatenate(parts).tolist()
            return found

        feeds = feeds_of(3, 103, **KINDS[kind])
        assert once(feeds) == once(feeds) == once(feeds_of(1, 103, **KINDS[kind]))
        assert sorted(once(feeds)) == list(range(103))


def test_epochs_and_mini_batches_are_mixed():
    feeds = feeds_of(2, 200)
    first, second = mini_batches(feeds, 0), mini_batches(feeds, 1)
    assert first != second
    assert all(rows != sorted(rows) for rows in first)


def test_rows_keep_their_order_without_mixing():
    feeds = feeds_of(3, 47, shuffle=False)
    assert list(itertools.chain(*mini_batches(feeds, 5))) == list(range(47))


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("ranks", [2, 3, 4, 6])
def test_a_rank_reads_its_own_rows_alone(ranks, shuffle):
    n, batch, blocks = 203, 12, 4
    seen = []
    for source, feed in feeds_of(ranks, n, batch, blocks, shuffle):
        rows = []
        for epoch in (0, 1):
            source.reads.clear()
            for _ in feed.blocks(epoch):
                pass
            rows.append([k for start, stop in source.reads for k in range(start, stop)])
            assert len(set(rows[-1])) == len(rows[-1])  # nothing twice
        assert set(rows[0]) == set(rows[1])
        seen.append(set(rows[0]))
    assert sum(map(len, seen)) == n
    assert set.union(*seen) == set(range(n))
    assert max(map(len, seen)) <= -(-blocks // ranks) * batch // blocks * -(-n // batch)
    assert (min(map(len, seen)) == 0) == (ranks > blocks)


def test_where_the_width_is_unknown_the_first_rank_alone_asks():
    class Unknown(Numbered):
        width = None

    for rank, (source, _) in enumerate(feeds_of(3, 60, make=Unknown)):
        assert source.reads == ([(0, 1)] if rank == 0 else [])


def test_an_error_of_the_source_is_raised_where_its_rows_are_used():
    feeds = feeds_of(2, 100, make=lambda n: Numbered(n, bad=90))
    list(feeds[0][1].blocks(0))
    with pytest.raises(OSError, match="row 90 is gone") as caught:
        list(feeds[1][1].blocks(0))
    assert "while reading numbered, row 90" in caught.value.__notes__[0]
