"""Acceptance on machines with a GPU, tried on one without."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import bpnet
from acceptance import captures, command_line, processes, runner, wait_counter
from acceptance.plan import Plan
from acceptance.section import Section
from acceptance.sections import SECTIONS, UNTIMED, tests

SCRIPT = Path(__file__).resolve().parent.parent / "scripts" / "gpu_acceptance.py"
HAS_CUDA = any(d.startswith("cuda") for b in bpnet.available_backends() for d in b.devices)


def start(*arguments, cwd):
    return subprocess.run(
        [sys.executable, str(SCRIPT), *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def few_images(tmp_path):
    """Four IDX files of the least size that can be split, filled by chance."""
    rng = np.random.default_rng(0)
    for stem, count in (("train", 10_050), ("t10k", 500)):
        images = rng.integers(256, size=(count, 28, 28), dtype=np.uint8)
        header = np.asarray([0x803, *images.shape], ">i4").tobytes()
        Path(tmp_path, f"{stem}-images-idx3-ubyte").write_bytes(header + images.tobytes())
        labels = rng.integers(10, size=count, dtype=np.uint8)
        header = np.asarray([0x801, count], ">i4").tobytes()
        Path(tmp_path, f"{stem}-labels-idx1-ubyte").write_bytes(header + labels.tobytes())
    return tmp_path


def test_every_section_runs_on_stand_ins(few_images, tmp_path):
    out = tmp_path / "new" / "found.json"
    done = start("--dry-run-cpu", "--mnist", few_images, "--out", out, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(out.read_text())
    assert found["passed"]
    assert found["stand-in"]
    assert "numpy on cpu" in found["targets"]
    sections = found["sections"]
    assert list(sections) == [
        *("devices", "peers", "trace", "streaming"),
        *("masks", "gradients", "digits", "mnist", "commands", "ranks", "waits", "graphs", "tests"),
    ]
    assert all(section["passed"] and not section["error"] for section in sections.values())
    assert sections["devices"]["figures"]["versions"]["bpnet"] == bpnet.__version__
    assert sections["tests"]["figures"]["passed"] > 0
    digits = {check["what"]: check for check in sections["digits"]["checks"]}
    assert digits["numpy on cpu: parameters after an epoch, 64-30-10, float64"]["error"] == 0
    if sections["peers"]["figures"] != {"left out": "torch is not installed"}:
        for figures in sections["trace"]["figures"].values():
            assert figures["waits"] == {"64 steps": 0, "128 steps": 0}
    assert f"written to {out}" in done.stdout


@pytest.mark.skipif(HAS_CUDA, reason="there is a CUDA GPU")
def test_without_a_gpu_it_says_so_in_one_line(tmp_path):
    done = start(cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("no CUDA device: cupy: cupy ")
    assert "; torch: " in line
    assert "; jax: " in line


def test_a_section_that_fails_is_recorded_and_the_others_go_on(tmp_path, monkeypatch):
    def broken(plan, section):
        raise OSError("no such thing")

    def wrong(plan, section):
        section.check("a figure", False, error=float("nan"))

    def right(plan, section):
        section.check("another", True)

    monkeypatch.setattr(runner, "SECTIONS", {"devices": broken, "masks": wrong, "digits": right})
    out = tmp_path / "found.json"
    arguments = ["--dry-run-cpu", "--out", str(out), "--sections", "masks", "digits"]
    assert command_line.main(arguments) == 1
    found = json.loads(out.read_text(), parse_constant=pytest.fail)
    sections = found["sections"]
    assert [one["passed"] for one in (found, *sections.values())] == [False, False, False, True]
    assert "Traceback" in sections["devices"]["error"]
    assert "OSError: no such thing" in sections["devices"]["error"]
    assert sections["masks"]["checks"] == [{"what": "a figure", "passed": False, "error": "NaN"}]


def test_the_tests_run_beside_all_that_measures_no_time():
    assert [name for name in SECTIONS if name not in UNTIMED] == [
        *("devices", "peers", "trace", "streaming")
    ]
    assert all(run.__doc__ for run in SECTIONS.values())


def test_an_unknown_section_is_wrong_usage(capsys):
    with pytest.raises(SystemExit) as caught:
        command_line.main(["--sections", "nonsense"])
    assert caught.value.code == 2
    assert "invalid choice: 'nonsense'" in capsys.readouterr().err


def test_the_file_is_named_after_the_device(monkeypatch):
    facts = "NVIDIA H100 80GB HBM3", "9.0"
    monkeypatch.setattr(command_line, "device_facts", lambda target: facts)
    path = command_line.default_out([("cupy", "cuda:0")])
    assert path.parent == SCRIPT.parent.parent / "benchmarks" / "results"
    assert path.name.startswith("gpu-nvidia-h100-80gb-hbm3-20")
    assert path.suffix == ".json"


@pytest.mark.parametrize(
    ("name", "there"),
    [
        ("tests.test_x::test_y[cupy]", True),
        ("tests.test_x::test_y[relu-cupy-3]", True),
        ("tests.test_x::test_y[torch]", False),
        ("tests.backends.test_cupy::test_names[cupy.ones]", False),
        ("tests.test_cupy::test_y", False),
    ],
)
def test_a_test_of_a_target_is_told_by_its_parameters(name, there):
    assert tests.is_for("cupy", name) is there


REPORT = """<testsuites><testsuite>
<testcase classname="tests.test_x" name="test_y[cupy]">{cupy}</testcase>
<testcase classname="tests.test_x" name="test_y[torch-cuda]">{torch}</testcase>
<testcase classname="tests.test_x" name="test_z"><skipped message="no such thing"/></testcase>
</testsuite></testsuites>"""


@pytest.mark.parametrize(
    ("cupy", "torch", "code", "failures"),
    [
        ("", "", 0, []),
        ("<skipped message='no GPU'/>", "", 0, ["tests on cupy ran, none was skipped"]),
        ("", "<failure message='wrong'/>", 1, ["the test suite"]),
    ],
)
def test_no_test_on_a_device_may_be_skipped(cupy, torch, code, failures, monkeypatch):
    def run(command, seconds, **options):
        assert options["BPNET_TEST_TARGETS"].split(",")[-2:] == ["cupy", "torch-cuda"]
        report = next(one for one in command if one.startswith("--junitxml=")).partition("=")[2]
        Path(report).write_text(REPORT.format(cupy=cupy, torch=torch))
        return subprocess.CompletedProcess(command, code, "", "")

    monkeypatch.setattr(processes, "run", run)
    section = Section()
    tests.run(Plan([("cupy", "cuda:0"), ("torch", "cuda:0")], None, False), section)
    assert section.failures == failures
    assert section.figures["skipped"]["tests.test_x::test_z"] == "no such thing"


def test_waits_are_counted_where_cupy_waits(monkeypatch):
    cupy = pytest.importorskip("cupy", reason="cupy is not installed")
    monkeypatch.setattr(cupy, "ndarray", type("ndarray", (), {"get": lambda self, out=None: out}))
    with wait_counter.counted_waits(("cupy", "cpu")) as count:
        assert count() == 0
        assert cupy.ndarray().get(out=3) == 3
        cupy.ndarray().get()
        assert count() == 2
    cupy.ndarray().get()
    assert count() == 2


def test_the_real_cupy_can_be_counted_and_is_left_as_it_was():
    cupy = pytest.importorskip("cupy", reason="cupy is not installed")
    before = cupy.ndarray.get
    with wait_counter.counted_waits(("cupy", "cpu")):
        assert cupy.ndarray.get is not before
    assert cupy.ndarray.get is before


def test_nothing_is_counted_where_nothing_waits():
    with wait_counter.counted_waits(("numpy", "cpu")) as count:
        assert count() is None


def test_no_capture_is_recorded_where_there_is_no_gpu():
    begin = captures.GraphRunner.do
    with captures.recorded_captures() as outcomes:
        net = bpnet.Network([2, 3, 1], backend="numpy", seed=0)
        net.fit([[0.0, 1.0]], [[1.0]], epochs=2, batch_size=1, progress=False)
        assert outcomes() == set()
    assert captures.GraphRunner.do is begin


def test_it_leaves_the_environment_of_a_pytest_around_it_behind(monkeypatch):
    monkeypatch.setenv("PYTEST_ADDOPTS", "--nonsense")
    show = "import os; print(sorted(k for k in os.environ if k.startswith('PYTEST_')))"
    done = processes.run([sys.executable, "-c", show], 60, PYTEST_SOMETHING="1")
    assert done.stdout.strip() == "['PYTEST_SOMETHING']"
    assert os.environ["PYTEST_ADDOPTS"] == "--nonsense"
