"""Several labels for a document, or none: answers, metrics, and the thresholds above which a label is given."""
