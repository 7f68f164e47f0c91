"""bpnet devices and check, and what the command line says of itself."""

import subprocess
import sys

import pytest

import bpnet
import bpnet.cli.commands
from bpnet.activations.hidden import FastTanh
from bpnet.cli import check, main


def test_devices_in_a_table(capsys):
    assert main(["devices"]) == 0
    header, *rows = capsys.readouterr().out.splitlines()
    assert header.split() == ["backend", "version", "devices", "note"]
    for row, known in zip(rows, bpnet.available_backends(), strict=True):
        assert row.startswith(known.name)
        assert row[header.index("devices") :].startswith(", ".join(known.devices) or "-")
        assert row[header.index("note") :] == known.reason


def test_check_tells_each_error_and_passes(capsys):
    assert main(["check", "--backend", "numpy"]) == 0
    header, *rows, reference, verdict = capsys.readouterr().out.splitlines()
    assert header.split() == ["activation", "cost", "numpy", "cpu"]
    assert len(rows) == len(check._CASES)
    assert all(float(row.split()[-1]) < 1e-7 for row in rows)
    assert "five-point differences in float64, tolerance 1e-07" in reference
    assert verdict == f"{len(rows)} checks passed"


def test_check_covers_every_activation_and_every_cost():
    activations, costs = zip(*check._CASES, strict=True)
    assert set(activations) == set(bpnet.activations.BUILT_IN)
    assert {bpnet.costs.get(name) for name in bpnet.costs.BUILT_IN} == {
        bpnet.costs.get(name) for name in costs
    }


def test_check_of_a_wrong_gradient_fails(monkeypatch, capsys):
    tanh = FastTanh  # what hidden layers compute
    monkeypatch.setattr(tanh, "derivative", lambda self, z, a, xp=None: 1.01 - a * a)
    monkeypatch.setattr(check, "_CASES", (("tanh", "huber"), ("sigmoid", "quadratic")))
    assert main(["check", "--backend", "numpy"]) == 1
    wrong, right, _, verdict = capsys.readouterr().out.splitlines()[1:]
    assert wrong.endswith("!")
    assert not right.endswith("!")
    assert verdict == "1 of 2 checks FAILED (marked !)"


def test_check_of_every_library_that_is_here(monkeypatch, capsys):
    monkeypatch.setattr(check, "_CASES", (("sigmoid", "quadratic"),))
    assert main(["check"]) == 0
    told = capsys.readouterr().out
    for known in bpnet.available_backends():
        told_so = f"{known.name} {known.devices[0]}" if known.usable else f"{known.name}: not"
        assert told_so in told


def test_check_of_what_is_not_here_is_wrong_usage(capsys):
    assert main(["check", "--backend", "numyp"]) == 2
    assert capsys.readouterr().err == "bpnet: unknown backend 'numyp': did you mean 'numpy'?\n"


def test_version(capsys):
    assert main(["--version"]) == main(["-V"]) == 0
    assert capsys.readouterr().out == f"bpnet {bpnet.__version__}\n" * 2


@pytest.mark.parametrize("command", ["train", "predict", "check", "reproduce", "devices"])
def test_help(command, capsys):
    assert main([command, "--help"]) == 0
    told, errors = capsys.readouterr()
    assert told.startswith(f"usage: bpnet {command}")
    assert errors == ""
    assert main(["--help"]) == 0
    assert f"\n    {command} " in capsys.readouterr().out


def test_no_command_prints_the_help(capsys):
    assert main([]) == 2
    assert capsys.readouterr().err.startswith("usage: bpnet")


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["trian"], "unknown command 'trian': did you mean 'train'?"),
        (["--quiet"], "the following arguments are required: COMMAND\n(bpnet --help"),
        (["predict"], "the following arguments are required: MODEL, FILE\n(bpnet predict --help"),
    ],
)
def test_a_mistake_is_told_in_two_lines_at_most(argv, message, capsys):
    assert main(argv) == 2
    told, errors = capsys.readouterr()
    assert told == ""
    assert errors.startswith(f"bpnet: {message}")
    assert errors.count("\n") <= 2


def test_a_defect_is_told_without_a_traceback_unless_asked_for(monkeypatch, capsys):
    def broken():
        raise IndexError("list index out of range")

    monkeypatch.setattr("bpnet.cli.devices.available_backends", broken)
    assert main(["devices"]) == 1
    message = "bpnet: IndexError: list index out of range\nthis should not happen; --debug shows"
    assert capsys.readouterr().err.startswith(message)
    assert main(["devices", "--debug"]) == 1
    assert capsys.readouterr().err.startswith("Traceback")


def test_ctrl_c_outside_of_training(monkeypatch, capsys):
    def pressed():
        raise KeyboardInterrupt

    monkeypatch.setattr("bpnet.cli.devices.available_backends", pressed)
    assert main(["devices"]) == 130
    assert capsys.readouterr().err == "bpnet: interrupted\n"


@pytest.mark.parametrize("moment", ["import", "message"])
def test_ctrl_c_while_the_program_starts_or_ends(monkeypatch, capsys, moment):
    def pressed(*_):
        raise KeyboardInterrupt

    if moment == "import":
        monkeypatch.setattr(bpnet.cli.commands, "_run", pressed)
        monkeypatch.setattr(bpnet.cli.commands, "tell", pressed)
    else:
        monkeypatch.setattr(bpnet.cli.commands, "main", pressed)
    assert main(["devices"]) == 130
    assert capsys.readouterr().err == "bpnet: interrupted\n"


def test_the_command_line_imports_nothing_heavy():
    heavy = ("torch", "jax", "cupy", "matplotlib", "scipy", "sklearn", "pandas", "pyarrow")
    code = f"""
import sys
from bpnet.cli import main
assert main(["train", "--epochs", "0", "--quiet", "--help"]) == 0
loaded = [name for name in {heavy!r} if name in sys.modules]
assert not loaded, loaded
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
