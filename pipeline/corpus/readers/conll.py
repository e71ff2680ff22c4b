"""Words with tags, a word a line and a blank line between sentences (CoNLL): told, and not read as documents."""

from __future__ import annotations

import re
from collections import Counter

_TAG = re.compile(r"[BIESLUMO](-\S+)?|[A-Z][A-Z0-9$|:_=-]*|[.,:;!?()'\"`$#_-]{1,3}|\*+|\S*[(*)]\S*")
_LONGEST_WORDS = 40  # characters that a word may have, as a rule
_DOCUMENT_START = "-DOCSTART-"


def looks_like_conll(text: str) -> bool:
    """Whether most lines are a word and its tags, in sentences between blank lines.

    >>> looks_like_conll("Peter NN B-PER\\nsleeps VB O\\n. . O\\n\\nHe PR O\\nsnores VB O\\n")
    True
    >>> looks_like_conll("good\\tthe film\\n\\nbad\\tthe book\\n")
    False
    """
    lines = [line for line in text.splitlines() if not line.startswith(("# ", _DOCUMENT_START))]
    words = [line.split() for line in lines if line.strip()]
    n_sentences = sum(
        bool(line.strip()) and not before.strip() for before, line in zip(["", *lines], lines, strict=False)
    )
    if n_sentences < 2 or len(words) < 2 * n_sentences:
        return False
    width, alike = Counter(map(len, words)).most_common(1)[0]
    if width < 2 or alike < 0.9 * len(words):
        return False
    regular = [fields for fields in words if len(fields) == width]
    tagged = sum(_TAG.fullmatch(fields[-1]) is not None for fields in regular)
    short = sum(max(map(len, fields)) <= _LONGEST_WORDS for fields in regular)
    return tagged >= 0.9 * len(regular) and short >= 0.9 * len(regular)
