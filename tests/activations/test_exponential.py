"""Softmax: a function of a whole layer."""

import numpy as np
import pytest

from bpnet.activations import Softmax


def test_it_has_no_derivative_but_a_pullback():
    z = np.asarray([[0.0, 1.0]])
    a = Softmax().value(z)
    with pytest.raises(TypeError, match="mixes the neurons of a layer: its derivative is the pull"):
        Softmax().derivative(z, a)
    np.testing.assert_allclose(Softmax().pullback(np.ones_like(a), z, a), 0.0, atol=1e-15)
