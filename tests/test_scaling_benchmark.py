"""The model of a step on several ranks, and the measuring of one."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import links
from benchmarks.scaling.model import Link, StepModel, busiest_share, fitted_link, fitted_step
from benchmarks.scaling.picture import draw
from benchmarks.scaling.rank import main


def test_a_link_is_found_again():
    link = Link(latency=2e-5, bandwidth=3e9)
    sizes = [2**k for k in (10, 16, 20, 24)]
    measured = {n: {size: link.seconds(n, size) for size in sizes} for n in (2, 3, 4)}
    found = fitted_link(measured)
    assert found.latency == pytest.approx(link.latency)
    assert found.bandwidth == pytest.approx(link.bandwidth)


@pytest.mark.parametrize("cores", [1, 2, 8])
def test_a_model_is_found_again_and_tells_of_a_number_of_ranks_it_was_not_fitted_to(cores):
    link = Link(2e-5, 3e9)
    model = StepModel(0.003, 0.1, link, 2**22, blocks=8, cores=cores)
    found = fitted_step(
        {n: model.seconds(n) for n in (1, 2, 4)}, link, 2**22, blocks=8, cores=cores
    )
    assert found.seconds(3) == pytest.approx(model.seconds(3))
    assert found.seconds(16) == pytest.approx(model.seconds(16))


def test_no_figure_is_negative():
    link = Link(1e-5, 1e9)
    found = fitted_step({1: 0.1, 2: 0.2, 4: 0.4}, link, 1000, blocks=4, cores=8)
    assert found.own >= 0.0
    assert found.samples >= 0.0


@pytest.mark.parametrize("blocks", [1, 3, 4, 8])
def test_the_busiest_rank_has_the_most_parts(blocks):
    for ranks in range(1, 12):
        parts = [len(range(r * blocks // ranks, (r + 1) * blocks // ranks)) for r in range(ranks)]
        assert busiest_share(blocks, ranks) == max(parts) / blocks


@pytest.mark.parametrize("given", [[], ["--parallel", "serial", "--blocks", "2"]])
def test_a_rank_measures_its_steps(given, capsys):
    assert main([*given, "--sizes", "4", "3", "2", "--steps", "2", "--epochs", "3"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [len(seconds) for seconds in found.values()] == [3] * (1 + bool(given))


def test_the_command_says_what_it_takes():
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.scaling", "--help"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "--held-out" in done.stdout


def test_links_are_fitted_and_compared_with_a_step(monkeypatch, tmp_path, capsys):
    link = Link(1e-3, 1e7)
    limits = []

    class Hosts:
        def __init__(self, count):
            assert count == 3

        def __enter__(self):
            return self

        def __exit__(self, *error):
            pass

        def limit(self, rate):
            limits.append(rate)

    def run(hosts, engine, arguments):
        if "--gather" in arguments:
            return {size: link.seconds(3, int(size)) for size in arguments[1:]}
        return {"seconds": [1.0], "communication": [0.5]}

    monkeypatch.setattr(links, "Hosts", Hosts)
    monkeypatch.setattr(links, "run", run)
    monkeypatch.setattr(links, "why_not", lambda: "")
    path = tmp_path / "links.json"
    assert links.main(["--engines", "mpi", "--rates", "1gbit", "--out", str(path)]) == 0
    (found,) = json.loads(path.read_text())["links"]
    assert limits == ["1gbit"]
    assert found["bytes"] == 4 * (784 * 128 + 128 + 128 * 10 + 10)
    assert found["bandwidth"] == pytest.approx(1e7)
    assert found["model"] == pytest.approx(link.seconds(3, found["bytes"]))
    assert "communication of a step   500.00 ms" in capsys.readouterr().out
    monkeypatch.setattr(links, "why_not", lambda: "no namespaces")
    assert links.main([]) == 1
    assert capsys.readouterr().err == "no namespaces\n"


def test_the_record_is_drawn(tmp_path):
    pytest.importorskip("matplotlib")
    record = sorted((Path(__file__).parents[1] / "benchmarks" / "results").glob("scaling-*.json"))
    draw(json.loads(record[-1].read_text()), tmp_path / "scaling.png")
    assert (tmp_path / "scaling.png").stat().st_size > 10_000
