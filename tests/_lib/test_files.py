"""What is no file of bytes is refused before it is opened."""

import os
import socket

import pytest

from bpnet._lib.files import check_regular_file


def test_a_file_and_a_link_to_one(tmp_path):
    file, link = tmp_path / "file", tmp_path / "link"
    file.write_bytes(b"")
    check_regular_file(file)
    check_regular_file(str(file))
    if os.name == "posix":
        link.symlink_to(file)
        check_regular_file(link)


def test_nothing_is_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="absent: no such file"):
        check_regular_file(tmp_path / "absent")


def test_a_folder(tmp_path):
    with pytest.raises(ValueError, match=r"a folder, expected a file$"):
        check_regular_file(tmp_path)


def test_a_path_that_no_file_has():
    with pytest.raises(ValueError, match=r"'a\\x00b' cannot be a path: .*embedded null"):
        check_regular_file("a\0b")


@pytest.mark.skipif(os.name != "posix", reason="makes what POSIX has")
def test_pipes_sockets_and_devices(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        here = os.getcwd()
        os.chdir(tmp_path)  # a socket's path is short
        try:
            server.bind("socket")
        finally:
            os.chdir(here)
        (tmp_path / "link").symlink_to(tmp_path / "pipe")
        for path, kind in (
            (tmp_path / "pipe", "a pipe"),
            (tmp_path / "link", "a pipe"),
            (tmp_path / "socket", "a socket"),
            ("/dev/null", "a device"),
        ):
            with pytest.raises(ValueError, match=f"{path}: {kind}, expected a file; write what"):
                check_regular_file(path)
