"""A folder is claimed by one training at a time."""

import errno
import gc
import os
import signal
import subprocess
import sys
import threading
import weakref

import pytest

import bpnet._lib.locks
from bpnet.storage.claims import LOCK_FILE, FolderClaim, InUseError

posix = pytest.mark.skipif(os.name != "posix", reason="signals, links and locks of POSIX")

HOLD = """
import sys
from bpnet.storage.claims import FolderClaim
claim = FolderClaim(sys.argv[1])
print("held", flush=True)
sys.stdin.read()
"""


def holder(folder):
    """A process that has claimed a folder, until its input ends."""
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout.readline() == "held\n"
    return child


def end(child):
    child.communicate()
    return child.returncode


def test_a_second_claim_is_refused_until_the_first_is_released(tmp_path):
    first = FolderClaim(tmp_path)
    for _ in range(2):
        with pytest.raises(InUseError, match=r"is in use: another fit of this process") as caught:
            FolderClaim(tmp_path)
    assert str(tmp_path) in str(caught.value)
    first.release()
    assert os.listdir(tmp_path) == []
    second = FolderClaim(tmp_path)
    first.release()  # which has nothing to release
    with pytest.raises(InUseError):
        FolderClaim(tmp_path)
    second.release()


def test_a_claim_by_another_name_of_the_folder(tmp_path, monkeypatch):
    (tmp_path / "folder").mkdir()
    os.symlink("folder", tmp_path / "link")
    monkeypatch.chdir(tmp_path / "folder")
    first = FolderClaim(tmp_path / "link")
    with pytest.raises(InUseError):
        FolderClaim(".")
    first.release()


def test_another_process_is_named(tmp_path):
    child = holder(tmp_path)
    with pytest.raises(InUseError, match=f"is in use: process {child.pid} is training in it. Wait"):
        FolderClaim(tmp_path)
    assert end(child) == 0
    FolderClaim(tmp_path).release()
    assert os.listdir(tmp_path) == []


@posix
def test_a_killed_process_holds_nothing(tmp_path):
    child = holder(tmp_path)
    child.send_signal(signal.SIGKILL)
    end(child)
    assert os.listdir(tmp_path) == [LOCK_FILE]
    FolderClaim(tmp_path).release()
    assert os.listdir(tmp_path) == []


FORKS = """
import os, sys
from bpnet.storage.claims import FolderClaim
claim = FolderClaim(sys.argv[1])
read, write = os.pipe()
child = os.fork()
if not child:
    os.close(write)
    os.read(read, 1)  # until the parent has ended, or has closed its end
    os._exit(0)
os.close(read)
claim.release()
FolderClaim(sys.argv[1]).release()
os.close(write)
os.waitpid(child, 0)
print("free")
"""


@posix
def test_a_forked_child_does_not_hold_what_its_parent_claimed(tmp_path):
    """As a worker of a user's data loader, which may outlive the training."""
    command = [sys.executable, "-c", FORKS, os.fspath(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("free\n", "")


def test_of_many_threads_one_has_it(tmp_path):
    claims, refused = [], []
    begin = threading.Barrier(8)

    def claim():
        begin.wait()
        try:
            claims.append(FolderClaim(tmp_path))
        except InUseError:
            refused.append(0)

    threads = [threading.Thread(target=claim) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert (len(claims), len(refused)) == (1, 7)
    claims[0].release()


def test_claims_and_releases_at_once(tmp_path):
    """The file is removed by one while others open it: still only one has the folder."""
    inside, seen, failed = [], [], []

    def work():
        try:
            while len(seen) < 200:
                try:
                    claim = FolderClaim(tmp_path)
                except InUseError:
                    continue
                inside.append(0)
                seen.append(len(inside))
                inside.pop()
                claim.release()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert failed == []
    assert set(seen) == {1}


def test_a_claim_that_nobody_can_release_any_more(tmp_path):
    """Of a fit that was made and never run: it is in a circle, which only gc finds."""

    class Fit:
        def __init__(self):
            self.me, self.claim = self, FolderClaim(tmp_path)
            weakref.finalize(self, self.claim.release)

    gc.disable()
    try:
        Fit()
        FolderClaim(tmp_path).release()
    finally:
        gc.enable()


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_file_system_without_locks(tmp_path, monkeypatch, number):
    def no_locks(handle):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("bpnet.storage.claims.try_lock", no_locks)
    with pytest.warns(UserWarning, match=r"cannot be locked: .*\. Nothing keeps a second training"):
        claim = FolderClaim(tmp_path)
    claim.release()
    assert os.listdir(tmp_path) == []


def test_a_full_disk_is_no_reason_not_to_train(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", full)
        with pytest.warns(UserWarning, match="cannot be locked: No space left on device"):
            FolderClaim(tmp_path).release()
    monkeypatch.setattr(os, "write", full)  # there is room for the file, but for nothing in it
    claim = FolderClaim(tmp_path)
    with pytest.raises(InUseError, match="is in use: another process is training in it"):
        FolderClaim(tmp_path)
    claim.release()


def test_a_folder_that_cannot_be_written_to(tmp_path, monkeypatch):
    """Root may write everywhere, so the system's answer is made up."""
    original = os.open

    def refuse(path, flags, *mode):
        if os.path.basename(path) == LOCK_FILE:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), path)
        return original(path, flags, *mode)

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(OSError, match="Read-only file system"):
        FolderClaim(tmp_path)


@posix
def test_a_link_or_a_pipe_in_place_of_the_lock(tmp_path):
    (tmp_path / "victim").write_text("precious")
    os.symlink("victim", tmp_path / LOCK_FILE)
    with pytest.raises(OSError, match="symbolic links"):
        FolderClaim(tmp_path)
    (tmp_path / LOCK_FILE).unlink()
    os.mkfifo(tmp_path / LOCK_FILE)
    with pytest.raises(OSError, match="not a regular file"):
        FolderClaim(tmp_path)
    assert (tmp_path / "victim").read_text() == "precious"


def test_a_folder_that_was_removed_meanwhile(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    claim = FolderClaim(folder)
    (folder / LOCK_FILE).unlink()
    other = FolderClaim(folder)
    claim.release()
    assert os.listdir(folder) == [LOCK_FILE], "that of the other"
    other.release()
    (folder / "x").touch()
    claim = FolderClaim(folder)
    (folder / LOCK_FILE).unlink()
    (folder / "x").unlink()
    folder.rmdir()
    claim.release()
    assert not folder.exists()


@posix
def test_a_lock_is_the_files_own(tmp_path):
    path = tmp_path / "it"
    handles = [os.open(path, os.O_RDWR | os.O_CREAT) for _ in range(2)]
    assert [bpnet._lib.locks.try_lock(one) for one in handles] == [True, False]
    os.close(handles[0])
    assert bpnet._lib.locks.try_lock(handles[1])
    os.close(handles[1])
