"""How the documentation is built: ``make docs`` leaves HTML in docs/_build. Nothing is fetched from anywhere."""

from importlib.metadata import version as installed

project = "evalkit"
release = installed("evalkit")
author = "the evalkit authors"
copyright = author

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx_click"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
default_role = "py:obj"  # docstrings name things in single backticks; what is no object is set as code

autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
myst_heading_anchors = 3
suppress_warnings = ["myst.xref_missing"]  # links to files beside the pages are checked by tests/test_docs.py

html_theme = "furo"
html_title = f"evalkit {release}"
html_show_sphinx = False
html_copy_source = False
html_last_updated_fmt = None

smartquotes = False  # options begin with two hyphens


def setup(app):
    """Set the example in a command's help as code."""
    app.connect("sphinx-click-process-description", set_example)


def set_example(_app, _context, lines):
    """Turn the lines under ``Example:``, which come as a line block, into a block of code."""
    start = next((n for n, line in enumerate(lines) if line.lstrip("| ").startswith("Example:")), None)
    if start is not None:
        shown = [line.lstrip("| ").rstrip() for line in lines[start + 1 :]]
        lines[start:] = ["", ".. code-block:: console", "", *(f"   $ {line}" for line in shown if line), ""]
