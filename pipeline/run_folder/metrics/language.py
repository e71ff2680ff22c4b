"""Rows of metrics.json about language models: how many bits they take."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.run_folder.metrics.rows import Amount, Count, Interval, Row, Share


@dataclass(frozen=True)
class BitsOfRun(Row):
    """What one training takes; with folds all of a seed."""

    seed: Count
    bits_per_byte: Amount


@dataclass(frozen=True)
class BitsOfGroup(Row):
    """What documents take of whose words so many stand in no training document."""

    lo: Share
    hi: Share
    documents: Count
    bits_per_byte: Amount


@dataclass(frozen=True)
class LanguageScores(Row):
    """`language`: one entry a language model."""

    name: str
    """the model, as in `results`"""
    bits_per_byte: Amount
    """bits of all test documents, with what unknown words or characters cost, divided by the bytes of their text, with
    the 95 % interval by documents; the mean over seeds, as all of these"""
    bits_per_byte_ci95: Interval
    bits_per_symbol: Amount
    """bits of a word or character, the spelling of unknown ones left out, and 2 to the power of that: the perplexity,
    which compares models of the same words alone"""
    perplexity: Amount
    symbols: Count
    """words or characters that were said, the ends of documents among them, and the share of them that is unknown"""
    unknown: Share
    spelled: Amount
    """share of the bits that unknown words or characters cost"""
    runs: tuple[BitsOfRun, ...]
    """each training: its `bits_per_byte`"""
    groups: tuple[BitsOfGroup, ...]
    """test documents by the share of their words that stand in no training document, from `lo` to `hi`: how many, and
    their `bits_per_byte`"""
