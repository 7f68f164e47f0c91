"""Ways of an array to NumPy."""

import numpy as np
import pytest

from bpnet.backends import BackendUnavailableError
from bpnet.backends.transfers import way_to_host

EXPECTED = np.asarray([1.0, 2.0], "float32")


class Closed:
    """An array that NumPy cannot read."""

    dtype = "float32"

    def __array__(self, *arguments, **options):
        raise RuntimeError("ask the library")


class Wrapped(Closed):
    def to_numpy(self):
        return EXPECTED


def test_the_first_way_that_works():
    assert way_to_host("mine", Wrapped(), EXPECTED, ())(Wrapped()) is EXPECTED


def test_none_names_each_that_was_tried():
    with pytest.raises(BackendUnavailableError, match=r"mine offers no way to NumPy \(.*RuntimeEr"):
        way_to_host("mine", Closed(), EXPECTED, ())
