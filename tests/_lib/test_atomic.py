"""A file is written whole or not at all, and nobody else's is touched."""

import os
import socket
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from _full_disk import room_for

from bpnet._lib.atomic import open_atomically, remove_leftovers, write_atomically

posix = pytest.mark.skipif(os.name != "posix", reason="links, pipes and permissions of POSIX")


def names(folder):
    return sorted(os.listdir(folder))


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def test_a_file_is_written_and_replaced(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for path in ("it.bin", tmp_path / "it.bin", b"it.bin"):
        for content in (b"first", b"", "zweitens: ü\n"):
            write_atomically(path, content)
            expected = content if isinstance(content, bytes) else content.encode()
            assert (tmp_path / "it.bin").read_bytes() == expected
    assert os.listdir() == ["it.bin"]


def test_text_is_written_as_it_is(tmp_path):
    with open_atomically(tmp_path / "it.csv", text=True) as file:
        file.write("a,b\n")
        file.write("ü\r\n")
        assert not (tmp_path / "it.csv").exists(), "it appears when it is complete"
    assert (tmp_path / "it.csv").read_bytes() == "a,b\nü\r\n".encode()


@pytest.mark.parametrize("step", ["fsync", "chmod", "replace", "fdopen", "open", "stat"])
def test_a_failure_keeps_the_old_file_and_leaves_nothing_beside_it(tmp_path, monkeypatch, step):
    path = tmp_path / "it.bin"
    write_atomically(path, b"old")

    def fails(*args, **options):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, step, fails)
        with pytest.raises(OSError, match="No space left") as caught:
            write_atomically(path, b"new")
    assert caught.value.filename == os.fspath(path)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["it.bin"]


def test_an_error_while_it_is_written_keeps_the_old_file(tmp_path):
    path = tmp_path / "it.bin"
    write_atomically(path, b"old")
    for error in (ZeroDivisionError(), KeyboardInterrupt(), FileNotFoundError(2, "gone", "data")):

        def write(error=error):
            with open_atomically(path) as file:
                file.write(b"new")
                raise error

        with pytest.raises(type(error)) as caught:
            write()
        assert caught.value is error, "errors of what is read meanwhile stay what they are"
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["it.bin"]


def test_a_full_disk_keeps_the_old_file(tmp_path):
    path = tmp_path / "it.bin"
    write_atomically(path, b"old")

    def write_in_parts():
        with open_atomically(path) as file:
            for _ in range(100):
                file.write(bytes(1000))

    for write in (lambda: write_atomically(path, bytes(2000)), write_in_parts):
        with room_for(1000), pytest.raises(OSError, match=r"it\.bin") as caught:
            write()
        assert caught.value.filename == os.fspath(path)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["it.bin"]


@pytest.mark.parametrize("path", ["nowhere/it.bin", "nowhere/deeper/it.bin", "link"])
def test_a_folder_that_is_not_there_is_named_with_the_path_that_was_given(
    tmp_path, monkeypatch, path
):
    monkeypatch.chdir(tmp_path)
    if path == "link":
        os.symlink("nowhere/it.bin", "link")
    with pytest.raises(
        FileNotFoundError, match=r"There is no folder .*, create it first"
    ) as caught:
        write_atomically(path, b"new")
    assert caught.value.filename == path
    assert "bpnet-tmp" not in str(caught.value)


@posix
@pytest.mark.parametrize("before", [0o600, 0o640, 0o604, 0o755])
def test_permissions_are_kept(tmp_path, before):
    path = tmp_path / "it.bin"
    path.write_bytes(b"old")
    path.chmod(before)
    write_atomically(path, b"new")
    assert (mode(path), path.read_bytes()) == (before, b"new")


@posix
def test_permissions_of_a_new_file_are_those_of_any_new_file(tmp_path):
    before = os.umask(0o027)
    try:
        write_atomically(tmp_path / "it.bin", b"new")
        assert os.umask(0o027) == 0o027
    finally:
        os.umask(before)
    assert mode(tmp_path / "it.bin") == 0o640


@posix
def test_a_group_that_cannot_be_kept_gets_no_more_than_everyone(tmp_path, monkeypatch):
    path = tmp_path / "it.bin"
    path.write_bytes(b"old")
    path.chmod(0o664)

    def not_allowed(*args):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "chown", not_allowed)
    write_atomically(path, b"new")
    assert mode(path) == 0o644


@posix
@pytest.mark.skipif(os.name == "posix" and os.geteuid() != 0, reason="only root gives files away")
def test_the_owner_is_kept(tmp_path):
    path = tmp_path / "it.bin"
    path.write_bytes(b"old")
    os.chown(path, 1234, 2345)
    write_atomically(path, b"new")
    assert (path.stat().st_uid, path.stat().st_gid) == (1234, 2345)


@posix
def test_a_file_that_must_not_be_written_to(tmp_path, monkeypatch):
    """As with open(path, "w"). Root may write to it, so the system's answer is made up."""
    path = tmp_path / "it.bin"
    path.write_bytes(b"old")
    path.chmod(0o444)
    original = os.open

    def refuse(name, flags, *mode):
        if os.path.basename(name) == "it.bin" and flags & os.O_WRONLY:
            raise PermissionError(13, "Permission denied", name)
        return original(name, flags, *mode)

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(PermissionError) as caught:
        write_atomically(path, b"new")
    assert caught.value.filename == os.fspath(path)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["it.bin"]


@posix
@pytest.mark.skipif(os.name == "posix" and os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_must_not_be_written_to(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(PermissionError) as caught:
            write_atomically(tmp_path / "it.bin", b"new")
    finally:
        tmp_path.chmod(0o700)
    assert caught.value.filename == os.fspath(tmp_path / "it.bin")


@posix
@pytest.mark.parametrize("there", [True, False])
def test_a_link_stays_and_the_file_that_it_leads_to_is_replaced(tmp_path, there):
    (tmp_path / "far").mkdir()
    (tmp_path / "near").mkdir()
    target, link, second = tmp_path / "far" / "it.bin", tmp_path / "near" / "a", tmp_path / "b"
    if there:
        target.write_bytes(b"old")
        target.chmod(0o600)
    os.symlink("../far/it.bin", link)
    os.symlink(link, second)
    write_atomically(second, b"new")
    assert link.is_symlink()
    assert second.is_symlink()
    assert target.read_bytes() == b"new"
    assert mode(target) == 0o600 or not there
    assert names(tmp_path / "far") == ["it.bin"]
    assert names(tmp_path / "near") == ["a"]


@posix
def test_a_link_to_itself(tmp_path):
    os.symlink("it", tmp_path / "it")
    with pytest.raises(OSError, match="symbolic links") as caught:
        write_atomically(tmp_path / "it", b"new")
    assert caught.value.filename == os.fspath(tmp_path / "it")


@posix
def test_only_regular_files_are_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "plug").symlink_to("pipe")
    with socket.socket(socket.AF_UNIX) as one:
        here = os.getcwd()
        os.chdir(tmp_path)  # as the name of a socket has 107 characters at most
        try:
            one.bind("socket")
        finally:
            os.chdir(here)
    kinds = {
        tmp_path / "pipe": "a pipe",
        tmp_path / "plug": "a pipe",
        tmp_path / "folder": "a folder",
        tmp_path / "socket": "a socket",
        Path("/dev/null"): "a device",
    }
    for path, kind in kinds.items():
        with pytest.raises(OSError, match=f"This is {kind}, and only regular files") as caught:
            write_atomically(path, b"new")
        assert caught.value.filename == os.fspath(path)
    with pytest.raises(IsADirectoryError):
        write_atomically(tmp_path / "folder", b"new")
    with pytest.raises(OSError, match="new/"):
        write_atomically(f"{tmp_path}/new/", b"new")
    assert names(tmp_path) == ["folder", "pipe", "plug", "socket"]
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="Linux names open files")
def test_an_open_file_is_not_replaced(tmp_path):
    """As /dev/stdout, of which a shell's > has made a file."""
    code = "import sys; from bpnet._lib.atomic import write_atomically as w; w(sys.argv[1], b'new')"
    os.symlink("/dev/stdout", tmp_path / "link")
    for path in ("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", tmp_path / "link"):
        with (tmp_path / "out").open("w") as out:
            command = [sys.executable, "-c", code, path]
            done = subprocess.run(command, stdout=out, stderr=subprocess.PIPE, text=True)
        assert "This is an open file, which cannot be replaced" in done.stderr
        assert (tmp_path / "out").read_text() == ""


def test_a_name_that_no_file_can_have(tmp_path):
    for name in ("a\0b", "a" * 300):
        with pytest.raises(OSError):  # noqa: PT011 - the system's words
            write_atomically(tmp_path / name, b"new")
    assert names(tmp_path) == []


def test_a_name_as_long_as_can_be(tmp_path):
    for name in ("a" * 255, "ü" * 127):
        write_atomically(tmp_path / name, b"new")
        assert (tmp_path / name).read_bytes() == b"new"


@posix
def test_temporary_names_of_others_are_not_written_through(tmp_path, monkeypatch):
    """A link in place of the temporary file, which someone guessed."""
    (tmp_path / "victim").write_text("precious")
    guesses = iter([b"\0\0\0\0", b"\0\0\0\1"])
    os.symlink("victim", tmp_path / ".it.00000000.bpnet-tmp")
    monkeypatch.setattr(os, "urandom", lambda n: next(guesses))
    write_atomically(tmp_path / "it", b"new")
    assert (tmp_path / "victim").read_text() == "precious"
    assert (tmp_path / "it").read_bytes() == b"new"
    assert names(tmp_path) == [".it.00000000.bpnet-tmp", "it", "victim"]


def test_threads_that_write_one_file(tmp_path):
    path, failed = tmp_path / "it", []

    def write(k):
        try:
            for _ in range(40):
                write_atomically(path, bytes([k]) * 10_000)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=write, args=(k,)) for k in range(3)]
    for one in threads:
        one.start()
    while any(one.is_alive() for one in threads):
        remove_leftovers(tmp_path, lambda name: True)
        if path.exists():
            content = path.read_bytes()
            assert len(content) == 10_000
            assert len(set(content)) == 1
    assert failed == []
    assert names(tmp_path) == ["it"]


KILLED = """
import os, signal, sys
from bpnet._lib.atomic import open_atomically
with open_atomically(sys.argv[1]) as file:
    file.write(b"half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@posix
def test_leftovers_of_killed_processes_are_removed_and_nothing_else(tmp_path):
    for name in ("mine", "theirs"):
        done = subprocess.run([sys.executable, "-c", KILLED, os.fspath(tmp_path / name)])
        assert done.returncode == -9
    for name in (".mine.bak", ".mine.0123456.bpnet-tmp", "mine.01234567.bpnet-tmp", ".mine"):
        (tmp_path / name).write_text("a user's")
    os.mkfifo(tmp_path / ".mine.00000000.bpnet-tmp")
    os.symlink("mine", tmp_path / ".mine.00000001.bpnet-tmp")
    others = set(names(tmp_path))
    with open_atomically(tmp_path / "mine") as file:
        remove_leftovers(tmp_path, {"mine"}.__contains__)
        file.write(b"whole")
    assert (tmp_path / "mine").read_bytes() == b"whole"
    gone = others - set(names(tmp_path))
    assert len(gone) == 1
    assert gone.pop().startswith(".mine.")
    assert any(name.startswith(".theirs.") for name in names(tmp_path))


@posix
def test_what_a_killed_process_left_goes_when_the_file_is_written_again(tmp_path):
    command = [sys.executable, "-c", KILLED, os.fspath(tmp_path / "mine")]
    assert subprocess.run(command).returncode == -9
    write_atomically(tmp_path / "other", b"")
    assert len(names(tmp_path)) == 2
    write_atomically(tmp_path / "mine", b"whole")
    assert names(tmp_path) == ["mine", "other"]


def test_leftovers_in_a_folder_that_is_not_there(tmp_path):
    remove_leftovers(tmp_path / "nowhere", lambda name: True)
    assert names(tmp_path) == []
