"""Rows of IDX files."""

import numpy as np
import pytest
from _errors import raises
from _sources import idx

from bpnet.data import (
    IdxSource,
    load_mnist,
)


@pytest.mark.parametrize("dtype", [">u1", ">i2", ">f4", ">f8"])
def test_types(tmp_path, dtype):
    x = np.arange(24).reshape(4, 3, 2).astype(dtype)
    with IdxSource(idx(tmp_path / "x", x, dtype), idx(tmp_path / "y", np.arange(4))) as rows:
        found = rows.gather([(2, 4), (0, 1)], 3)
    np.testing.assert_array_equal(found[0], x[[2, 3, 0]].reshape(3, 6))
    assert found[1].tolist() == [2, 3, 0]


def test_scaled_as_load_mnist_scales(tmp_path):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (10010, 4, 4), dtype=np.uint8)
    for stem, m in (("train", 10010), ("t10k", 10)):
        idx(tmp_path / f"{stem}-images-idx3-ubyte", images[:m])
        idx(tmp_path / f"{stem}-labels-idx1-ubyte", np.arange(m) % 10)
    names = tmp_path / "train-images-idx3-ubyte", tmp_path / "train-labels-idx1-ubyte"
    with IdxSource(*names, scale=1 / 255) as rows:
        x, _ = rows.read(0, 10)
        assert x.dtype == np.float32
        np.testing.assert_array_equal(x, load_mnist(tmp_path).train[0])
    with IdxSource(*names, scale=0.3) as rows:
        np.testing.assert_allclose(rows.read(0, 1)[0][0], images[0].ravel() * 0.3, rtol=1e-6)


def test_damage(tmp_path):
    good = idx(tmp_path / "y", np.arange(4))
    packed = tmp_path / "x.gz"
    packed.write_bytes(b"\x1f\x8b\x08")
    with raises("x.gz: compressed", "gunzip --keep"):
        IdxSource(packed, good)
    bad = idx(tmp_path / "x", np.zeros((4, 2)))
    bad.write_bytes(bad.read_bytes() + b"\0")
    with raises("x: the header promises 8 bytes for shape (4, 2), the file has 9"):
        IdxSource(bad, good)
    bad.write_bytes(b"PNG!")
    with raises("x: not an IDX file: it begins with 50 4e 47 21"):
        IdxSource(bad, good)
    with raises("x has 3 rows", "y has 4"):
        IdxSource(idx(tmp_path / "x", np.zeros((3, 2))), good)
