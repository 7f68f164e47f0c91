"""One training on three hosts, which are network namespaces of this machine."""

import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from _launch import ROOT, executable, why_not

from benchmarks import hosts as module
from benchmarks.hosts import Hosts

TRAIN = [sys.executable, str(ROOT / "scripts" / "train.py"), "--hidden", "16", "--quiet"]
# The same within seconds: signs of life come more often, and are missed sooner.
SHORT = """
import sys
from bpnet.cli import main
from bpnet.parallel.heartbeat import heartbeat
heartbeat.__wrapped__.__kwdefaults__.update(every=0.2, silence=3.0)
sys.exit(main(["train", "--hidden", "16", "--quiet", *sys.argv[1:]]))
"""


@pytest.fixture(scope="module")
def possible():
    if reason := module.why_not():
        pytest.skip(reason)


@pytest.fixture
def hosts(possible):
    with Hosts(3) as made:
        yield made


@pytest.fixture(params=["mpi", "torch"])
def engine(request):
    if reason := why_not(request.param):
        pytest.skip(reason)
    return request.param


def started(hosts, engine, command, folder):
    """The processes that train on all hosts, and the files of what they print."""
    if engine == "mpi":
        commands = [hosts.mpiexec(executable("mpiexec"), command)]
    else:
        commands = hosts.torchrun(command[1:])  # without Python's path
    env = {
        **os.environ,
        **hosts.environment,
        "PYTHONPATH": str(ROOT),
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }
    jobs = []
    for k, one in enumerate(commands):
        output = Path(folder, f"output-{k}")
        with output.open("wb") as file:
            options = {"stdin": subprocess.DEVNULL, "stdout": file, "stderr": subprocess.STDOUT}
            jobs.append((subprocess.Popen(one, env=env, cwd=folder, **options), output))
    return jobs


def ended(jobs, seconds):
    """The statuses of all, and what they printed; fails if they take longer."""
    deadline = time.monotonic() + seconds
    with contextlib.suppress(subprocess.TimeoutExpired):
        for process, _ in jobs:
            process.wait(max(0.0, deadline - time.monotonic()))
    statuses = [process.poll() for process, _ in jobs]
    text = "\n".join(output.read_text(errors="replace") for _, output in jobs)
    assert None not in statuses, f"not over after {seconds} s:\n{text}"
    return statuses, text


def alone(folder, *flags):
    """The model of one process."""
    env = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    command = [*TRAIN, *flags, "--parallel", "serial", "--out", "alone"]
    subprocess.run(command, env=env, cwd=folder, check=True, timeout=120)
    return Path(folder, "alone/model.safetensors").read_bytes()


def test_three_hosts_train_to_the_bits_of_one(hosts, engine, tmp_path):
    flags = ["--epochs", "2", "--dropout", "0.1"]
    jobs = started(hosts, engine, [*TRAIN, *flags, "--out", "run"], tmp_path)
    statuses, text = ended(jobs, 90)
    assert set(statuses) == {0}, text
    assert text.count("test accuracy") == 1
    assert (tmp_path / "run/model.safetensors").read_bytes() == alone(tmp_path, *flags)
    parameters = 4 * (64 * 16 + 16 + 16 * 10 + 10)
    for host in range(3):  # of 80 steps: what was sent went by the links
        assert hosts.received(host) > 80 * parameters


@pytest.mark.parametrize(("engine", "host"), [("mpi", 2), ("torch", 0)], indirect=["engine"])
def test_a_link_that_is_cut_ends_the_job(hosts, engine, host, tmp_path):
    (tmp_path / "short.py").write_text(SHORT)
    script = [sys.executable, str(tmp_path / "short.py")]
    flags = ["--epochs", "1000000", "--early-stopping", "0", "--out", "run"]
    jobs = started(hosts, engine, [*script, *flags], tmp_path)
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob("run/checkpoints/*.safetensors")):
        assert time.monotonic() < deadline, ended(jobs, 0)
        time.sleep(0.1)
    hosts.cut(host)
    statuses, text = ended(jobs, 30)
    assert 0 not in statuses
    assert "has given no sign of life for 3 seconds" in text
    assert "that host or the network is down; the job ends" in text
    deadline = time.monotonic() + 30
    while left := [pid for k in range(3) for pid in hosts.processes(k)]:
        assert time.monotonic() < deadline, left
        time.sleep(0.1)
    assert list(tmp_path.glob("run/checkpoints/*.safetensors"))


def test_a_rate_is_kept(hosts, tmp_path):
    if reason := why_not("mpi"):
        pytest.skip(reason)
    hosts.limit("200mbit")
    size = 2**23
    command = [sys.executable, "-m", "benchmarks.scaling.rank", "--parallel", "mpi", "--gather"]
    statuses, text = ended(started(hosts, "mpi", [*command, str(size)], tmp_path), 60)
    assert statuses == [0], text
    seconds = json.loads(text)[str(size)]
    assert seconds > 0.5 * 2 * size * 8 / 200e6  # what two others sent, at that rate


def namespaces():
    told = subprocess.run(["ip", "netns", "list"], check=True, capture_output=True, text=True)
    return told.stdout


MAKE = """
import subprocess, sys
from benchmarks.hosts import Hosts
hosts = Hosts(2).__enter__()
job = subprocess.Popen(hosts.on(1, ["sleep", "100"]))
print(job.pid, flush=True)
sys.stdin.read()
"""


def test_nothing_is_left_of_a_process_that_was_killed(possible):
    process = subprocess.Popen(
        [sys.executable, "-c", MAKE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    try:
        job = int(process.stdout.readline())
        mark = f"bpnet-hosts-{process.pid}-"
        assert mark in namespaces()
    finally:
        process.kill()
        process.communicate()
    deadline = time.monotonic() + 30
    while mark in namespaces():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    while Path(f"/proc/{job}").exists() and not has_ended(job):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def has_ended(pid):
    """Whether a process is only waited for."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].startswith("Z")
    return True


def test_what_was_left_behind_is_removed(possible):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    name = f"bpnet-hosts-{gone.pid}-0"
    subprocess.run(["ip", "netns", "add", name], check=True)
    with Hosts(1):
        assert name not in namespaces()
        assert f"bpnet-hosts-{os.getpid()}-0" in namespaces()
    assert f"bpnet-hosts-{os.getpid()}-" not in namespaces()


def test_a_system_without_namespaces_is_told(monkeypatch):
    monkeypatch.setattr(module.sys, "platform", "win32")
    assert module.why_not() == "network namespaces are Linux's"
    monkeypatch.setattr(module.sys, "platform", "linux")
    monkeypatch.setattr(module.shutil, "which", lambda name: None)
    assert module.why_not() == "no program ip (iproute2) here"
