"""Files > Corpus: readers, column detection, the row ledger, duplicates, splits, the built-in corpora."""
