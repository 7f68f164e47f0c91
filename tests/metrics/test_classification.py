"""F1, balanced accuracy and top k where classes are missing."""

import numpy as np
import pytest
from _figures import one_hot

from bpnet import metrics


def test_f1_of_class_one_is_zero_where_there_is_none():
    y, a = np.zeros((3, 1)), np.full((3, 1), 0.2)
    assert metrics.F1("binary")(y, a) == 0.0
    assert metrics.F1()(y, a) == 1.0


def test_balanced_accuracy_counts_classes_with_samples():
    y, a = one_hot([0, 0, 1], 3), one_hot([0, 2, 1], 3)
    assert metrics.BalancedAccuracy()(y, a) == 0.75


def test_all_classes_are_no_top_k():
    y, a = one_hot([0, 1], 3), np.full((2, 3), 1 / 3)
    with pytest.raises(ValueError, match="top_3_accuracy needs more than 3 classes, the network"):
        metrics.TopKAccuracy(3)(y, a)
    with pytest.raises(ValueError, match=r"top_2_accuracy needs more than 2 classes, the .* has 2"):
        metrics.TopKAccuracy(2)(y[:, :1], a[:, :1])


def test_two_classes_are_not_several_labels():
    with pytest.raises(ValueError, match="for two classes, and the task is multilabel"):
        metrics.F1("binary").check("multilabel", 2)
