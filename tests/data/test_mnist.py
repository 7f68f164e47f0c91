import gzip
import hashlib
import os
import re
import struct
from pathlib import Path

import numpy as np
import pytest
from _errors import raises

from bpnet.data import load_mnist, read_idx

DATA = Path(os.environ.get("BPNET_DATA", Path(__file__).parents[2] / ".." / "shared" / "data"))

real_mnist = pytest.mark.skipif(
    not (DATA / "mnist").is_dir(), reason="MNIST is not there; BPNET_DATA says where it is"
)

NAMES = {
    "x": "train-images-idx3-ubyte",
    "y": "train-labels-idx1-ubyte",
    "test_x": "t10k-images-idx3-ubyte",
    "test_y": "t10k-labels-idx1-ubyte",
}


def to_idx(array):
    sizes = struct.pack(f">{array.ndim}I", *array.shape)
    return bytes([0, 0, 0x08, array.ndim]) + sizes + array.astype(np.uint8).tobytes()


def arrays(n=10_005, n_test=4):
    rng = np.random.default_rng(0)
    return {
        "x": rng.integers(0, 256, (n, 2, 3)),
        "y": rng.integers(0, 10, n),
        "test_x": rng.integers(0, 256, (n_test, 2, 3)),
        "test_y": rng.integers(0, 10, n_test),
    }


def write(folder, *, mark="-", packed=False, **changed):
    for key, array in (arrays() | changed).items():
        name = NAMES[key].replace("-idx", f"{mark}idx") + (".gz" if packed else "")
        content = to_idx(array)
        (folder / name).write_bytes(gzip.compress(content, 1) if packed else content)
    return folder


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("mark", ["-", "."])
def test_all_names_people_have(tmp_path, mark, packed):
    mnist = load_mnist(write(tmp_path, mark=mark, packed=packed))
    there = arrays()
    for part, x, y in (
        (mnist.train, there["x"][:5], there["y"][:5]),
        (mnist.validation, there["x"][5:], there["y"][5:]),
        (mnist.test, there["test_x"], there["test_y"]),
    ):
        assert part[0].dtype == np.float32
        assert part[0].flags.c_contiguous
        assert part[1].dtype == np.int64
        np.testing.assert_array_equal(part[0], x.reshape(-1, 6).astype(np.float32) / 255)
        np.testing.assert_array_equal(part[1], y)
    assert mnist.features == (
        "pixel_0_0", "pixel_0_1", "pixel_0_2", "pixel_1_0", "pixel_1_1", "pixel_1_2",
    )  # fmt: skip
    assert (mnist.task, mnist.classes, mnist.target) == (
        "classification",
        tuple(range(10)),
        "digit",
    )


def test_no_test_images(tmp_path):
    none = {"test_x": np.empty((0, 2, 3)), "test_y": np.empty(0)}
    assert load_mnist(write(tmp_path, **none)).test is None


def test_a_missing_directory(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"absent: no such directory"):
        load_mnist(tmp_path / "absent")


@pytest.mark.parametrize("key", sorted(NAMES))
def test_a_missing_file_is_told_with_the_directory_and_all_names(tmp_path, key):
    (write(tmp_path) / NAMES[key]).unlink()
    plain, dotted = NAMES[key], NAMES[key].replace("-idx", ".idx")
    words = f"{tmp_path}: none of {plain}, {dotted}, {plain}.gz, {dotted}.gz is there"
    with pytest.raises(FileNotFoundError, match=re.escape(words)):
        load_mnist(tmp_path)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"y": np.zeros(10_004)}, ("train-labels", "10004 labels", "train-images", "10005 images")),
        ({"test_y": np.zeros(5)}, ("t10k-labels", "5 labels", "t10k-images", "4 images")),
        ({"test_y": [1, 9, 10, 3]}, ("t10k-labels", "label 10 at position 2", "0 to 9")),
        ({"x": np.zeros((10_005, 6))}, ("train-images", "2-dimensional", "3-dimensional")),
        ({"y": np.zeros((10_005, 1))}, ("train-labels", "2-dimensional", "1-dimensional")),
        ({"test_x": np.zeros((4, 3, 3))}, ("t10k-images", "(3, 3)", "(2, 3)")),
        (arrays(n=10_000), ("train-images", "10000 images", "10000 are to validate")),
    ],
)
def test_files_that_do_not_fit(tmp_path, changed, words):
    changed = {key: np.asarray(array) for key, array in changed.items()}
    with raises(*words):
        load_mnist(write(tmp_path, **changed))


def test_pixels_are_bytes(tmp_path):
    path = write(tmp_path) / NAMES["test_y"]
    path.write_bytes(bytes([0, 0, 0x09, 1, 0, 0, 0, 4, 1, 2, 3, 4]))
    with raises("t10k-labels", "1-dimensional int8", "1-dimensional uint8"):
        load_mnist(tmp_path)


@real_mnist
def test_the_real_files():
    mnist = load_mnist(DATA / "mnist")
    assert [part[0].shape for part in (mnist.train, mnist.validation, mnist.test)] == [
        (50_000, 784),
        (10_000, 784),
        (10_000, 784),
    ]
    assert mnist.train[1][:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert mnist.test[1][:5].tolist() == [7, 2, 1, 0, 4]
    assert abs(float(mnist.train[0].mean(dtype=np.float64)) - 0.1307) < 1e-3


@real_mnist
def test_the_real_images_are_the_official_ones():
    images = read_idx(DATA / "mnist" / "t10k-images-idx3-ubyte.gz")
    digest = hashlib.md5(to_idx(images), usedforsecurity=False).hexdigest()
    assert digest == "2646ac647ad5339dbf082846283269ea"
