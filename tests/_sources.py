"""What the tests of sources share."""

import struct

import numpy as np
from hypothesis import HealthCheck, settings

N = 150
X = np.random.default_rng(0).standard_normal((N, 3)).round(3).astype(np.float32)
Y = np.arange(N) % 4

in_tmp_path = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def same(found, expected):
    for one, other in zip(found, expected, strict=True):
        assert one.dtype == other.dtype
        assert one.dtype.isnative
        np.testing.assert_array_equal(one, other)


def idx(path, array, dtype=">u1"):
    code = {">u1": 0x08, ">i2": 0x0B, ">f4": 0x0D, ">f8": 0x0E}[dtype]
    sizes = struct.pack(f">{array.ndim}I", *array.shape)
    path.write_bytes(bytes([0, 0, code, array.ndim]) + sizes + array.astype(dtype).tobytes())
    return path
