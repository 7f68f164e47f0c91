"""Verdicts: each ill network gets the right one first, and its advice makes the network learn."""

import pytest
from insight.diagnosis._ill import ILL, diagnosed, learned

WITHOUT_ILLS = {"missing_class"}  # the other classes are learned all the same


@pytest.mark.parametrize("case", ILL, ids=lambda case: case.__name__)
def test_the_first_verdict_is_right(case):
    found = diagnosed(case(False))
    first = found.findings[0]
    assert first.kind == ILL[case]
    severities = [one.severity for one in found.findings]
    assert severities == sorted(severities, reverse=True)
    text = str(found)
    assert "nothing wrong found" not in text
    for one in found.findings:
        assert one.verdict
        assert one.advice
        assert "\n   why: " in text
        assert "\n   try: " in text


@pytest.mark.parametrize("case", ILL, ids=lambda case: case.__name__)
def test_who_follows_the_advice_has_a_network_that_learns(case):
    assert diagnosed(case(True)).findings == ()
    before, after = learned(case(False)), learned(case(True))
    assert after > 0.3
    if ILL[case] not in WITHOUT_ILLS:
        assert after > before + 0.1
