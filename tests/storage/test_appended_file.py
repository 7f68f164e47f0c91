"""A file that grows by whole pieces."""

import os

import pytest
from _full_disk import room_for

from bpnet.storage.appended_file import AppendedFile
from bpnet.storage.claims import InUseError


def test_text_is_added_at_the_end(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("a\n")
    file = AppendedFile(os.fspath(path))
    file.append("b\n")
    file.begin_with("a\nb\n")
    file.append("ü\n")
    assert path.read_text(encoding="utf-8") == "a\nb\nü\n"
    file.begin_with("c\n")
    file.append("d\n")
    file.close()
    file.close()
    assert path.read_text() == "c\nd\n"
    assert os.listdir(tmp_path) == ["log.csv"]


def test_what_finds_no_room_is_not_begun(tmp_path):
    path = tmp_path / "log.csv"
    file = AppendedFile(os.fspath(path))
    file.append("a" * 90 + "\n")
    with room_for(100), pytest.raises(OSError, match="too large"):
        file.append("b" * 20 + "\n")
    assert path.read_text() == "a" * 90 + "\n"
    with room_for(10), pytest.raises(OSError, match="too large"):
        file.begin_with("c" * 20)
    assert path.read_text() == "a" * 90 + "\n"
    file.append("b\n")
    file.close()
    assert path.read_text() == "a" * 90 + "\nb\n"


def test_what_a_killed_process_left_is_removed(tmp_path):
    for name in (".log.csv.0123abcd.bpnet-tmp", ".other.csv.0123abcd.bpnet-tmp"):
        (tmp_path / name).touch()
    AppendedFile(os.fspath(tmp_path / "log.csv")).close()
    assert sorted(os.listdir(tmp_path)) == [".other.csv.0123abcd.bpnet-tmp", "log.csv"]


def test_one_writer_at_a_time(tmp_path):
    path = os.fspath(tmp_path / "log.csv")
    first = AppendedFile(path)
    for _ in range(2):
        with pytest.raises(InUseError, match=r"log\.csv' is in use: another fit is writing to it"):
            AppendedFile(path)
        first.begin_with("a")
    first.close()
    AppendedFile(path).close()


def test_a_file_system_without_locks(tmp_path, monkeypatch):
    def no_locks(handle):
        raise OSError(37, "No locks available")

    monkeypatch.setattr("bpnet.storage.appended_file.try_lock", no_locks)
    file = AppendedFile(os.fspath(tmp_path / "log.csv"))
    file.append("a")
    file.close()
    assert (tmp_path / "log.csv").read_text() == "a"


@pytest.mark.skipif(os.name != "posix", reason="pipes")
def test_only_regular_files(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path, kind in {
        tmp_path / "pipe": "a pipe",
        tmp_path: "a folder",
        "/dev/null": "a device",
    }.items():
        with pytest.raises(OSError, match=f"This is {kind}, and only regular files"):
            AppendedFile(os.fspath(path))
