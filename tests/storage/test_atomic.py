"""A file is written whole or not at all."""

import os
import stat
import sys

import pytest

from bpnet.storage.atomic import write_atomically


def test_a_file_is_written_and_replaced(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for path in ("it.bin", tmp_path / "it.bin"):
        for content in (b"first", b"", b"second"):
            write_atomically(path, content)
            assert (tmp_path / "it.bin").read_bytes() == content
    assert os.listdir() == ["it.bin"]


@pytest.mark.parametrize("step", ["fsync", "chmod", "replace"])
def test_a_failure_keeps_the_old_file_and_leaves_nothing_beside_it(tmp_path, monkeypatch, step):
    path = tmp_path / "it.bin"
    write_atomically(path, b"old")

    def fails(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, step, fails)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(path, b"new")
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["it.bin"]


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_atomically(tmp_path / "nowhere" / "it.bin", b"new")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no permission bits")
def test_permissions_are_those_of_any_new_file(tmp_path):
    before = os.umask(0o027)
    try:
        write_atomically(tmp_path / "it.bin", b"new")
        assert os.umask(0o027) == 0o027
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "it.bin").stat().st_mode) == 0o640
