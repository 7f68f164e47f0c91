"""The files of the book's repository."""

import json

import pytest

from bpnet.book.replays.programs import PROGRAMS
from bpnet.book.replays.published import read_published

COUNTS = [9270, 9414]


def write(folder, name, content):
    (folder / f"{name}.json").write_text(json.dumps(content))
    return read_published(PROGRAMS[name], folder)


def test_two_arms_by_name(tmp_path):
    content = {
        "default_weight_initialization": [[], COUNTS, [], []],
        "large_weight_initialization": [[], [8643, 9044], [], []],
    }
    assert write(tmp_path, "weight_initialization_30", content) == {
        "default weights": {"evaluation accuracy": COUNTS},
        "large weights": {"evaluation accuracy": [8643, 9044]},
    }


def test_arms_in_a_list(tmp_path):
    found = write(tmp_path, "multiple_eta", [[[], [], [0.5 + k], []] for k in range(3)])
    assert found == {
        f"eta {eta}": {"training cost": [0.5 + k]} for k, eta in enumerate((0.025, 0.25, 2.5))
    }


def test_one_arm(tmp_path):
    found = write(tmp_path, "overfitting", [[2.0], [5887], [1.8], [690]])
    assert found == {
        "lambda 0": {
            "evaluation cost": [2.0],
            "evaluation accuracy": [5887],
            "training cost": [1.8],
            "training accuracy": [690],
        }
    }


@pytest.mark.parametrize(
    "content", [[], {}, [[[], [], [0.5], []]] * 2, [[[], [], ["0.5"], []]] * 3, 5, [[[], []]] * 3]
)
def test_another_content_is_refused(tmp_path, content):
    with pytest.raises(ValueError, match=r"multiple_eta\.json: not what the book's program wrote"):
        write(tmp_path, "multiple_eta", content)
    (tmp_path / "multiple_eta.json").write_text("{")
    with pytest.raises(ValueError, match=r"multiple_eta\.json: not what"):
        read_published(PROGRAMS["multiple_eta"], tmp_path)
    with pytest.raises(FileNotFoundError):
        read_published(PROGRAMS["multiple_eta"], tmp_path / "nowhere")
