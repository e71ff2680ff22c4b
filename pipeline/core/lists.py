"""Names in a list that a person types, such as title,body; one that holds a comma stands in quotation marks."""

from __future__ import annotations

import re

_SPECIAL = re.compile(r"""[,;=]|\A['"]|\A\s|\s\Z|\A\Z""")


def names_and_marks(text: str, marks: str) -> list[tuple[str, str]]:
    r"""Return each name with the mark that ends it, "" for the last; blanks around a name are not part of it.

    Raises
    ------
    ValueError
        A quotation mark that opens a name and does not close right after it.

    >>> names_and_marks("'a, b', say \"hi\"=x", ",=")
    [('a, b', ','), ('say "hi"', '='), ('x', '')]
    """
    item = re.compile(
        rf"""\s*(?:"(?P<double>(?:[^"]|"")*)"|'(?P<single>(?:[^']|'')*)'|(?P<plain>(?!["'])[^{marks}]*?))"""
        rf"""\s*(?P<mark>[{marks}]|\Z)""",
        re.DOTALL,
    )
    found, place = [], 0
    while place <= len(text):
        match = item.match(text, place)
        if match is None:
            raise ValueError(
                f"the quotation mark at character {_quote_at(text, place)} encloses no whole name"
            )
        found.append((_name(match), match["mark"]))
        place = match.end() if match["mark"] else len(text) + 1
    return found


def _quote_at(text: str, place: int) -> int:
    """Return where the first quotation mark from `place` on stands, from 1."""
    return 1 + min(at for mark in "\"'" if (at := text.find(mark, place)) >= 0)


def _name(match: re.Match[str]) -> str:
    if match["double"] is not None:
        return match["double"].replace('""', '"')
    if match["single"] is not None:
        return match["single"].replace("''", "'")
    return match["plain"]


def names_in(text: str) -> list[str]:
    """Return the names between commas; what is empty is none. Marks that enclose no whole name are part of it.

    >>> names_in("title, 'a,b',"), names_in("'tis")
    (['title', 'a,b'], ["'tis"])
    """
    try:
        return [name for name, _ in names_and_marks(text, ",") if name]
    except ValueError:
        return [text]


def as_typed(name: str) -> str:
    """Return a name as a list takes it: in quotation marks where it needs them.

    >>> as_typed("pos"), as_typed("food, drink"), as_typed(" pos")
    ('pos', "'food, drink'", "' pos'")
    """
    return "'" + name.replace("'", "''") + "'" if _SPECIAL.search(name) else name
