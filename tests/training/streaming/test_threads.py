"""The thread that reads."""

import signal
import subprocess
import sys
import threading
import time

import pytest
from training.streaming._feeds import Numbered, batches, feed, readers

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
feed = StreamFeed(data, lambda x, y: (x, y, y), batch_size=1, seed=0, buffer_rows=1)
blocks = feed.blocks(0)
next(blocks)
{end}
"""


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
            return x, y, y

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
            return x, y, y

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
