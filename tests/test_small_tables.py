"""The benchmark of small tables: what it makes of its fits, and one fit in each way."""

from pathlib import Path

import pytest

from benchmarks import small_tables
from benchmarks.peers import AbsentError
from benchmarks.public_tables import TABLES, PublicTable
from benchmarks.table_fits import OUTER_FOLDS, train


@pytest.mark.parametrize("way", small_tables.WAYS)
@pytest.mark.parametrize("name", ["iris", "one"])
def test_a_fit(way: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Classes of scikit-learn, and numbers of a file, in which a straight line is no challenge."""
    pytest.importorskip("sklearn")
    pytest.importorskip("pandas")
    lines = [f"{k % 10},{'ab'[k % 2]},{2 * (k % 10)}" for k in range(100)]
    (tmp_path / "Line.csv").write_text("\n".join(["x,kind,y", *lines]))
    line = PublicTable("one", "none", "Line", "y", "regression")
    monkeypatch.setattr("benchmarks.table_fits.TABLES", [*TABLES, line])
    found = train(name, str(tmp_path), way, 0, 1)
    assert found["score"] > (0.8 if way != "scikit-learn" else 0.5)
    assert found["epochs"] >= 1
    assert (found["loss"] > 0) == (name == "iris")


def test_a_table_that_is_not_there_is_skipped_with_the_reason(tmp_path: Path) -> None:
    pytest.importorskip("pandas")
    sonar = next(one for one in TABLES if one.name == "sonar")
    *_, found = small_tables.run([sonar], str(tmp_path), [0], ["folds"])
    assert "Sonar.csv of the R package mlbench is not in --tables" in found["sonar"]["skipped"]
    assert "Sonar.csv" in small_tables.table(found)
    with pytest.raises(AbsentError, match=r"write\.csv"):
        sonar.frame("")


def test_a_record_holds_means_of_each_seed() -> None:
    line = PublicTable("one", "none", "Line", "y", "regression")
    fits = [
        {"score": float(k), "loss": 0.0, "seconds": 1.0 + k, "epochs": k + 1}
        for k in range(2 * OUTER_FOLDS)
    ]
    record = small_tables.summary(line, {"folds": fits})["ways"]["folds"]
    assert record["score"] == 4.5
    assert record["score_of_each_seed"] == [2.0, 7.0]
    assert (record["seconds"], record["epochs"]) == (5.5, 5.5)
    assert record["log_loss"] is None
