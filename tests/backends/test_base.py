"""What a backend refuses to be set to."""

import pytest

import bpnet
from bpnet.backends.numpy import NumpyBackend


class Wavering(NumpyBackend):
    """Needs a variable of the environment to compute the same bits."""

    def why_not_deterministic(self):
        return "set SAME_BITS=1 in the environment before Python starts"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"deterministic": True},
            "deterministic=True on numpy, cpu: set SAME_BITS=1 in the environment before Python",
        ),
        (
            {"compute_dtype": "float16"},
            r"compute_dtype 'float16' on numpy, cpu: .*\(compute_dtype=None trains in",
        ),
    ],
)
def test_settings_that_it_cannot_keep(options, words):
    backend = Wavering("cpu", "float32")
    with pytest.raises(ValueError, match=words):
        bpnet.Network([2, 1], backend=backend, **options)
    assert bpnet.Network([2, 1], backend=backend, compute_dtype=None).backend.name == "numpy"
