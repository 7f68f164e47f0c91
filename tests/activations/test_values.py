"""Values of the activations, against PyTorch's."""

import numpy as np
import pytest
from _cases import ACTIVATIONS, torch_functions

import bpnet


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_values_over_the_whole_range(torch, activation):
    z = np.concatenate([np.linspace(-40.0, 40.0, 1601), [-700.0, 700.0]])[:, None] + [[0.0, 0.5]]
    expected = torch_functions(torch)[activation](torch.tensor(z)).numpy()
    found = bpnet.activations.get(activation).value(z)
    # `test_accuracy.py` compares small values with what is exact; PyTorch's own lose their digits.
    np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-14)
