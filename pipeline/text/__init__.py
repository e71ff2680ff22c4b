"""Tokens, the vocabulary with its indices, and n-grams."""
