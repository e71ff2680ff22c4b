"""One label a document: what a label is, what an answer is, and how good answers are."""
