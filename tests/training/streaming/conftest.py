"""No reader outlives a test."""

import pytest
from training.streaming._feeds import readers


@pytest.fixture(autouse=True)
def _no_thread_is_left():
    yield
    assert readers() == []
