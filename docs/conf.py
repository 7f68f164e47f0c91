"""How Sphinx builds these pages: ``sphinx-build -W --keep-going docs docs/_build``."""

from __future__ import annotations

import html
import re
from importlib import metadata
from typing import Any

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.util import logging

project = "bpnet"
author = "The bpnet developers"
copyright = "The bpnet developers"
try:
    release = metadata.version("bpnet-xp")
except metadata.PackageNotFoundError:  # a checkout that is not installed
    release = ""
version = release

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
]
exclude_patterns = ["_build"]

myst_enable_extensions = ["amsmath", "deflist", "dollarmath"]
myst_heading_anchors = 3
myst_dmath_double_inline = True

autosummary_generate = True
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings say types, and shapes with them
numpydoc_show_class_members = False

html_theme = "furo"
html_title = f"bpnet {release}".strip()
html_math_renderer = "mathml"

_STYLE = """
<style>
  math { font-family: "Latin Modern Math", "STIX Two Math", "Cambria Math", math; }
  div.formula { position: relative; overflow-x: auto; overflow-y: hidden; margin: 1em 0;
                padding: 0.2em 3.5em 0.2em 0; }
  div.formula > .tag { position: absolute; right: 0; top: 50%; transform: translateY(-50%); }
</style>
"""
_TAG = re.compile(r"\\tag\{([^}]*)\}")
_BEFORE_ARGUMENT = re.compile(r"<mo>&ApplyFunction;</mo>(?!\s*<mo[^>]*>\()")  # the space of "ln a"
_log = logging.getLogger(__name__)


def _mathml(latex: str, node: nodes.Node, *, block: bool) -> str:
    """MathML of a formula: browsers draw it by themselves, without a script, also offline."""
    try:
        mathml = str(tex2mathml(latex, as_block=block))
    except MathError as error:
        _log.warning("formula not understood: %s", error, location=node)
        return f"<code>{html.escape(latex)}</code>"
    mathml = mathml.replace("<mo>'</mo>", '<mo lspace="0" rspace="0">\u2032</mo>')
    return _BEFORE_ARGUMENT.sub('<mspace width="0.17em"/>', mathml)


def _visit_inline(translator: Any, node: nodes.math) -> None:
    translator.body.append(_mathml(node.astext(), node, block=False))
    raise nodes.SkipNode


def _visit_block(translator: Any, node: nodes.math_block) -> None:
    latex = node.astext()
    tag = _TAG.search(latex)
    translator.body.append(translator.starttag(node, "div", CLASS="formula"))
    translator.body.append(_mathml(_TAG.sub("", latex), node, block=True))
    if tag:
        translator.body.append(f'<span class="tag">({tag[1]})</span>')
    translator.body.append("</div>\n")
    raise nodes.SkipNode


def _add_style(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    context["metatags"] = context.get("metatags", "") + _STYLE


def setup(app: Sphinx) -> dict[str, bool]:
    """Make MathML the way that formulas are written."""
    app.add_html_math_renderer("mathml", (_visit_inline, None), (_visit_block, None))
    app.connect("html-page-context", _add_style)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
