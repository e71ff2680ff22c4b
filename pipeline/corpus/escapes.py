"""Line breaks and marks that a program wrote as code, such as `\\n`: undone where it is clear that they are some."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import polars as pl

from pipeline.core.errors import first_places
from pipeline.core.values import Writing

_BACKSLASH = "\\"
# What a backslash and a character stand for where a program wrote text as code.
ESCAPES = {
    r"\\": "\\",
    r"\r\n": "\n",
    r"\n": "\n",
    r"\r": "\n",
    r"\t": "\t",
    r"\"": '"',
    r"\'": "'",
}
_MEANT = r"""\\(?:[nrt"']|\\)"""  # a backslash that is one of these
_PAIR = r"\\\\"
_BREAKS = r"\\[nr]"
_CODE = r"\\u[0-9A-Fa-f]{4}"
_CLEAR = 0.95  # least share of the backslashes that are escapes: in paths and formulas any letter follows
_FEW = 3  # fewer escapes may mean something else
_ENDINGS = "bat|cfg|cpp|csv|dll|docx?|exe|html?|ini|jar|java|jpe?g|json|log|md|pdf|png|py|txt|xlsx?|xml|zip"
# Where a letter after a backslash begins a name: paths, and strings inside code.
_NAMES = (
    rf"\b[A-Za-z]:\\|(?:^|\s)\.\.?\\|%[A-Za-z]+%\\|\\[\w-]+\.(?:{_ENDINGS})\b"
    r"""|"[^"\\]*(?:\\[nrt])+"|[(=,]\s*'[^'\\]*(?:\\[nrt])+'"""
)
_BEFORE_WORD = r"\\([nrt][a-z]+)"
_SAMPLED = 5_000  # texts that tell which words there are
# Commands of LaTeX that begin with n, r or t; `\theta` is no tab before "heta".
_COMMANDS = """
    nabla natural ne nearrow neg neq newcommand newline nexists ngeq ni nleq nmid nobreak noindent nolimits
    nonumber norm not notin nsim nsubseteq nu nwarrow raggedright rangle rbrace rceil ref renewcommand rfloor rho
    right rightarrow rightharpoonup rm rule tabular tag tan tanh tau tbinom text textbf textit textrm textsc
    texttt textwidth tfrac therefore theta thinspace tilde times tiny title to today top triangle triangleq
""".split()  # noqa: SIM905 (words, not a column of strings)
_IN_FORMULA = re.compile(r"[$({=^_&+\-|<>*/]\s*\\([nrt][a-z]+)|\\([nrt][a-z]+)\s*[{_^($}]")


def without_escapes(texts: pl.Series) -> tuple[pl.Series, tuple[str, ...], Writing]:
    """Return the texts with what escapes stand for in their place, what was assumed or seen, and what was undone."""
    held = texts.str.contains(_BACKSLASH, literal=True)
    if not held.any():
        return texts, (), Writing()
    some = texts.filter(held)
    names = _names_after_backslashes(some, texts)
    meant = int(some.str.count_matches(_MEANT).sum()) - sum(names.values())
    stray = int(some.str.replace_all(_MEANT, "").str.count_matches(_BACKSLASH, literal=True).sum())
    breaks = int(some.str.contains(_BREAKS).sum())
    unclear = some.str.contains(_NAMES).any() or (breaks and texts.str.contains("\n", literal=True).any())
    if meant >= _FEW and meant >= _CLEAR * (meant + stray + sum(names.values())) and not unclear:
        note = (
            "a backslash with n, t or a quotation mark is read as what it stands for, in "
            f"{len(some):,} of {len(texts):,} texts; where it is meant as it is, write the backslash twice"
        )
        if names:
            note += f"; {first_places([_BACKSLASH + name for name in names])} are left as they are"
        writing = Writing(escapes=True, names=tuple(names))
        return undone(texts, writing.names), (note,), writing
    seen = ((breaks, r"\n", "a line break"), (int(some.str.contains(_CODE).sum()), r"\u00e9", "a letter"))
    told = (
        f"{count:,} of {len(texts):,} texts hold escapes such as {escape}, which may stand for {what}; left as they are"
        for count, escape, what in seen
        if count
    )
    return texts, tuple(told), Writing()


def undone(texts: pl.Series, names: Sequence[str]) -> pl.Series:
    """Return texts with what escapes stand for in their place; before `names` a backslash stands for itself.

    >>> undone(pl.Series(["a\\\\tb", "\\\\theta"]), ["theta"]).to_list()
    ['a\\tb', '\\\\theta']
    """
    doubled = _doubled(texts, names) if names else texts
    return doubled.str.replace_many([*ESCAPES], [*ESCAPES.values()], leftmost=True)


def _names_after_backslashes(some: pl.Series, texts: pl.Series) -> dict[str, int]:
    """Return the words that begin with the letter of an escape and are names, such as `theta`, with their counts.

    A command of LaTeX is one where what follows its first letter is no word of the texts, or a formula is around it;
    any other word where the texts hold it more often than what follows its first letter.
    """
    plain = some.str.replace_all(_PAIR, " ")
    found = plain.str.extract_all(_BEFORE_WORD).explode().drop_nulls()
    counts = {word[1:]: number for word, number in found.value_counts().iter_rows()}
    if not counts:
        return {}
    sample = texts.drop_nulls().head(_SAMPLED).to_list()
    words = Counter(word for text in sample for word in re.findall(r"(?<![\\\w])[a-z]+", text))
    formula = {word for text in plain.head(_SAMPLED) for pair in _IN_FORMULA.findall(text) for word in pair}

    def is_name(word: str) -> bool:
        if words[word] > words[word[1:]]:
            return True
        return word in _COMMANDS and (word in formula or not words[word[1:]])

    return {word: number for word, number in sorted(counts.items()) if is_name(word)}


def _doubled(texts: pl.Series, names: Sequence[str]) -> pl.Series:
    """Return the texts with the backslash before each of these names written twice, as one that stands for itself."""
    before_name = re.compile(rf"(?<!\\)((?:\\\\)*)\\(?=(?:{'|'.join(map(re.escape, names))})(?![a-z]))")
    written = [None if text is None else before_name.sub(r"\1\\\\", text) for text in texts.to_list()]
    return pl.Series(texts.name, written, dtype=pl.String)
