"""Files > Corpus: readers, column detection, the row ledger, duplicates, splits, the built-in corpora."""

from pipeline.corpus.built_in.table import BUILT_IN
from pipeline.corpus.by_settings import read_asked, split_asked
from pipeline.corpus.describe import describe_corpus
from pipeline.corpus.duplicates import find_duplicates, leak_warning, unlabelled_warning
from pipeline.corpus.loading import read_corpus
from pipeline.corpus.splits import split_corpus

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
