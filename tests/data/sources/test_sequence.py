"""Samples of a sequence."""

import numpy as np
import pytest
from _errors import raises

from bpnet.data import (
    SequenceSource,
    source,
)


def test_a_dataset_of_pytorch(torch):
    data = torch.utils.data.TensorDataset(torch.ones(5, 2, 2), torch.arange(5))
    x, y = source(data).read(1, 4)
    assert x.shape == (3, 4)
    assert x.dtype == np.float32
    assert y.tolist() == [1, 2, 3]


def test_errors_of_a_sequence_keep_their_kind():
    class Broken(list):
        def __getitem__(self, k):
            return {}[k] if k == 4 else ([1.0], 0)

    with pytest.raises(KeyError) as caught:
        SequenceSource(Broken([0] * 9)).read(2, 7)
    assert caught.value.__notes__ == ["while reading Broken, row 4"]


def test_what_is_no_sequence():
    with raises("generator has no __len__", kind=TypeError):
        SequenceSource(k for k in range(3))
    with raises("list is empty"):
        SequenceSource([])
