"""An epoch of a source: order, buffers, libraries, uploads."""

import contextlib
import itertools
import threading

import numpy as np
import pytest
from _backends import parameters, relative
from hypothesis import given
from hypothesis import strategies as st
from training.streaming._feeds import Numbered, as_is, asked_rows, batches, feed, sizes

import bpnet
from bpnet.data import ArraySource, IterableSource, SequenceSource
from bpnet.training.feeds import MemoryFeed
from bpnet.training.streaming import StreamFeed, rows_within


class TestEpoch:
    @given(sizes=sizes, epoch=st.integers(0, 5), prefetch=st.booleans())
    def test_each_row_comes_once(self, sizes, epoch, prefetch):
        n, batch, rows, block = sizes
        one = feed(n, batch, rows, block, prefetch=prefetch)
        blocks = list(one.blocks(epoch))
        found = batches(blocks)
        assert sorted(itertools.chain(*found)) == list(range(n))
        assert len(found) == one.steps_per_epoch == -(-n // one.batch_size)
        assert [len(each) for each in found[:-1]] == [one.batch_size] * (len(found) - 1)
        # What differs in shape is a block of its own, and all x are of one shape.
        assert {block.order.shape[1] for block in blocks[:-1]} <= {one.batch_size}
        assert len({block.x.shape for block in blocks} | {block.y.shape for block in blocks}) <= 2
        assert one.batch_size <= one.buffer_rows <= max(rows, one.batch_size)

    @given(sizes=sizes, at=st.data())
    def test_a_resumed_epoch_has_the_same_mini_batches(self, sizes, at):
        n, batch, rows, block = sizes
        one = feed(n, batch, rows, block, prefetch=False)
        step = at.draw(st.integers(0, one.steps_per_epoch))
        most = at.draw(st.integers(1, 9))
        whole = batches(one.blocks(3))
        assert batches(one.blocks(3, step)) == whole[step:]
        assert batches(one.blocks(3, step, most)) == whole[step:]
        # Blocks end where they would have ended.
        ends = np.cumsum([0, *(len(block.order) for block in one.blocks(3, 0, most))])
        later = np.cumsum([step, *(len(block.order) for block in one.blocks(3, step, most))])
        assert set(later[1:]) <= set(ends)
        assert np.diff(ends).max() <= most

    @pytest.mark.parametrize("n", [20, 21, 50, 59, 60, 61])
    def test_an_epoch_resumed_at_any_step(self, n):
        one = feed(n, 10, 20)
        whole = batches(one.blocks(0))
        for step in range(one.steps_per_epoch + 1):
            assert batches(one.blocks(0, step)) == whole[step:]

    def test_the_order_is_that_of_the_seed_and_the_epoch(self):
        orders = [
            batches(feed(500, seed=seed).blocks(epoch)) for seed in (0, 1) for epoch in (0, 1)
        ]
        assert all(a != b for a, b in itertools.combinations(orders, 2))
        again = feed(500)
        assert batches(again.blocks(1)) == orders[1]
        assert batches(again.blocks(0)) == orders[0]
        assert batches(feed(500, prefetch=False).blocks(0)) == orders[0]

    def test_rows_are_mixed(self):
        n, rows = 20_000, 2_000
        order = np.concatenate(batches(feed(n, 50, rows).blocks(0)))
        # A buffer has rows of everywhere, as far from another as in a whole permutation ...
        spread = order.reshape(-1, rows).std(axis=1) / n
        assert (abs(spread - 12**-0.5) < 0.1).all()
        # ... so has a mini-batch; neighbours are a third of the data apart; nothing is in order.
        assert abs(order.reshape(-1, 50).std(axis=1).mean() / n - 12**-0.5) < 0.05
        assert abs(np.abs(np.diff(order)).mean() / n - 1 / 3) < 0.05
        assert abs(np.corrcoef(order, np.arange(n))[0, 1]) < 0.2
        assert (np.diff(order) == 1).mean() < 0.01
        # Every buffer is mixed in its own way.
        places = [np.argsort(np.argsort(part)).tolist() for part in order.reshape(-1, rows)]
        assert len(set(map(tuple, places))) == n // rows

    def test_rows_are_read_in_blocks(self):
        source = Numbered(1000)
        list(feed(1000, 10, 200, 25, source=source).blocks(0))
        assert all(start % 25 == 0 for start, _ in source.reads)
        assert sorted(itertools.chain(*(range(*run) for run in source.reads))) == list(range(1000))
        assert len(source.reads) > 30
        assert len(source.threads) == 1
        assert threading.current_thread() not in source.threads

    def test_what_has_borders_is_read_from_these_on(self):
        borders = [0, 90, 100, 110, 400, 650, 660]
        source = Numbered(700, borders)
        one = feed(700, 10, 100, 20, source=source)
        assert sorted(itertools.chain(*batches(one.blocks(0)))) == list(range(700))
        # Small groups are read together, and a large one goes on where the last buffer ended.
        begun = [
            start
            for k, (start, _) in enumerate(source.reads)
            if start not in [stop for _, stop in source.reads[max(0, k - 1) : k]]
        ]
        assert set(begun) <= {0, 90, 110, 400, 650}

    def test_what_is_sequential_is_mixed_in_the_buffer(self):
        made = []

        def make():
            made.append(0)
            return (([k], k) for k in range(1000))

        one = feed(0, 10, 100, source=IterableSource(make, 1000))
        whole = batches(one.blocks(0))
        for k, part in enumerate(np.reshape(whole, (10, 100))):
            assert sorted(part) == list(range(100 * k, 100 * k + 100))
            assert (np.diff(part) == 1).sum() < 10
        assert batches(one.blocks(1)) != whole
        assert batches(one.blocks(0, 37)) == whole[37:]
        assert len(made) == 3

    def test_everything_comes_in_its_order(self):
        source = Numbered(250)
        one = feed(250, source=source)
        parts = list(one.everything())
        assert np.concatenate([y for _, y in parts]).tolist() == list(range(250))
        assert max(len(x) for x, _ in parts) <= one.buffer_rows

    def test_fewer_rows_than_a_mini_batch(self):
        one = feed(7, batch=100)
        assert (one.batch_size, one.steps_per_epoch, one.buffer_rows) == (7, 1, 7)
        assert sorted(batches(one.blocks(0))[0]) == list(range(7))

    def test_buffers_divide_the_epoch_evenly(self):
        assert feed(1010, rows=1000).buffer_rows == 510
        assert feed(1000, rows=999).buffer_rows == 500
        assert feed(1000, rows=3).buffer_rows == 10

    def test_by_default_the_buffer_is_as_large_as_memory_allows(self):
        data = ArraySource(np.zeros((5, 100)), np.zeros(5))
        wide = StreamFeed(data, as_is, batch_size=2, seed=0)
        assert wide.buffer_rows == 5
        assert rows_within(2**28, 116) * 116 * 12 <= 2**28
        assert rows_within(1, 10**6) == 1
        asked = StreamFeed(SequenceSource([([1.0], 0)] * 9), as_is, batch_size=2, seed=0)
        assert sorted(itertools.chain(*asked_rows(asked))) == [0] * 9

    @pytest.mark.parametrize("name", ["rows", "block"])
    def test_sizes_that_are_none(self, name):
        with pytest.raises(ValueError, match=r"_rows must be at least 1, not 0"):
            feed(10, **{name: 0})


class TestLibraries:
    def test_mini_batches_are_the_same_everywhere(self, target):
        backend = target.backend()
        expected = batches(feed(333).blocks(2))

        def prepare(x, y):
            y = backend.from_host(y, "int64")
            return backend.from_host(x, "float64"), y, y

        one = feed(333, prepare=prepare, scope=backend.scope)
        found = []
        with backend.scope():
            for x, y, order, _ in one.blocks(2):
                assert backend.owns(x)
                rows = backend.from_host(order.ravel(), "int64")
                part = backend.to_numpy(backend.xp.take(y, rows, axis=0))
                found += part.reshape(order.shape).tolist()
        assert found == expected

    def test_a_memory_feed_and_a_stream_of_one_buffer_tell_the_same(self):
        x, y = np.arange(57.0)[:, None], np.arange(57)
        memory = MemoryFeed(x, y, batch_size=10, seed=0)
        stream = feed(57)
        for name in ("samples", "batch_size", "steps_per_epoch"):
            assert getattr(memory, name) == getattr(stream, name)
        for at_most in (1, 2, 3, 100):
            for step in range(7):
                shapes = [
                    [block.order.shape for block in one.blocks(0, step, at_most)]
                    for one in (memory, stream)
                ]
                assert shapes[0] == shapes[1]


class TestUploads:
    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    def test_a_fit_from_a_source_is_in_the_networks_own_type(self, target, dtype):
        """Also where that is a setting of each thread's, as JAX's float64 is."""
        x, y = np.random.default_rng(0).standard_normal((60, 3)), np.arange(60) % 2
        found = {}
        for backend in (target.backend(dtype), bpnet.get_backend("numpy", dtype=dtype)):
            net = bpnet.Network([3, 4, 2], cost="log_likelihood", seed=0, backend=backend)
            net.fit(ArraySource(x, y), epochs=2, batch_size=8, optimizer=bpnet.SGD(1.0))
            found[backend.name] = parameters(net)
        tolerance = {"float32": 1e-5, "float64": 1e-12}[dtype]
        assert relative(*list(found.values()) * (2 // len(found))) < tolerance

    def test_pytorch_copies_from_pinned_memory_in_a_stream_of_its_own(self, torch, monkeypatch):
        log = []

        class Stream:
            def __init__(self, device):
                log.append(f"stream on {device}")

            def wait_event(self, event):
                log.append("wait")

            def synchronize(self):
                log.append("synchronize")

        class Event:
            def record(self, stream):
                log.append(f"record {stream}")

        @contextlib.contextmanager
        def stream(one):
            assert isinstance(one, Stream)
            log.append("enter")
            yield
            log.append("leave")

        for name, value in {
            "Stream": Stream,
            "Event": Event,
            "stream": stream,
            "current_stream": lambda device: f"current of {device}",
        }.items():
            assert hasattr(torch.cuda, name)
            monkeypatch.setattr(torch.cuda, name, value)
        from bpnet.backends.torch_uploads import TorchUploads

        backend = bpnet.get_backend("torch", "cpu")
        uploads = TorchUploads(backend.scope, "cuda:0")
        with uploads.scope():
            assert not torch.is_grad_enabled()
            log.append("copy")
        uploads.reads_queued()
        assert log == [
            *("stream on cuda:0", "enter", "wait", "copy", "synchronize", "leave"),
            "record current of cuda:0",
        ]
