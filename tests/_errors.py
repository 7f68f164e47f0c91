"""Errors whose messages hold some words."""

import re

import pytest


def raises(*words, kind=ValueError):
    """A context that expects an error of this kind, whose message has these words in this order."""
    return pytest.raises(kind, match="(?s)" + ".*".join(re.escape(str(word)) for word in words))
