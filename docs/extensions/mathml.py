"""Equations as MathML, written when the site is built: no script, no font, no network."""

from docutils import nodes
from latex2mathml.converter import convert


def setup(app):
    """Adds the renderer `mathml`."""
    app.add_html_math_renderer("mathml", (_visit_inline, None), (_visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _visit_inline(self, node):
    self.body.append(convert(node.astext(), display="inline"))
    raise nodes.SkipNode


def _visit_block(self, node):
    self.body.append(convert(node.astext(), display="block"))
    raise nodes.SkipNode
