"""Memory of buffers is used again."""

import numpy as np
from training.streaming._feeds import feed

from bpnet.data import NpySource
from bpnet.training.buffer_pool import BufferPool


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
