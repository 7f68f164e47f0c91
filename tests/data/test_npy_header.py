"""Headers of arrays: read without executing anything, or refused by the name of their file."""

import io
import os
import pickle
import re
import struct
import zipfile

import numpy as np
import pytest

from bpnet.data import NpySource, read_table
from bpnet.data.npy_header import read_npy_header

GOOD = "{'descr': '<f8', 'fortran_order': False, 'shape': (20,), }"


def npy(header, body=bytes(160), version=b"\1\0"):
    text = header.encode("latin-1") + b" " * (-(len(header) + 11) % 64) + b"\n"
    size = struct.pack("<H" if version == b"\1\0" else "<I", len(text))
    return b"\x93NUMPY" + version + size + text + body


def reads(path, content):
    """What reads this array: alone, and as part of an archive."""
    alone, archive = path / "it.npy", path / "it.npz"
    alone.write_bytes(content)
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("it.npy", content)
    np.save(path / "y.npy", np.zeros(20))
    return {
        "it.npy": lambda: NpySource(alone, path / "y.npy"),
        "it.npz: array 'it'": lambda: read_table(archive),
    }


def test_the_good_one_is_read(tmp_path):
    for read in reads(tmp_path, npy(GOOD)).values():
        assert read() is not None


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ("((((((((", "damaged header"),
        ("  x\n y", "damaged header"),
        ("(" * 5000, "damaged header"),
        ("[" * 9000 + "]" * 900, "damaged header"),
        ("x" * 20_000, "damaged header"),
        ("", "damaged header"),
        ("{'descr': 1}", "damaged header"),
        ("[]", "damaged header"),
        (GOOD.replace("'<f8'", "()"), "damaged header"),
        (GOOD.replace("'<f8'", "('<f8',)"), "damaged header"),
        (GOOD.replace("'<f8'", "[1, 2]"), "damaged header"),
        (GOOD.replace("'<f8'", "'<f8' * 3"), "damaged header"),
        (GOOD.replace("'<f8'", "'f0x'"), "damaged header"),
        (GOOD.replace("(20,)", "('a',)"), "damaged header"),
        (GOOD.replace("(20,)", "20"), "damaged header"),
        (GOOD.replace("(20,)", f"({'9' * 5000},)"), "damaged header"),
        (GOOD.replace("(20,)", "(-20,)"), "damaged header (its shape is (-20,))"),
        (GOOD.replace("(20,)", f"({10**3000}, {10**3000})"), "its shape is (10000000"),
        (GOOD.replace("(20,)", f"({2**62}, 0, 4)"), ""),
        (GOOD.replace("(20,)", "(1, " * 1 + "1, " * 98 + "20)"), ""),
        (GOOD.replace("(20,)", "(21,)"), "promises"),
        (GOOD.replace("'<f8'", "'|O'"), "holds Python objects, which are never loaded"),
        (GOOD.replace("'<f8'", "[('a', '|O')]"), "holds Python objects"),
    ],
)
def test_bad_ones_are_refused(tmp_path, header, why):
    for name, read in reads(tmp_path, npy(header)).items():
        with pytest.raises(ValueError, match=f"{re.escape(name)}.*{re.escape(why)}") as caught:
            read()
        assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("version", [b"\3\0", b"\0\0", b"\xff\xff"])
def test_other_versions(tmp_path, version):
    for name, read in reads(tmp_path, npy(GOOD, version=version)).items():
        with pytest.raises(ValueError, match=f"{name}.*damaged header"):
            read()


def test_version_2_and_the_order_of_columns():
    file = io.BytesIO(
        npy(GOOD.replace("False", "True").replace("(20,)", "(4, 5)"), version=b"\2\0")
    )
    header = read_npy_header(file, "it")
    assert header == (np.dtype("<f8"), (4, 5), True)
    assert (header.size, header.nbytes, len(file.read())) == (20, 160, 160)


class _Bomb:
    def __reduce__(self):
        return os.mkdir, ("executed",)


@pytest.mark.parametrize("kind", ["pickled array", "pickle"])
def test_nothing_is_executed(tmp_path, monkeypatch, kind):
    monkeypatch.chdir(tmp_path)
    content = io.BytesIO()
    if kind == "pickle":
        pickle.dump(_Bomb(), content)
    else:
        np.save(content, np.array([_Bomb()] * 20, dtype=object), allow_pickle=True)
    for read in reads(tmp_path, content.getvalue()).values():
        with pytest.raises(ValueError, match="it"):
            read()
    assert not os.path.exists("executed")
