"""Files > Corpus: readers, column detection, the row ledger, duplicates, splits, the built-in corpora."""

from .asked import read_asked, split_asked
from .builtin import BUILT_IN
from .describe import describe_corpus
from .duplicates import find_duplicates, leak_warning, unlabelled_warning
from .loading import read_corpus
from .splits import split_corpus

__all__ = [
    "BUILT_IN",
    "describe_corpus",
    "find_duplicates",
    "leak_warning",
    "read_asked",
    "read_corpus",
    "split_asked",
    "split_corpus",
    "unlabelled_warning",
]
