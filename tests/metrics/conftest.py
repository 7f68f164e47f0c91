"""What the tests of metrics share."""

import pytest


@pytest.fixture(scope="package")
def sk():
    """scikit-learn's metrics, or a skip."""
    return pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
