"""Arrays and the like in place of a backend, a device or a dtype."""

import numpy as np
import pytest

import bpnet

ARRAYS = [np.zeros((3, 2)), np.array([None, 1]), np.ma.masked_array([1, 2], mask=[0, 1])]


@pytest.mark.parametrize("given", ARRAYS)
@pytest.mark.parametrize("call", [bpnet.get_backend, bpnet.use, bpnet.Network([1, 1]).to])
def test_an_array_is_no_backend(call, given):
    with pytest.raises(TypeError, match=r"backend must be a name.*; an array of shape .* lacks"):
        call(given)


@pytest.mark.parametrize("given", ARRAYS)
@pytest.mark.parametrize("name", [None, "numpy"])
def test_an_array_is_no_dtype(name, given):
    with pytest.raises(ValueError, match="unknown dtype"):
        bpnet.get_backend(name, None, given)
    with pytest.raises(ValueError, match="unknown compute_dtype"):
        bpnet.get_backend(name, compute_dtype=given)


@pytest.mark.parametrize("given", ARRAYS)
def test_messages_show_the_shape_of_an_array_and_not_its_numbers(given):
    shape = f"not an array of shape {given.shape}"
    for call in (bpnet.load, bpnet.read_checkpoint, bpnet.Checkpoint, bpnet.SGD):
        with pytest.raises(TypeError) as caught:
            call(given)
        assert shape in str(caught.value)
        assert len(str(caught.value).splitlines()) == 1
