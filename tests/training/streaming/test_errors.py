"""Sources that raise."""

import traceback

import pytest
from training.streaming._feeds import Numbered, batches, feed

from bpnet.data import IterableSource


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
            return x, y, y

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
            return x, y, y

        with pytest.raises(ValueError, match=r"^too many"):
            list(feed(500, prepare=prepare).blocks(0))
