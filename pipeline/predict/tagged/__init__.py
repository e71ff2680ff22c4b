"""Sentences in, tags out: a saved tagger on files of words and on raw text, block by block."""
