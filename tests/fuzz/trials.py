"""Trials of damaged files: what a reader does with each, in a process that may die of it.

A file format is an object with:

``name`` and ``suffix`` : str
``errors`` : tuple of exception types
    Those that are documented.
``good()`` : list of bytes
    Contents of good files.
``mutated(content, others, random)`` : bytes
    A damaged one, a function of the arguments alone. (Or ``of_seed(seed)`` in its place.)
``use(path)``
    Reads a file, and does with it what users do. Whatever else than a documented error it raises
    is a failure.

Of each trial it is checked: an error is of a documented type and names the file; no more than
`SECONDS` of the processor and `MEGABYTES` above what was used before; nothing is executed; nothing
but the file itself is in its folder afterwards, unchanged.
"""

import contextlib
import gc
import os
import random
import select
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from pathlib import Path

SECONDS, MEGABYTES = 1.0, 200
_MOST = 2**32  # bytes of addresses above the baseline, so that no trial endangers the machine
_HARMFUL = (
    "ctypes.dlopen",
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.posix_spawn",
    "os.spawn",
    "os.system",
    "pickle.find_class",
    "socket.bind",
    "socket.connect",
    "subprocess.Popen",
)
_CHANGES = (
    "os.chmod",
    "os.chown",
    "os.link",
    "os.mkdir",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.symlink",
    "os.truncate",
)


class Watch:
    """Records what is executed or changed outside of some folders, by Python's audit events."""

    def __init__(self, folder):
        self.folder, self.on, self.seen = os.fspath(folder), False, []
        sys.addaudithook(self._hook)

    def _hook(self, event, arguments):
        if not self.on:
            return
        if event in _HARMFUL:
            self.seen.append(f"{event} {arguments!r:.200}")
        elif event in _CHANGES or (event == "open" and _writes(arguments)):
            path = os.fsdecode(arguments[0]) if isinstance(arguments[0], str | bytes) else ""
            if path and not os.path.abspath(path).startswith((self.folder, "/dev/null")):
                self.seen.append(f"{event} {arguments!r:.200}")

    @contextlib.contextmanager
    def __call__(self):
        self.on, self.seen = True, []
        try:
            yield
        finally:
            self.on = False


def _writes(arguments):
    flags = arguments[2] if len(arguments) > 2 and isinstance(arguments[2], int) else 0
    return bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC))


def case(form, seed, good=None):
    """The damaged file of a seed."""
    if hasattr(form, "of_seed"):
        return form.of_seed(seed)
    dice = random.Random(f"{form.name} {seed}")
    good = good or form.good()
    return form.mutated(dice.choice(good), good, dice)


class Worker:
    """Does trials in this process, one after another."""

    def __init__(self, form, folder):
        import resource  # POSIX has it

        self.form, self.good = form, form.good()
        self.folder = Path(folder, "files")
        self.folder.mkdir()
        # What is written into the current folder by a relative name is seen too.
        self.elsewhere = Path(folder, "elsewhere")
        self.elsewhere.mkdir()
        os.chdir(self.elsewhere)
        self.watch = Watch(self.folder)
        for content in self.good:  # imports all that is needed
            found = self.outcome(content, limited=False)
            assert found == "accepted", f"a good file is not accepted: {found}"
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (_status("VmSize") + _MOST, hard))

    def trial(self, seed):
        """``"accepted"``, ``"refused"`` or what is wrong."""
        content = case(self.form, seed, self.good)
        found = self.outcome(content)
        if found.startswith("took"):  # other processes may have been in the way
            found = self.outcome(content)
        return found

    def outcome(self, content, limited=True):
        """What a file comes to; without limits for the first ones, which import what they need."""
        path = self.folder / f"it{self.form.suffix}"
        path.write_bytes(content)
        gc.collect(0)
        before = _reset_peak()
        began, said = time.process_time(), "accepted"
        try:
            with self.watch(), warnings.catch_warnings():
                warnings.simplefilter("error", RuntimeWarning)
                self.form.use(path)
        except self.form.errors as error:
            said = "refused"
            if type(error) not in self.form.errors:
                said = _told(error)
            elif path.name not in str(error):
                said = f"the message does not name the file: {error}"
            elif len(str(error)) > 2000:
                said = f"the message has {len(str(error)):,} characters: {str(error)[:200]}"
        except BaseException as error:
            said = _told(error)
        seconds, peak = time.process_time() - began, _status("VmHWM") - before
        if limited and said in ("accepted", "refused"):
            there = os.listdir(self.folder) + os.listdir(self.elsewhere)
            if self.watch.seen:
                said = f"was executed or written: {self.watch.seen}"
            elif there != [path.name] or path.read_bytes() != content:
                said = f"files were written or changed: {there}"
            elif seconds > SECONDS:
                said = f"took {seconds:.1f} s"
            elif peak > MEGABYTES * 2**20:
                said = f"took {peak / 2**20:.0f} MB"
        return said


def _told(error):
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {str(error)[:200]!r} in {place.filename}:{place.lineno}"


def _status(what):
    """Bytes of memory that this process uses: an entry of /proc/self/status; elsewhere 0."""
    try:
        with open("/proc/self/status") as file:
            (line,) = (line for line in file if line.startswith(what))
    except OSError:
        return 0
    return int(line.split()[1]) * 1024


def _reset_peak():
    """Let the peak of the memory be what is used now; returns it."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    return _status("VmRSS")


def work(form, first, stop):
    """Do trials, and print one line for each: what the child process of `run` does."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    with tempfile.TemporaryDirectory() as folder:
        worker = Worker(form, folder)
        print("ready", flush=True)
        for seed in range(first, stop):
            print(seed, worker.trial(seed).replace("\n", " "), flush=True)
        os.chdir("/")


def run(name, first, stop, report=None, patience=60.0):
    """Do trials in child processes.

    Parameters
    ----------
    name : str
        Of the format.
    first, stop : int
        Seeds, from one to before the other.
    report : callable, optional
        Given each seed with what is wrong, as soon as it is seen.
    patience : float, optional
        Seconds of the clock after which a trial is ended.

    Returns
    -------
    counts : dict of str to int
        Of ``"accepted"`` and ``"refused"``.
    failures : dict of int to str
        By seed, what is wrong.
    """
    counts, failures = {"accepted": 0, "refused": 0}, {}
    seed = first
    while seed < stop:
        for said in _said(name, seed, stop, patience):
            if said in counts:
                counts[said] += 1
            else:
                failures[seed] = said
                if report is not None:
                    report(seed, said)
            seed += 1
    return counts, failures


def _said(name, first, stop, patience):
    """What a child process says of each seed, until it has done all or died of one."""
    command = [sys.executable, str(Path(__file__).parents[1] / "fuzz_files.py"), "--worker"]
    command += ["--format", name, "--first", str(first), "--runs", str(stop - first)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, env=environment
        ) as process,
    ):
        seed, lines, ready, ended = first, b"", False, "died"
        while seed < stop:
            wait = patience if ready else None  # Python may take its time to begin
            if not select.select([process.stdout], [], [], wait)[0]:
                ended = f"still at work after {patience:.0f} s"
                process.kill()
                break
            part = os.read(process.stdout.fileno(), 2**16)
            if not part:
                break
            *whole, lines = (lines + part).split(b"\n")
            for line in whole:
                if not ready:
                    ready = line == b"ready"
                    continue
                seed += 1
                yield line.decode().partition(" ")[2]
        status = process.wait()
        if seed < stop or status:
            errors.seek(0)
            last = errors.read().decode(errors="replace")[-2000:]
            if not ready:
                raise RuntimeError(f"no trial of {name} could begin: {last}")
            if seed < stop:
                yield f"{ended}, exit status {status}: {last}"
