"""bpnet.book.mnist_loader: the book's lists, from MNIST's files."""

import os
from pathlib import Path

import numpy as np
import pytest
from data.test_mnist import arrays, write

from bpnet.book import mnist_loader

DATA = Path(os.environ.get("BPNET_DATA", Path(__file__).parents[2] / ".." / "shared" / "data"))
real_mnist = pytest.mark.skipif(
    not (DATA / "mnist").is_dir(), reason="MNIST is not there; BPNET_DATA says where it is"
)


def test_lists_of_columns(tmp_path):
    there = arrays()
    training, validation, test = mnist_loader.load_data_wrapper(write(tmp_path))
    assert [len(one) for one in (training, validation, test)] == [5, 10_000, 4]
    assert {type(one) for one in (training, validation, test)} == {list}
    for k, (x, y) in enumerate(training):
        assert (x.shape, x.dtype, y.shape) == ((6, 1), np.float32, (10, 1))
        assert (x[:, 0] == there["x"][k].ravel() / 256).all()
        assert y[:, 0].tolist() == np.eye(10)[there["y"][k]].tolist()
    for data, name, start in ((validation, "", 5), (test, "test_", 0)):
        for k, (x, digit) in enumerate(data):
            assert x.shape == (6, 1)
            assert (x[:, 0] == there[f"{name}x"][start + k].ravel() / 256).all()
            assert digit == there[f"{name}y"][start + k]


def test_arrays(tmp_path):
    training, validation, test = mnist_loader.load_data(write(tmp_path))
    assert [x.shape for x, _ in (training, validation, test)] == [(5, 6), (10_000, 6), (4, 6)]
    assert [y.dtype for _, y in (training, validation, test)] == [np.int64] * 3
    assert training[0].max() < 1.0


def test_the_folder_is_found(tmp_path, monkeypatch):
    """By the environment variable, else beside the program, as the book's own file."""
    monkeypatch.delenv("BPNET_DATA", raising=False)
    (tmp_path / "src").mkdir()
    monkeypatch.chdir(tmp_path / "src")
    with pytest.raises(
        FileNotFoundError, match=r"no folder data.mnist or .*; the .* BPNET_DATA can"
    ):
        mnist_loader.load_data()
    (tmp_path / "data" / "mnist").mkdir(parents=True)
    write(tmp_path / "data" / "mnist")
    assert len(mnist_loader.load_data()[0][1]) == 5
    monkeypatch.setenv("BPNET_DATA", str(tmp_path / "elsewhere"))
    with pytest.raises(FileNotFoundError, match=r"no folder .*elsewhere.mnist;"):
        mnist_loader.load_data()
    (tmp_path / "data").rename(tmp_path / "elsewhere")
    assert len(mnist_loader.load_data()[0][1]) == 5


@pytest.mark.parametrize("digit", [-1, 10, 2.5])
def test_what_is_no_digit_is_refused(digit):
    with pytest.raises(ValueError, match=rf"{digit} is no digit of 10 outputs"):
        mnist_loader.vectorized_result(digit)


@real_mnist
def test_the_real_files():
    training, validation, test = mnist_loader.load_data_wrapper(DATA / "mnist")
    assert [len(one) for one in (training, validation, test)] == [50_000, 10_000, 10_000]
    assert [int(y.argmax()) for _, y in training[:5]] == [5, 0, 4, 1, 9]
    assert training[0][0].max() == 255 / 256
