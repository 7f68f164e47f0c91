"""Arrays and texts come back as they were; what is no such file is told."""

import numpy as np
import pytest

from bpnet.storage.safetensors import as_damage, read_arrays, write_arrays


def test_arrays_and_texts_come_back_views_included(tmp_path):
    whole = np.arange(12.0).reshape(3, 4)
    arrays = {"transposed": whole.T, "column": whole[:, 1], "none": np.zeros((0, 2), np.float32)}
    write_arrays(tmp_path / "it.safetensors", arrays, {"said": "ü"})
    found, texts = read_arrays(tmp_path / "it.safetensors", "thing")
    assert texts == {"said": "ü"}
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


def test_what_is_no_such_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no thing file .*nowhere"):
        read_arrays(tmp_path / "nowhere", "thing")
    (tmp_path / "it").write_bytes(b"hello, world")
    with pytest.raises(ValueError, match=r"it' is damaged, or not a bpnet thing: "):
        read_arrays(tmp_path / "it", "thing")


def test_what_is_nested_beyond_the_stack():
    told = pytest.raises(ValueError, match="'it' is damaged: it is nested too deeply")
    with told, as_damage("it"):
        raise RecursionError
