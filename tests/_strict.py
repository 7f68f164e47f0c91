"""array-api-strict as a backend: a stand-in for a GPU, which refuses what a GPU would refuse."""

import contextlib
from collections import Counter
from typing import ClassVar

import array_api_strict as strict
from array_api_strict._flags import supported_versions

import bpnet
from bpnet.backends.standard import StandardBackend

assert strict.get_array_api_strict_flags()["api_version"] == max(supported_versions)
# What depends on values cannot be compiled ahead: the mathematics must do without.
strict.set_array_api_strict_flags(boolean_indexing=False, data_dependent_shapes=False)

_Array = type(strict.ones(1))
# What makes the host wait for an array's values.
_HIDDEN = (
    "__array__",
    "__bool__",
    "__buffer__",
    "__complex__",
    "__dlpack__",
    "__float__",
    "__index__",
    "__int__",
    "__iter__",
    "to_device",
)


def strict_backend(device, dtype):
    """A backend as a user gets it who passes the namespace."""
    return bpnet.get_backend(strict, strict.Device(device), dtype)


class CountingBackend(StandardBackend):
    """Counts its transfers, and under `watching` also what waits for the device unasked."""

    counts: ClassVar[Counter] = Counter()
    _explicit = False

    def __init__(self, device, dtype):
        super().__init__(strict, strict.Device(device), dtype)

    def arguments(self, device, dtype):
        return device, dtype

    def from_host(self, x, dtype):
        with self._counted("from_host"):
            return super().from_host(x, dtype)

    def to_numpy(self, x):
        with self._counted("to_numpy"):
            return super().to_numpy(x)

    @classmethod
    @contextlib.contextmanager
    def _counted(cls, what):
        cls.counts[what] += 1
        cls._explicit = True
        try:
            yield
        finally:
            cls._explicit = False

    @classmethod
    @contextlib.contextmanager
    def watching(cls):
        """The counts, from zero, of what happens in this block."""
        cls.counts.clear()
        kept = {name: getattr(_Array, name) for name in _HIDDEN}
        for name, method in kept.items():
            setattr(_Array, name, cls._watched(name, method))
        try:
            yield cls.counts
        finally:
            for name, method in kept.items():
                setattr(_Array, name, method)

    @classmethod
    def _watched(cls, name, method):
        def call(self, *args, **kwargs):
            if not cls._explicit:
                cls.counts[name] += 1
            return method(self, *args, **kwargs)

        return call
