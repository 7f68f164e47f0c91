import gzip
import struct
import tracemalloc

import numpy as np
import pytest
from _errors import raises
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from bpnet.data import read_idx

CODES = {"u1": 0x08, "i1": 0x09, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}

in_tmp_path = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def header(code, shape):
    return bytes([0, 0, code, len(shape)]) + struct.pack(f">{len(shape)}I", *shape)


def to_idx(array):
    code = CODES[array.dtype.str[1:]]
    return header(code, array.shape) + array.astype(array.dtype.newbyteorder(">")).tobytes()


def write(path, content, *, packed=False):
    path.write_bytes(gzip.compress(content) if packed else content)
    return path


@in_tmp_path
@given(
    array=st.sampled_from(sorted(CODES)).flatmap(
        lambda dtype: hnp.arrays(
            dtype, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5)
        )
    ),
    packed=st.booleans(),
)
def test_what_is_written_is_read(tmp_path, array, packed):
    read = read_idx(write(tmp_path / "a.idx", to_idx(array), packed=packed))
    assert read.dtype == array.dtype
    assert read.dtype.isnative
    assert read.shape == array.shape
    assert read.flags.writeable
    np.testing.assert_array_equal(read, array)


@in_tmp_path
@given(
    magic=st.sampled_from([b"", *(bytes([0, 0, code, 1, 0, 0, 0]) for code in CODES.values())]),
    rest=st.binary(max_size=40),
    packed=st.booleans(),
)
def test_any_bytes_are_an_array_or_a_value_error_that_names_the_file(tmp_path, magic, rest, packed):
    path = write(tmp_path / "noise", magic + rest, packed=packed)
    try:
        result = read_idx(path)
    except ValueError as error:
        result = str(error)
    if isinstance(result, str):
        assert str(path) in result
    else:
        assert to_idx(result) == magic + rest


@in_tmp_path
@given(cut=st.integers(1, 30), packed=st.booleans())
def test_a_truncated_file(tmp_path, cut, packed):
    content = to_idx(np.arange(12, dtype=np.int16).reshape(3, 4))
    path = write(tmp_path / "short.idx", content[:-cut], packed=packed)
    with raises(path):
        read_idx(path)


def test_a_truncated_file_is_told_with_both_sizes(tmp_path):
    content = to_idx(np.arange(12, dtype=np.uint8).reshape(3, 4))
    path = write(tmp_path / "short.idx", content[:-5])
    with raises(path, "promises 12 bytes for shape (3, 4)", "the file has 7"):
        read_idx(path)
    path = write(tmp_path / "no-sizes.idx", content[:9])
    with raises(path, "promises 2 dimensions, 8 bytes", "the file has 5"):
        read_idx(path)


@pytest.mark.parametrize("packed", [False, True])
def test_trailing_bytes(tmp_path, packed):
    path = write(tmp_path / "a.idx", to_idx(np.zeros(3, np.uint8)) + b"xy", packed=packed)
    with raises(path, "promises 3 bytes", "the file has at least 4"):
        read_idx(path)


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        (b"", "begins with nothing"),
        (b"\0\0\x08", "begins with 00 00 08"),
        (b"\x89PNG", "begins with 89 50 4e 47"),
        (b"\0\0\x0a\1\0\0\0\0", "begins with 00 00 0a 01"),
    ],
)
def test_wrong_magic(tmp_path, content, shown):
    path = write(tmp_path / "picture.png", content)
    with raises(path, shown, "expected 00 00", "08, 09, 0b, 0c, 0d, 0e"):
        read_idx(path)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("shape", [(2**32 - 1,), (2**20, 2**20, 8), (2**32 - 1,) * 200])
def test_a_header_that_promises_terabytes_fails_at_once(tmp_path, shape, packed):
    path = write(tmp_path / "forged.idx", header(0x0E, shape) + bytes(1000), packed=packed)
    tracemalloc.start()
    try:
        with raises(path, "promises", "the file cannot hold more than"):
            read_idx(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000


def test_a_promise_that_gzip_could_just_hold_costs_only_what_is_there(tmp_path):
    there = np.random.default_rng(0).bytes(50_000)
    path = write(tmp_path / "forged.gz", header(0x08, (50_000_000,)) + there, packed=True)
    tracemalloc.start()
    try:
        with raises(path, "promises 50000000 bytes", "the file has 50000"):
            read_idx(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 5_000_000


def test_a_shape_that_no_array_has(tmp_path):
    path = write(tmp_path / "a.idx", header(0x08, (0, *(2**32 - 1,) * 3)))
    with raises(path, "no array can have the shape (0, 4294967295, 4294967295, 4294967295)"):
        read_idx(path)
    path = write(tmp_path / "b.idx", header(0x08, (1,) * 100) + b"\0")
    with raises(path, "no array can have the shape (1, 1,"):
        read_idx(path)


def test_damaged_gzip(tmp_path):
    whole = gzip.compress(to_idx(np.random.default_rng(0).integers(0, 256, 5000, dtype=np.uint8)))
    cut = write(tmp_path / "cut.gz", whole[:-100])
    bent = write(tmp_path / "bent.gz", whole[:-8] + b"\0\0\0\0" + whole[-4:])
    broken = write(tmp_path / "broken.gz", whole[:10] + b"\xff" * 100)
    for path in (cut, bent, broken):
        with raises(path, "damaged gzip data"):
            read_idx(path)


def test_compression_is_seen_from_the_content(tmp_path):
    array = np.arange(5, dtype=np.uint8)
    assert np.array_equal(read_idx(write(tmp_path / "a.gz", to_idx(array))), array)
    assert np.array_equal(read_idx(write(tmp_path / "a", to_idx(array), packed=True)), array)


def test_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"absent\.idx"):
        read_idx(tmp_path / "absent.idx")
