"""Files of settings that are too large, too deep or ambiguous."""

from pathlib import Path

import pytest

from bpnet.cli.errors import UsageError
from bpnet.cli.settings_file import read_settings


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("lr = 0.1\nlearning_rate = 0.2", "learning_rate is given twice, once by another name: re"),
        (f"learning_rate = 1{'0' * 400}", "learning_rate is too large: 1000.*000$"),
        ("#" * 300_000, "larger than 262,144 bytes, the limit for settings; give long lists as fl"),
        ("a = 1\n" + ".".join("a" * 60) + " = 1", r"more than 50 dots .* in a line \(line 2 "),
        (f"hidden = {'[' * 5000}{']' * 5000}", "lists or tables are nested too deeply"),
        ("epochs = ", "Invalid value"),
    ],
)
def test_what_is_refused(tmp_path, monkeypatch, text, words):
    monkeypatch.chdir(tmp_path)
    Path("config.toml").write_text(text)
    with pytest.raises(UsageError, match=rf"^config\.toml: .*{words}"):
        read_settings(Path("config.toml"))


def test_a_setting_given_once_by_either_name(tmp_path):
    for name in ("lr", "learning_rate"):
        (tmp_path / "config.toml").write_text(f"{name} = 0.1")
        assert read_settings(tmp_path / "config.toml") == {"learning_rate": 0.1}
