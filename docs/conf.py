"""How Sphinx builds the site; `scripts/docs` calls it."""

import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE / "extensions"))

import t2t_vq  # noqa: E402
from t2t_vq import registry  # noqa: E402

# Says what to do where the package is not installed as this needs it.
list(registry.problems)

project = "t2t_vq"
author = "the t2t_vq contributors"
version = release = t2t_vq.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    # Ours, in `extensions`.
    "commands",
    "docstrings",
    "kinds",
    "mathml",
    "structure",
]
exclude_patterns = ["_build", "extensions"]

myst_enable_extensions = ["colon_fence", "dollarmath"]
# Links to headings work here as they do where the files are read as they are.
myst_heading_anchors = 4

html_theme = "furo"
html_title = "t2t_vq"
html_math_renderer = "mathml"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False

autodoc_member_order = "bysource"
autodoc_typehints = "none"
autodoc_default_options = {"members": True}
# Docstrings are written with `code` in single marks.
default_role = "literal"
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False
napoleon_custom_sections = ["Reference", ("Call arguments", "params_style")]
