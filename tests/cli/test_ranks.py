"""bpnet train by several ranks: one run, one report, the bits of one process."""

import csv
import json
import os
import tomllib
from pathlib import Path

import pytest
from _launch import run_ranks, succeeded

from bpnet.cli import main

TRAIN = """
import os, sys
{before}
from bpnet.cli import main
codes = []
for argv in {runs!r}:
    codes.append(main(argv))
answer(codes)
sys.exit(max(codes))
"""

RANK = "from bpnet.parallel.launched import launched_rank"


def by_ranks(tmp_path, *runs, ranks=2, engine="mpi", before="", start=succeeded, **options):
    """A job of ranks that all run the command with these flags, one after another."""
    before = f"os.chdir({os.fspath(tmp_path)!r})\n{before}"
    argv = [["train", *flags] for flags in runs]
    return start(TRAIN.format(before=before, runs=argv), ranks, engine, **options)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [(k % 17 - 8, k * 7 % 13 - 6) for k in range(300)]
    lines = [f"{a},{b},{'yes' if a * b > 0 else 'no'}" for a, b in rows]
    Path("table.csv").write_text("\n".join(["a,b,same", *lines]))


def contents(folder):
    """A run's files, without the times."""
    path = Path(folder)
    with (path / "history.csv").open(newline="") as file:
        rows = [
            {k: v for k, v in row.items() if k not in ("seconds", "communication")}
            for row in csv.DictReader(file)
        ]
    files = ("model.safetensors", "settings.toml", "report.json")
    assert rows
    return rows, [(path / name).read_bytes() for name in files], sorted(os.listdir(path))


DIGITS = ["--epochs", "3", "--hidden", "16"]
TABLE = ["--data", "table.csv", "--target", "same", "--epochs", "4", "--hidden", "8"]
HELD_OUT = [*TABLE, "--early-stopping", "2", "--dropout", "0.1", "--normalization", "batch"]


def test_mpiexec_trains_to_the_bits_of_one_process(tmp_path):
    runs = {"digits": DIGITS, "folds": TABLE, "held-out": HELD_OUT}
    named = [[*flags, "--out", name] for name, flags in runs.items()]
    job = by_ranks(tmp_path, *named, ranks=3)
    assert job.answers == [[0, 0, 0]] * 3
    assert job.output.count("ranks     3 processes by mpi, 4 parts") == 3
    for once in ("data      digits:", "saved     held-out:", "training for 3 epochs"):
        assert job.output.count(once) == 1
    alone = by_ranks(
        tmp_path, *([*flags, "--out", f"{name}-alone"] for name, flags in runs.items()), ranks=1
    )
    for name in runs:
        assert contents(name) == contents(f"{name}-alone")
        assert tomllib.loads(Path(name, "settings.toml").read_text())["blocks"] == 4
    told = [line for line in alone.output.splitlines() if line.startswith("test accuracy")]
    assert told == [line for line in job.output.splitlines() if line.startswith("test accuracy")]


def test_torchrun_trains_to_the_bits_of_one_process(tmp_path):
    flags = [*DIGITS, "--backend", "torch", "--quiet"]
    by_ranks(tmp_path, [*flags, "--out", "two"], engine="torch")
    by_ranks(tmp_path, [*flags, "--out", "one"], engine="torch", ranks=1)
    assert contents("two") == contents("one")


WRONG = {
    "--epohcs 3": "unknown argument '--epohcs': did you mean '--epochs'?",
    "--epochs -1": "epochs must be at least 0, not -1",
    "--blocks -1": "blocks must be at least 0, not -1",
    "--data no.csv --target y": "no.csv: no such file",
    "--data table.csv --target z": "table.csv: no column 'z'",
    "--config no.toml": "no.toml: no such file",
    "--resume no": "there is no run folder no",
    "--out table.csv": "table.csv is no folder",
    "--out table.csv/below": "the run folder cannot be written: ",
    "--parallel torch": "--parallel torch joins processes that torchrun starts, and mpiexec",
    "--parallel mip": "unknown parallel 'mip': did you mean 'mpi'?",
    "--parallel nccl": "--parallel nccl joins GPUs for CuPy, and the network computes with numpy",
    "--config off.toml": "parallel is off, and 2 were started: start one",
}


def test_a_mistake_is_told_once(tmp_path):
    pytest.importorskip("torch")  # without it, another mistake is told of --parallel torch
    Path("off.toml").write_text('parallel = "off"\n')
    runs = [[*flags.split(), "--quiet"] for flags in WRONG]
    job = by_ranks(tmp_path, *runs, start=run_ranks)
    assert job.answers == [[2] * len(runs)] * 2
    for message in WRONG.values():
        assert job.output.count(f"bpnet: {message}") == 1
    assert job.output.count("bpnet: ") == len(runs)
    assert "BAD TERMINATION" not in job.output
    assert job.status == 2


def test_a_mistake_is_told_once_by_torchrun(tmp_path):
    job = by_ranks(
        tmp_path, ["--epochs", "-1"], ["--resume", "no"], engine="torch", start=run_ranks
    )
    assert job.answers == [[2, 2]] * 2
    assert job.output.count("bpnet: epochs must be at least 0") == 1
    assert job.output.count("bpnet: there is no run folder no") == 1
    assert job.status != 0


def test_what_one_rank_lacks_is_told_with_its_number(tmp_path):
    Path("other").mkdir()
    before = f"{RANK}\nif launched_rank() == 1: os.chdir('other')"
    job = by_ranks(tmp_path, TABLE, before=before, start=run_ranks)
    assert job.answers == [[2], [2]]
    assert "bpnet: rank 1 on " in job.output
    assert job.output.count("table.csv: no such file") == 1
    assert not Path("runs").exists()


def test_ranks_with_other_data_are_told_so(tmp_path):
    Path("other").mkdir()
    Path("other/table.csv").write_text(Path("table.csv").read_text().replace("yes", "oui"))
    before = f"{RANK}\nif launched_rank() == 1: os.chdir('other')"
    job = by_ranks(tmp_path, [*HELD_OUT, "--quiet"], before=before, start=run_ranks)
    assert job.answers == [[2], [2]]
    assert "rank 1" in job.output
    assert job.output.count("bpnet: ") == 1


KILLED = """
import bpnet.cli.run_folder as folder, signal
folder._PAUSE = 0.0
original = folder._Checkpoint.on_epoch_end
def kill(self, fit, row):
    original(self, fit, row)
    if row["epoch"] == 5:
        os.kill(os.getpid(), signal.SIGKILL)
folder._Checkpoint.on_epoch_end = kill
"""


def test_a_killed_run_goes_on_with_other_ranks_to_the_same_bits(tmp_path):
    flags = [*HELD_OUT, "--epochs", "9", "--early-stopping", "0", "--quiet"]
    for name in ("a", "b"):
        job = by_ranks(tmp_path, [*flags, "--out", name], before=KILLED, start=run_ranks)
        assert job.status != 0
        assert "checkpoints" in os.listdir(name)
    by_ranks(tmp_path, ["--resume", "a", "--quiet"], ranks=3)
    alone = [["--resume", "b", "--quiet"], [*flags, "--parallel", "serial", "--out", "whole"]]
    by_ranks(tmp_path, *alone, ranks=1)
    assert contents("a") == contents("b") == contents("whole")


def test_a_run_that_began_without_ranks_goes_on_without(tmp_path):
    flags = [*DIGITS, "--quiet", "--out", "a"]
    before = KILLED.replace("== 5", "== 2")
    by_ranks(tmp_path, [*flags, "--parallel", "off"], ranks=1, before=before, start=run_ranks)
    job = by_ranks(tmp_path, ["--resume", "a", "--quiet"], start=run_ranks)
    told = "bpnet: a run that began in one process goes on in one, and 2 were started: start one"
    assert job.output.count(told) == 1
    assert job.answers == [[2], [2]]
    assert main(["train", "--resume", "a", "--quiet"]) == 0
    assert "blocks" not in tomllib.loads(Path("a/settings.toml").read_text())


def test_off_leaves_each_process_to_itself(tmp_path):
    job = by_ranks(tmp_path, [*DIGITS, "--parallel", "off"])
    assert job.output.count("data      digits:") == 2
    assert "ranks  " not in job.output
    first, second = (contents(f"runs/digits-{k}")[1][0] for k in (1, 2))
    assert first == second


def test_one_part_a_rank(tmp_path):
    by_ranks(tmp_path, [*DIGITS, "--quiet", "--blocks", "0", "--out", "a"])
    assert tomllib.loads(Path("a/settings.toml").read_text())["blocks"] == 0


FAILING = """
import bpnet.cli.train as train
from bpnet.parallel.launched import launched_rank
def fail(*_):
    raise RuntimeError("no room in this test")
if launched_rank() == {rank}:
    train.make_network = fail
"""


def test_an_error_of_one_rank_is_told(tmp_path):
    job = by_ranks(tmp_path, DIGITS, before=FAILING.format(rank=1), start=run_ranks)
    assert job.answers == [[1], [1]]
    assert job.output.count("no room in this test") == 1
    assert "bpnet: rank 1 on" in job.output


def test_the_history_says_how_long_ranks_waited(tmp_path):
    by_ranks(tmp_path, [*DIGITS, "--quiet", "--out", "a"])
    lines = Path("a/history.jsonl").read_text().splitlines()
    assert all(json.loads(line)["communication"] > 0 for line in lines)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ("--parallel of", "unknown parallel 'of': did you mean 'off'?"),
        (
            "--parallel off --blocks 2",
            "--blocks goes with training by ranks, and --parallel is off",
        ),
        ("--blocks -1", "blocks must be at least 0, not -1"),
        ("--parallel nccl", "--parallel nccl joins GPUs for CuPy, and the network computes with"),
    ],
)
def test_a_mistake_in_one_process(flags, message, capsys):
    assert main(["train", "--quiet", *flags.split()]) == 2
    assert capsys.readouterr().err.startswith(f"bpnet: {message}")


def test_off_sets_aside_the_blocks_of_a_file():
    Path("config.toml").write_text('blocks = 3\nepochs = 1\nparallel = "serial"\n')
    settings = []
    for name, flags in {"a": [], "b": ["--parallel", "off"], "c": ["--blocks", "2"]}.items():
        assert main(["train", "--config", "config.toml", "--quiet", "--out", name, *flags]) == 0
        settings.append(tomllib.loads(Path(name, "settings.toml").read_text()).get("blocks"))
    assert settings == [3, None, 2]
