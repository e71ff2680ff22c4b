"""A tag for each word: how tags are written, what spans they make, and how good answers are."""
