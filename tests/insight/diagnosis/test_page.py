"""The page on diagnoses: what it shows as printed is printed by its code."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs" / "diagnose.md"
BLOCK = re.compile(r"^```(python|text)\n(.*?)^```", re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"\d[\d.,e+-]*")


def test_the_page_shows_what_its_code_prints(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    scope, compared = {}, 0
    for kind, block in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        if kind == "text":
            compared += 1
            # The last digits are another library's for BLAS.
            shown, printed = (
                NUMBER.sub("0", " ".join(text.split())) for text in (block, str(scope["found"]))
            )
            assert shown == printed
        elif "plot" not in block:
            exec(compile(block, PAGE.name, "exec"), scope)
    assert compared == 3


def test_the_table_has_every_kind_of_finding():
    package = PAGE.parents[1] / "bpnet" / "insight" / "diagnosis"
    text = "".join(path.read_text(encoding="utf-8") for path in package.glob("of_*.py"))
    kinds = set(re.findall(r'Finding\(\s*"(\w+)"', text))
    documented = set(re.findall(r"^\| .*", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    assert kinds
    assert kinds == set(re.findall(r"`(\w+)`", " ".join(r.split("|")[1] for r in documented)))
