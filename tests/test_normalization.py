"""Settings that normalizations refuse."""

import pytest

from bpnet.normalization import BatchNorm, LayerNorm


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: BatchNorm(epsilon=0.0), ValueError, "epsilon must be greater than 0 .* not 0.0"),
        (lambda: LayerNorm(epsilon=1.0), ValueError, "epsilon must be .* less than 1, not 1.0"),
        (lambda: LayerNorm(epsilon="small"), TypeError, "epsilon must be a number, not 'small'"),
        (lambda: BatchNorm(momentum=0.0), ValueError, "momentum must be greater than 0 .* not 0.0"),
        (lambda: BatchNorm(momentum=1.5), ValueError, "momentum must be .* at most 1, not 1.5"),
        (lambda: BatchNorm(momentum=None), TypeError, "momentum must be a number, not None"),
        (lambda: LayerNorm(momentum=0.1), TypeError, "has no argument 'momentum': .*BatchNorm"),
    ],
)
def test_normalizations_that_cannot_be_raise(make, error, words):
    with pytest.raises(error, match=words):
        make()
