"""The benchmark of the estimators: a fit of each, and what it makes of its fits."""

import pytest

from benchmarks import estimators
from benchmarks.estimator_fits import DATA, compare, samples

pytest.importorskip("sklearn")


@pytest.mark.parametrize("name", DATA)
def test_data(name: str) -> None:
    X, y, kind = samples(name)
    assert len(X) == len(y) >= 150
    assert (kind == "MLPRegressor") == (len(set(y)) > 10)


def test_a_fit_of_each() -> None:
    found = compare("iris", 0)
    mine, own = found["bpnet"], found["scikit-learn"]
    assert mine["score"] == own["score"] > 0.8
    assert (mine["epochs"], mine["loss"]) == (own["epochs"], pytest.approx(own["loss"]))


def test_a_record_holds_means_and_the_median_ratio() -> None:
    def fit(score: float, seconds: float, epochs: int = 5) -> dict[str, float]:
        return {"score": score, "seconds": seconds, "epochs": epochs, "loss": score}

    fits = [
        {"bpnet": fit(0.5, 1.0), "scikit-learn": fit(0.5, 2.0)},
        {"bpnet": fit(0.7, 1.0, 6), "scikit-learn": fit(0.8, 4.0)},
        {"bpnet": fit(0.6, 3.0), "scikit-learn": fit(0.6, 4.0)},
    ]
    record = estimators.summary(fits)
    assert record["score"] == {"bpnet": 0.6, "scikit-learn": 0.63333}
    assert record["ratio"] == 0.5
    assert record["same number of epochs"] == 2
    assert record["largest difference of a score"] == pytest.approx(0.1)
    assert record["standard error"] == pytest.approx(0.08819, abs=1e-5)
    text = estimators.table({"some": {"shape": [30, 2], **record}})
    assert text.splitlines()[-1].split() == [
        *("some", "30", "0.6000", "0.6333", "0.0882", "1.000", "4.000", "0.50")
    ]
