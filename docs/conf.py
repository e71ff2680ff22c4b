"""How Sphinx makes the site: `make docs`, which reads pages and docstrings and asks no host."""

from __future__ import annotations

import sys
from pathlib import Path

from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from docs.site_tables import commands, directive, errors  # noqa: E402

# The source folder is the repository's root, so that a link leads to the same place here and on a code host.
project = "embedseq"
root_doc = "docs/index"
include_patterns = ["docs/**", "data/README.md", "benchmarks/**", "CONTRIBUTING.md", "CHANGELOG.md"]
exclude_patterns = ["**.py", "**/.*", "docs/jupyter_execute/**"]

extensions = ["myst_nb", "sphinx.ext.autodoc", "numpydoc"]

myst_heading_anchors = 4

nb_execution_mode = "cache"  # keyed by the code of a notebook; `make docs` keeps it in build/
nb_execution_cache_path = str(ROOT / "build" / "notebooks")
nb_execution_raise_on_error = True
nb_execution_timeout = 120  # seconds
nb_execution_in_temp = True
nb_merge_streams = True

autodoc_typehints = "none"  # the docstrings say shapes and types
numpydoc_show_class_members = False

html_theme = "furo"
html_title = "embedseq"
html_copy_source = False
html_show_sourcelink = False
html_additional_pages = {"index": "to-the-index.html"}
templates_path = ["templates"]
html_theme_options = {"top_of_page_buttons": []}


def setup(app: Sphinx) -> None:
    """Give the pages the parts that are read out of the code."""
    app.add_directive("commands", directive(commands))
    app.add_directive("errors", directive(errors))
