"""A source that can be recognized, and feeds of it."""

import threading

import numpy as np
from hypothesis import strategies as st

from bpnet.data import Source
from bpnet.training.streaming import StreamFeed


class Numbered(Source):
    """Row k holds k; notes what was read, and where."""

    name = "numbered"
    width = 1

    def __init__(self, n, borders=(), bad=None):
        self.n, self.cuts, self.bad = n, borders, bad
        self.reads, self.threads = [], set()

    def __len__(self):
        return self.n

    def borders(self):
        return self.cuts

    def read(self, start, stop):
        self.reads.append((start, stop))
        self.threads.add(threading.current_thread())
        if self.bad is not None and start <= self.bad < stop:
            raise OSError(f"row {self.bad} is gone")
        part = np.arange(start, stop)
        return part[:, None].astype(float), part


def as_is(x, y):
    return x, y, y


def feed(n, batch=10, rows=100, block=None, seed=0, prepare=as_is, source=None, **options):
    source = Numbered(n) if source is None else source
    return StreamFeed(
        source, prepare, batch_size=batch, seed=seed, buffer_rows=rows, block_rows=block, **options
    )


def batches(blocks):
    """The rows of each mini-batch, by their numbers."""
    found = []
    for x, y, order, _ in blocks:
        assert order.dtype == np.int64
        assert (x[:, 0] == y).all()
        found += y[order].tolist()
    return found


def readers():
    return [one for one in threading.enumerate() if one.name == "bpnet-reader"]


sizes = st.tuples(
    st.integers(1, 300), st.integers(1, 40), st.integers(1, 120), st.none() | st.integers(1, 130)
)


def asked_rows(one):
    return [each for _, y, order, _ in one.blocks(0) for each in y[order].tolist()]
