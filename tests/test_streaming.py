"""Mini-batches of a source: the same whoever asks and from wherever, and no thread left behind."""

import contextlib
import itertools
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import traceback
from pathlib import Path

import numpy as np
import pytest
from _backends import parameters, relative
from hypothesis import given
from hypothesis import strategies as st

import bpnet
from bpnet.data import ArraySource, IterableSource, NpySource, SequenceSource, Source
from bpnet.training.buffer_pool import BufferPool
from bpnet.training.feeds import MemoryFeed
from bpnet.training.streaming import StreamFeed, rows_within


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
    return x, y


def feed(n, batch=10, rows=100, block=None, seed=0, prepare=as_is, source=None, **options):
    source = Numbered(n) if source is None else source
    return StreamFeed(
        source, prepare, batch_size=batch, seed=seed, buffer_rows=rows, block_rows=block, **options
    )


def batches(blocks):
    """The rows of each mini-batch, by their numbers."""
    found = []
    for x, y, order in blocks:
        assert order.dtype == np.int64
        assert (x[:, 0] == y).all()
        found += y[order].tolist()
    return found


def readers():
    return [one for one in threading.enumerate() if one.name == "bpnet-reader"]


@pytest.fixture(autouse=True)
def _no_thread_is_left():
    yield
    assert readers() == []


sizes = st.tuples(
    st.integers(1, 300), st.integers(1, 40), st.integers(1, 120), st.none() | st.integers(1, 130)
)


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
            return (([k], k) for k in range(10_000))

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


def asked_rows(one):
    return [each for _, y, order in one.blocks(0) for each in y[order].tolist()]


class TestRooms:
    def test_memory_is_where_it_is_asked_for(self):
        given = []

        def memory(size):
            given.append(np.empty(size, np.uint8))
            return given[-1]

        one = feed(500, memory=memory)
        for block in one.blocks(0):
            assert any(np.shares_memory(block.x, room) for room in given)
        one.close()

    def test_memory_is_used_again_when_nothing_refers_to_it(self):
        rooms = BufferPool()
        first = rooms.empty((10, 100), np.dtype(np.float32))
        first[...] = 1.0
        address = first.ctypes.data
        part = first[3:, ::2].T  # a view of a view
        del first
        second = rooms.empty((10, 100), np.dtype(np.float32))
        second[...] = 2.0
        assert (part == 1.0).all()
        del part
        third = rooms.empty((1000,), np.dtype(np.int32))
        assert third.ctypes.data == address
        other = rooms.empty((1001,), np.dtype(np.int32))
        assert other.ctypes.data not in (address, second.ctypes.data)

    def test_blocks_that_are_kept_stay_as_they_are(self, tmp_path):
        x = np.random.default_rng(0).random((1000, 3))
        np.save(tmp_path / "x.npy", x)
        np.save(tmp_path / "y.npy", np.arange(1000))
        with NpySource(tmp_path / "x.npy", tmp_path / "y.npy") as source:
            one = feed(0, source=source)
            for block in [block for epoch in range(3) for block in one.blocks(epoch)]:
                np.testing.assert_array_equal(block.x[block.order], x[block.y[block.order]])

    def test_an_epoch_needs_few_buffers(self, tmp_path):
        np.save(tmp_path / "x.npy", np.zeros((1000, 3)))
        np.save(tmp_path / "y.npy", np.zeros(1000))
        with NpySource(tmp_path / "x.npy", tmp_path / "y.npy") as source:
            places = {block.x.ctypes.data for block in feed(0, source=source).blocks(0)}
        assert len(places) <= 3  # computed with, read ahead, and one that was about to go


class TestLibraries:
    def test_mini_batches_are_the_same_everywhere(self, target):
        backend = target.backend()
        expected = batches(feed(333).blocks(2))

        def prepare(x, y):
            return backend.from_host(x, "float64"), backend.from_host(y, "int64")

        one = feed(333, prepare=prepare, scope=backend.scope)
        found = []
        with backend.scope():
            for x, y, order in one.blocks(2):
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


class TestErrors:
    @pytest.mark.parametrize("prefetch", [False, True])
    def test_an_error_of_the_source_is_raised_here(self, prefetch):
        one = feed(500, source=Numbered(500, bad=321), prefetch=prefetch)
        with pytest.raises(OSError, match="row 321 is gone") as caught:
            list(one.blocks(0))
        (note,) = caught.value.__notes__
        assert note.startswith("while reading numbered, rows ")
        told = "".join(traceback.format_exception(caught.value))
        assert "in read" in told  # the frames of the thread
        assert "test_an_error_of_the_source" in told
        assert batches(feed(500).blocks(0))  # and nothing is in the way of another feed

    def test_what_came_before_is_given(self):
        one = feed(500, source=Numbered(500, bad=499), seed=3)
        got = []
        with pytest.raises(OSError, match="499"):
            got.extend(map(len, (block.order for block in one.blocks(0))))
        assert set(got) == {10}

    def test_an_iterable_that_raises_is_named(self):
        def samples():
            yield from (([k], k) for k in range(250))
            raise LookupError("no more")

        one = feed(0, source=IterableSource(samples, 500, "mine"))
        with pytest.raises(LookupError, match="no more") as caught:
            list(one.blocks(0))
        assert "while reading mine, row 250" in caught.value.__notes__

    @pytest.mark.parametrize("kind", [StopIteration, SystemExit, KeyboardInterrupt, GeneratorExit])
    def test_errors_of_other_kinds(self, kind):
        class Odd(Numbered):
            def read(self, start, stop):
                raise kind("odd")

        with pytest.raises((kind, RuntimeError)):
            list(feed(100, source=Odd(100)).blocks(0))

    @pytest.mark.parametrize("bad", [0, 57, 499])
    def test_a_row_that_is_refused_is_named(self, bad):
        def prepare(x, y):
            if (x == bad).any():
                raise ValueError("not finite")
            return x, y

        with pytest.raises(ValueError, match=rf"numbered, row {bad}: not finite") as caught:
            list(feed(500, prepare=prepare).blocks(0))
        assert isinstance(caught.value.__cause__, ValueError)

    def test_what_all_rows_have_in_common_is_no_rows_fault(self):
        def prepare(x, y):
            raise ValueError(f"layer 1 expects 2 inputs, x has {x.shape[1]} columns")

        with pytest.raises(ValueError, match=r"^layer 1 expects 2 inputs, x has 1") as caught:
            list(feed(500, prepare=prepare).blocks(0))
        assert caught.value.__notes__ == ["while preparing numbered"]

    def test_what_fails_only_as_a_whole(self):
        def prepare(x, y):
            if len(x) > 50:
                raise ValueError("too many")
            return x, y

        with pytest.raises(ValueError, match=r"^too many"):
            list(feed(500, prepare=prepare).blocks(0))


class TestThread:
    def test_there_is_one_and_it_ends_with_the_epoch(self):
        one = feed(500)
        assert readers() == []
        blocks = one.blocks(0)
        assert readers() == []
        for _ in blocks:
            assert len(readers()) <= 1
        assert readers() == []

    @pytest.mark.parametrize("end", ["close", "close the feed", "drop", "raise"])
    def test_it_ends_with_what_ends_the_epoch(self, end):
        one = feed(5000)
        blocks = one.blocks(0)
        next(blocks)
        assert len(readers()) == 1
        if end == "close":
            blocks.close()
        elif end == "close the feed":
            one.close()
            with pytest.raises(RuntimeError, match="this epoch is over"):
                list(blocks)
        elif end == "drop":
            del blocks
        else:
            with pytest.raises(ZeroDivisionError):
                list(map(lambda block: 1 / 0, blocks))  # noqa: C417 - whatever the loop does
            one.close()
        assert readers() == []
        one.close()

    def test_another_epoch_ends_the_one_before(self):
        one = feed(500)
        first = one.blocks(0)
        next(first)
        assert batches(one.blocks(1)) == batches(feed(500).blocks(1))
        with pytest.raises(RuntimeError, match="another was begun"):
            list(first)

    def test_it_is_one_buffer_ahead(self):
        prepared, taken = [], []

        def prepare(x, y):
            prepared.append(0)
            assert len(prepared) <= len(taken) + 2
            return x, y

        one = feed(1000, prepare=prepare)
        for block in one.blocks(0):
            taken.append(0)
            deadline = time.monotonic() + 20
            while len(prepared) <= len(taken) < 10 and time.monotonic() < deadline:
                time.sleep(0.001)  # the next is read while this one is computed with
            assert len(prepared) == min(len(taken) + 1, 10)
            assert len(block.order) == 10

    def test_scope_is_entered_there_and_done_is_told_here(self):
        told = []

        class Scope:
            def __enter__(self):
                told.append(("scope", threading.current_thread() in readers()))

            def __exit__(self, *error):
                return None

        def prepare(x, y):
            told.append(("prepare", threading.current_thread() in readers()))
            return x, y

        def done():
            told.append(("done", threading.current_thread() in readers()))

        for at_most in (1, 100):
            told.clear()
            one = feed(300, prepare=prepare, scope=Scope, done=done)
            list(one.blocks(0, 0, at_most))
            assert told.count(("scope", True)) == told.count(("prepare", True)) == 3
            assert told.count(("done", False)) == 3
            assert len(told) == 9
            # The third buffer is begun only when all that uses the first was asked for.
            assert (
                told.index(("done", False)) < [k for k, t in enumerate(told) if t[0] == "scope"][2]
            )

    def test_ctrl_c_while_waiting(self, ctrl_c):
        class Slow(Numbered):
            def read(self, start, stop):
                if len(self.reads) == 20:
                    signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
                    time.sleep(0.05)
                return super().read(start, stop)

        with pytest.raises(KeyboardInterrupt):
            list(feed(500, source=Slow(500)).blocks(0))
        assert readers() == []

    @pytest.mark.parametrize("wait", ["threading.Event().wait()", "time.sleep(0.001)"])
    @pytest.mark.parametrize("end", ["", "raise SystemExit(0)"])
    def test_it_does_not_keep_python_from_ending(self, wait, end):
        done = subprocess.run(
            [sys.executable, "-c", UNFINISHED.format(wait=wait, end=end)],
            timeout=60,
            capture_output=True,
        )
        assert done.returncode == 0
        assert done.stderr == b""


UNFINISHED = """
import threading, time
from bpnet.data import IterableSource
from bpnet.training.streaming import StreamFeed

def samples():
    yield [0.0], 0
    while True:
        {wait}
        yield [0.0], 0

data = IterableSource(samples, 10**6)
feed = StreamFeed(data, lambda x, y: (x, y), batch_size=1, seed=0, buffer_rows=1)
blocks = feed.blocks(0)
next(blocks)
{end}
"""

CHILD = """
import sys
import numpy as np
from bpnet.backends import get_backend
from bpnet.compiler import compile_step
from bpnet.data import NpySource
from bpnet.training.streaming import StreamFeed, rows_within

backend = get_backend("numpy")

def step(xp, state, x, y, rates):
    (w,) = state
    error = xp.matmul(x, w) - y
    return (w - rates[0] * xp.matmul(x.T, error),), error

run = compile_step(backend, step)

def train(source, memory):
    feed = StreamFeed(
        source,
        lambda x, y: (backend.asarray(x), backend.asarray(y)),
        batch_size=128,
        seed=0,
        buffer_rows=rows_within(memory, 21),
        scope=backend.scope,
    )
    state, steps = (np.zeros((20, 1), np.float32),), 0
    for x, y, order in feed.blocks(0, 0, 1024):
        state, z = run(state, x, y, order, [(0.1,)] * len(order))
        steps += len(order)
    return steps

whole = NpySource(sys.argv[1], sys.argv[2])
class Few(NpySource):
    def __len__(self):
        return 2000
train(Few(sys.argv[1], sys.argv[2]), 1_000_000)
print("ready", flush=True)
sys.stdin.readline()
print(train(whole, 10_000_000), flush=True)
sys.stdin.readline()
"""


def anonymous(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    return 0


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells RssAnon")
def test_a_file_of_20_times_the_memory_trains_within_it(tmp_path):
    allowed, rows = 20_000_000, 5_000_000
    if shutil.disk_usage(tmp_path).free < 25 * allowed:
        pytest.skip(f"{tmp_path} has less room than {25 * allowed} bytes")
    paths = [tmp_path / "x.npy", tmp_path / "y.npy"]
    for path, width in zip(paths, (20, 1), strict=True):  # no byte of them is written
        np.lib.format.open_memmap(path, "w+", np.float32, (rows, width)).flush()
    assert paths[0].stat().st_size >= 20 * allowed
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, *map(str, paths)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        text=True,
    ) as child:
        assert child.stdout.readline() == "ready\n"
        start = peak = anonymous(child.pid)
        answer = []
        waiting = threading.Thread(target=lambda: answer.append(child.stdout.readline()))
        print(file=child.stdin, flush=True)
        waiting.start()
        while waiting.is_alive():
            peak = max(peak, anonymous(child.pid))
            waiting.join(0.002)
        print(file=child.stdin, flush=True)
    assert answer == [f"{-(-rows // 128)}\n"]
    assert peak - start <= allowed
