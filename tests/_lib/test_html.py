"""Text that a notebook shows as HTML."""

import copy
import pickle
from html.parser import HTMLParser

import pytest

from bpnet._lib.html import ShownText, html_lines, html_picture, html_table

EVIL = "<script>alert('&')</script>"


class Reader(HTMLParser):
    """Tags and texts, as a browser sees them."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.texts = [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.texts.append(data)


def test_a_table_holds_its_texts_whatever_they_are():
    found = Reader(html_table([EVIL, "n"], [["a & b", "1"], [EVIL, "<2>"]]))
    assert found.texts == [EVIL, "n", "a & b", "1", EVIL, "<2>"]
    assert set(found.tags) == {"table", "thead", "tbody", "tr", "th", "td"}


def test_lines_hold_their_texts_whatever_they_are():
    found = Reader(html_lines([("name", EVIL), ("", "b")]))
    assert "".join(found.texts) == f"name {EVIL} b"
    assert "script" not in found.tags


def test_a_picture_is_part_of_the_page():
    assert html_picture(b"\x89PNG", 90).startswith('<img src="data:image/png;base64,iVBORw=="')


@pytest.mark.parametrize(
    "way", [lambda one: one, copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))]
)
def test_shown_text_is_text(way):
    text = way(ShownText("a\nb", "<b>a</b>"))
    assert isinstance(text, str)
    assert (str(text), repr(text), text._repr_html_()) == ("a\nb", "a\nb", "<b>a</b>")
    assert text == "a\nb"
    assert "b" in text
    assert way(ShownText(EVIL))._repr_html_().startswith("<pre>&lt;script&gt;")
